# The sweeper runs each minute, so its silence is news. Counted are its good answers: one that only fails is silent too.
# Google looks for absence only where there was data once since the policy was made: the first minute of Barq's life.
# Source: https://cloud.google.com/monitoring/alerts/metric-absence
resource "google_monitoring_alert_policy" "sweeper" {
  project               = var.project
  display_name          = "Barq: the sweeper has been silent for 10 minutes"
  combiner              = "OR"
  enabled               = var.alerting
  severity              = "CRITICAL"
  notification_channels = module.channels.critical
  user_labels           = merge(var.labels, { signal = "sweeper-silent", action = "notify" })

  conditions {
    display_name = "no good answer of the sweeper"

    condition_absent {
      filter = join(" AND ", [
        "metric.type=\"run.googleapis.com/request_count\"",
        "resource.type=\"cloud_run_revision\"",
        "resource.labels.service_name=\"${var.services.sweep}\"",
        "resource.labels.location=\"${var.region}\"",
        "metric.labels.response_code_class=\"2xx\"",
      ])
      duration = "600s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }

      trigger {
        count = 1
      }
    }
  }

  alert_strategy {
    auto_close           = "1800s"
    notification_prompts = ["OPENED", "CLOSED"]
  }

  documentation {
    subject   = "Barq: the sweeper has been silent for 10 minutes"
    mime_type = "text/markdown"
    content   = local.told["sweeper-silent"]
  }
}
