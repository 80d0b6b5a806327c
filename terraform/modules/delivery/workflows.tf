locals {
  # The same as the local cloud gives: local_cloud/installing.py.
  workflow_variables = {
    for name, calls in local.calls : name => {
      BARQ_FUNCTIONS       = jsonencode({ for function in calls : function => google_cloudfunctions2_function.barq[function].service_config[0].uri })
      BUILDS_TOPIC         = google_pubsub_topic.barq["builds"].id
      CLOUD_BUILD_ENDPOINT = "https://cloudbuild.googleapis.com"
    }
  }
}

resource "google_workflows_workflow" "barq" {
  for_each = local.description.workflows

  project         = var.project
  region          = var.region
  name            = each.key
  description     = "Barq: ${each.value.source}"
  service_account = google_service_account.other[each.value.account].id
  source_contents = file("${local.repository}/${each.value.source}")
  user_env_vars   = { for variable in each.value.env : variable => local.workflow_variables[each.key][variable] }
  labels          = var.labels

  call_log_level      = "LOG_ERRORS_ONLY"
  deletion_protection = var.deletion_protection

  depends_on = [time_sleep.apis]
}

# A workflow logs as its own account: the errors of its calls.
# Source: https://cloud.google.com/workflows/docs/log-workflow#access-control
resource "google_project_iam_member" "workflow_logs" {
  for_each = toset([for workflow in local.description.workflows : workflow.account])

  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.other[each.key].member
}
