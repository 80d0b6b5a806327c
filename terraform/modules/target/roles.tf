# Google's own roles give more: roles/run.developer has 89 permissions, `delete` and `ssh` among them.
# Source: https://cloud.google.com/run/docs/reference/iam/roles
resource "google_project_iam_custom_role" "this" {
  for_each = {
    barqReadsService = {
      title       = "Barq: reads a service"
      permissions = ["run.services.get"]
    }
    barqWritesService = {
      title       = "Barq: deploys to a service, and moves its traffic"
      permissions = ["run.services.get", "run.services.update"]
    }
    barqReadsRevisions = {
      title       = "Barq: reads a service's revisions"
      permissions = ["run.revisions.get"]
    }
    barqActsAs = {
      title       = "Barq: deploys what runs as an account"
      permissions = ["iam.serviceAccounts.actAs"]
    }
    barqReadsMetrics = {
      title       = "Barq: reads metrics"
      permissions = ["monitoring.metricDescriptors.get", "monitoring.timeSeries.list"]
    }
    barqReadsLogs = {
      title       = "Barq: reads request logs"
      permissions = ["logging.logEntries.list"]
    }
    barqRunsMigrations = {
      title       = "Barq: runs a job with a new image"
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
