module "channels" {
  source   = "../channels"
  project  = var.project
  name     = var.service
  labels   = var.labels
  channels = var.channels
}

locals {
  # What is critical also goes to Barq, which asks the request log whose fault it is before it moves traffic.
  critical_channels = concat(module.channels.critical, var.rollback_channel == null ? [] : [var.rollback_channel])

  # Arrive as `policy_user_labels`. Barq reads the first three where the resource does not say them, as for a URL.
  routing = { project_id = var.project, location = var.region, service_name = var.service }
}

resource "google_monitoring_alert_policy" "service" {
  for_each              = local.policies
  project               = var.project
  display_name          = "${var.service} (${var.region}): ${each.value.says}"
  combiner              = "OR"
  enabled               = var.alerting
  severity              = each.value.critical ? "CRITICAL" : "WARNING"
  notification_channels = each.value.critical ? local.critical_channels : module.channels.warning
  user_labels = merge(var.labels, local.routing, {
    signal = each.key
    action = each.value.critical && var.rollback_channel != null ? "rollback" : "notify"
  })

  conditions {
    display_name = each.value.says

    condition_threshold {
      filter             = each.value.filter
      denominator_filter = each.value.of
      comparison         = "COMPARISON_GT"
      threshold_value    = each.value.threshold
      duration           = "${each.value.seconds}s"
      # What has no requests any more, as a revision that was taken back, is no incident. Takes a duration.
      evaluation_missing_data = each.value.seconds > 0 ? "EVALUATION_MISSING_DATA_INACTIVE" : null

      aggregations {
        alignment_period     = "${each.value.alignment_seconds}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.by
      }

      dynamic "denominator_aggregations" {
        for_each = each.value.of == null ? [] : [each.value.of]
        content {
          alignment_period     = "${each.value.alignment_seconds}s"
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
          group_by_fields      = each.value.by
        }
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
    subject   = "${var.service} in ${var.project}: ${each.value.says}"
    mime_type = "text/markdown"
    content   = local.told[each.key]

    dynamic "links" {
      for_each = local.links
      content {
        display_name = links.key
        url          = links.value
      }
    }
  }

  # Monitoring refuses to delete a check that a policy asks about, and another host is another check: the policies go
  # first, and come back. Source: https://github.com/hashicorp/terraform-provider-google/issues/19789
  lifecycle {
    replace_triggered_by = [google_monitoring_uptime_check_config.live.uptime_check_id]
  }

  depends_on = [time_sleep.log_metric]
}
