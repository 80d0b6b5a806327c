# Lines with severity ERROR mean that a person must act: a page, traffic that is stuck, a webhook that takes nothing. What
# a function answered is counted elsewhere (`function-answers`). One line is enough, and seconds later somebody knows.
resource "google_monitoring_alert_policy" "line" {
  project               = var.project
  display_name          = "Barq: a person must act"
  combiner              = "OR"
  enabled               = var.alerting
  severity              = "CRITICAL"
  notification_channels = module.channels.critical
  user_labels           = merge(var.labels, { signal = "person-must-act", action = "notify" })

  conditions {
    display_name = "a line with severity ERROR"

    condition_matched_log {
      filter = join(" AND ", [
        local.of_functions,
        "logName=(\"projects/${var.project}/logs/run.googleapis.com%2Fstdout\" OR \"projects/${var.project}/logs/run.googleapis.com%2Fstderr\")",
        "severity>=ERROR",
        "NOT jsonPayload.event=~\"^request.\"",
      ])
      label_extractors = {
        event   = "EXTRACT(jsonPayload.event)"
        service = "EXTRACT(jsonPayload.service)"
        target  = "EXTRACT(jsonPayload.target)"
        rollout = "EXTRACT(jsonPayload.rollout)"
      }
    }
  }

  # Policies on lines tell of an opening only, and must say how often at most.
  alert_strategy {
    auto_close = "1800s"
    notification_rate_limit {
      period = "300s"
    }
  }

  documentation {
    subject   = "Barq: a person must act"
    mime_type = "text/markdown"
    content   = local.told["person-must-act"]
  }
}
