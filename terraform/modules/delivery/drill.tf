# The monthly drill by the clock, if one wants it: docs/drill.md. An account of its own, because whoever may start one
# workflow may start each: Workflows has no policy on a single one.

locals {
  drill_clock = var.drill == null ? toset([]) : toset(["barq-drill-clock"])
}

resource "google_service_account" "drill_clock" {
  for_each = local.drill_clock

  project      = var.project
  account_id   = each.key
  display_name = "Barq: starts the drill by the clock"

  depends_on = [time_sleep.apis]
}

resource "google_project_iam_member" "drill_clock_starts" {
  for_each = local.drill_clock

  project = var.project
  role    = google_project_iam_custom_role.barq["barqStartsExecutions"].id
  member  = google_service_account.drill_clock[each.key].member
}

resource "google_cloud_scheduler_job" "drill" {
  for_each = local.drill_clock

  project     = var.project
  region      = var.region
  name        = "barq-drill"
  description = "Barq: a known-bad image to ${var.drill.service}/${var.drill.target}, and is it taken back?"
  schedule    = var.drill.schedule
  time_zone   = var.drill.time_zone

  # A drill that was begun twice would refuse the second time; one that was not begun is missed by nobody.
  retry_config {
    retry_count = 0
  }

  http_target {
    uri         = "https://workflowexecutions.googleapis.com/v1/${google_workflows_workflow.barq["drill"].id}/executions"
    http_method = "POST"
    headers     = { "Content-Type" = "application/json" }
    body = base64encode(jsonencode({
      argument = jsonencode({ service = var.drill.service, target = var.drill.target })
    }))

    oauth_token {
      service_account_email = google_service_account.drill_clock[each.key].email
    }
  }
}
