module "channels" {
  source   = "../channels"
  project  = var.project
  name     = "Barq"
  labels   = var.labels
  channels = var.channels
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each              = local.policies
  project               = var.project
  display_name          = "Barq: ${each.value.says}"
  combiner              = "OR"
  enabled               = var.alerting
  severity              = each.value.critical ? "CRITICAL" : "WARNING"
  notification_channels = each.value.critical ? module.channels.critical : module.channels.warning
  user_labels           = merge(var.labels, { signal = each.key, action = "notify" })

  dynamic "conditions" {
    for_each = each.value.conditions
    content {
      display_name = conditions.key

      condition_threshold {
        filter                  = conditions.value.filter
        comparison              = "COMPARISON_GT"
        threshold_value         = conditions.value.threshold
        duration                = "${conditions.value.seconds}s"
        evaluation_missing_data = conditions.value.seconds > 0 ? "EVALUATION_MISSING_DATA_INACTIVE" : null

        aggregations {
          alignment_period     = "${conditions.value.alignment_seconds}s"
          per_series_aligner   = conditions.value.aligner
          cross_series_reducer = conditions.value.reducer
          group_by_fields      = conditions.value.by
        }

        trigger {
          count = 1
        }
      }
    }
  }

  alert_strategy {
    auto_close           = "1800s"
    notification_prompts = ["OPENED", "CLOSED"]
  }

  documentation {
    subject   = "Barq: ${each.value.says}"
    mime_type = "text/markdown"
    content   = local.told[each.key]
  }

  depends_on = [time_sleep.log_metric]
}
