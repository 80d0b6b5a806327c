# Google's own roles give more: roles/run.developer has 89 permissions, `delete` and `ssh` among them.
# Source: https://cloud.google.com/run/docs/reference/iam/roles
resource "google_project_iam_custom_role" "this" {
  for_each = {
    barqServiceReader = {
      title       = "Barq: read a service"
      permissions = ["run.services.get"]
    }
    barqServiceWriter = {
      title       = "Barq: move a service's traffic, and deploy to it"
      permissions = ["run.services.get", "run.services.update"]
    }
    barqRevisionReader = {
      title       = "Barq: read a service's revisions"
      permissions = ["run.revisions.get"]
    }
    barqActAs = {
      title       = "Barq: deploy what runs as an account"
      permissions = ["iam.serviceAccounts.actAs"]
    }
    barqSignalReader = {
      title       = "Barq: read metrics"
      permissions = ["monitoring.metricDescriptors.get", "monitoring.timeSeries.list"]
    }
    barqLogReader = {
      title       = "Barq: read request logs"
      permissions = ["logging.logEntries.list"]
    }
    barqMigrator = {
      title       = "Barq: run a job with a new image"
      permissions = ["run.executions.get", "run.jobs.get", "run.jobs.run", "run.jobs.update"]
    }
  }

  project     = var.project
  role_id     = each.key
  title       = each.value.title
  permissions = each.value.permissions
}

locals {
  role = { for id, role in google_project_iam_custom_role.this : id => role.name }
}
