# Whether the service answers at all, asked from outside. On a URL, because that is what users have: an incident of it
# names a host and no service, so the policy's user labels do (docs/concepts/alerts.md).
resource "google_monitoring_uptime_check_config" "live" {
  project            = var.project
  display_name       = "${var.service} (${var.region}) is alive"
  timeout            = "10s"
  period             = var.uptime_period
  log_check_failures = true
  user_labels        = var.labels

  monitored_resource {
    type   = "uptime_url"
    labels = { project_id = var.project, host = var.host }
  }

  http_check {
    path         = "/health/live"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    accepted_response_status_codes {
      status_class = "STATUS_CLASS_2XX"
    }

    dynamic "service_agent_authentication" {
      for_each = var.service_is_public ? [] : ["OIDC_TOKEN"]
      content {
        type = service_agent_authentication.value
      }
    }
  }

  content_matchers {
    content = "alive"
    matcher = "CONTAINS_STRING"
  }
}

data "google_project" "this" {
  count      = var.service_is_public ? 0 : 1
  project_id = var.project
}

# Monitoring's agent exists from the project's first Pub/Sub channel on, and a grant to one that does not exist is
# refused. Source: reference/gcp.md section 3.
resource "time_sleep" "agent" {
  count           = var.service_is_public ? 0 : 1
  create_duration = "30s"
  triggers = {
    channel = var.rollback_channel == null ? "none" : var.rollback_channel
    check   = google_monitoring_uptime_check_config.live.uptime_check_id
  }
}

resource "google_cloud_run_v2_service_iam_member" "uptime" {
  count    = var.service_is_public ? 0 : 1
  project  = var.project
  location = var.region
  name     = var.service
  role     = "roles/run.servicesInvoker"
  member   = "serviceAccount:service-${data.google_project.this[0].number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com"

  depends_on = [time_sleep.agent]
}
