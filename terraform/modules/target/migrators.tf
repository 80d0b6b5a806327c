# The one thing that the build may do with Cloud Run: run the job that migrates a database, with the image that it has
# built. It has to come before the image is announced, and whoever can build an image that is delivered can run its
# code here anyway.
locals {
  migrators = { for key, service in var.services : key => service if service.migrate_job != null }
}

resource "google_cloud_run_v2_job_iam_member" "build" {
  for_each = local.migrators

  project  = var.project
  location = each.value.region
  name     = each.value.migrate_job.name
  role     = local.role["barqRunsMigrations"]
  member   = local.email["build"]
}

resource "google_service_account_iam_member" "build" {
  for_each = local.migrators

  service_account_id = "projects/${var.project}/serviceAccounts/${each.value.migrate_job.account}"
  role               = local.role["barqActsAs"]
  member             = local.email["build"]
}
