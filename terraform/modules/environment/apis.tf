# By hand before the first apply: serviceusage and cloudresourcemanager, which enabling the others needs.
locals {
  apis = concat(
    [
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
    ],
    anytrue([for service in local.services : service.database != null || service.domain != null]) ? ["compute.googleapis.com"] : [],
    length(local.databases) > 0 ? ["servicenetworking.googleapis.com", "sqladmin.googleapis.com"] : [],
  )
}

resource "google_project_service" "this" {
  for_each = toset(local.apis)

  project = local.project
  service = each.key
  # Others in the project may use it.
  disable_on_destroy = false
}

# An API that was enabled a moment ago still answers 403 for a while.
# Source: https://cloud.google.com/service-usage/docs/enable-disable
resource "time_sleep" "apis" {
  create_duration = "60s"

  triggers = { apis = join(",", local.apis) }

  depends_on = [google_project_service.this]
}
