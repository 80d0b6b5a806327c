resource "google_cloud_run_v2_service_iam_member" "readers" {
  for_each = local.service_readers

  project  = var.project
  location = var.services[each.value[0]].region
  name     = var.services[each.value[0]].service
  role     = local.role["barqReadsService"]
  member   = local.email[each.value[1]]
}

resource "google_cloud_run_v2_service_iam_member" "writers" {
  for_each = local.service_writers

  project  = var.project
  location = var.services[each.value[0]].region
  name     = var.services[each.value[0]].service
  role     = local.role["barqWritesService"]
  member   = local.email[each.value[1]]
}

resource "google_cloud_run_v2_service_iam_member" "revision_readers" {
  for_each = local.service_looks

  project  = var.project
  location = var.services[each.value[0]].region
  name     = var.services[each.value[0]].service
  role     = local.role["barqReadsRevisions"]
  member   = local.email[each.value[1]]
}

# Smoke tests need the right that users need, and so does the drill.
resource "google_cloud_run_v2_service_iam_member" "callers" {
  for_each = local.service_callers

  project  = var.project
  location = var.services[each.value[0]].region
  name     = var.services[each.value[0]].service
  role     = "roles/run.servicesInvoker"
  member   = local.email[each.value[1]]
}

# Every write of a service acts as the account that it runs as, also one that only moves traffic.
# Source: https://cloud.google.com/run/docs/securing/service-identity
resource "google_service_account_iam_member" "writers" {
  for_each = local.service_writers

  service_account_id = "projects/${var.project}/serviceAccounts/${var.services[each.value[0]].runtime_account}"
  role               = local.role["barqActsAs"]
  member             = local.email[each.value[1]]
}
