# The identities that service and migrator run as. They have no role in the project: what they may do is granted on
# the one thing that it is about, here their secrets.
locals {
  # An account's id has 6 to 30 characters, a job's name up to 49 as a service's has.
  short = (
    length(var.name) == 1 ? "${var.name}-service" :
    length(var.name) <= 22 ? var.name : "${substr(var.name, 0, 17)}-${substr(sha1(var.name), 0, 4)}"
  )

  job = "${length(var.name) <= 41 ? var.name : local.short}-migrate"

  password_files = var.database == null ? {} : { (local.password_file) = var.database.password_secret }
  files          = merge(var.secret_files, local.password_files)
  secrets_used   = toset(concat(values(var.secrets), values(local.files)))
}

resource "google_service_account" "runtime" {
  project      = var.project
  account_id   = "${local.short}-run"
  display_name = "Cloud Run service ${var.name}"
}

resource "google_secret_manager_secret_iam_member" "runtime" {
  for_each = local.secrets_used

  project   = var.project
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.runtime.email}"
}

resource "google_service_account" "migrator" {
  count = var.migrator ? 1 : 0

  project      = var.project
  account_id   = "${local.short}-migrate"
  display_name = "Cloud Run job ${local.job}"
}

resource "google_secret_manager_secret_iam_member" "migrator" {
  count = var.migrator ? 1 : 0

  project   = var.project
  secret_id = var.database.password_secret
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.migrator[0].email}"
}

# A grant is in force everywhere only after a minute or two, and a revision that may not read its secrets is a failed
# apply. Source: https://cloud.google.com/iam/docs/access-change-propagation
resource "time_sleep" "grants" {
  count = length(local.secrets_used) > 0 ? 1 : 0

  create_duration = "120s"

  triggers = {
    secrets  = join(",", local.secrets_used)
    migrator = tostring(var.migrator)
  }

  depends_on = [
    google_secret_manager_secret_iam_member.migrator,
    google_secret_manager_secret_iam_member.runtime,
  ]
}
