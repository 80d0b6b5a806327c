# What the service promises its users, and how fast the promise is being used up.
# A burn rate of 1 uses the error budget up exactly by the end of the period.
resource "google_monitoring_custom_service" "this" {
  project      = var.project
  service_id   = trimsuffix(substr("${var.service}-${var.region}", 0, 63), "-") # As long as Monitoring takes.
  display_name = "${var.service} (${var.region})"
  user_labels  = var.labels

  telemetry {
    resource_name = "//run.googleapis.com/projects/${var.project}/locations/${var.region}/services/${var.service}"
  }
}

resource "google_monitoring_slo" "availability" {
  project             = var.project
  service             = google_monitoring_custom_service.this.service_id
  slo_id              = "availability"
  display_name        = "${local.objective.availability} of requests without a server error"
  goal                = var.objectives.availability_ratio
  rolling_period_days = var.objectives.rolling_days
  user_labels         = var.labels

  request_based_sli {
    good_total_ratio {
      good_service_filter  = local.succeeded
      total_service_filter = local.run.requests
    }
  }
}

resource "google_monitoring_slo" "latency" {
  project             = var.project
  service             = google_monitoring_custom_service.this.service_id
  slo_id              = "latency"
  display_name        = "${local.objective.latency} of requests within ${var.thresholds.latency_p95_ms} ms"
  goal                = var.objectives.latency_ratio
  rolling_period_days = var.objectives.rolling_days
  user_labels         = var.labels

  request_based_sli {
    distribution_cut {
      distribution_filter = local.run.latencies

      range {
        max = var.thresholds.latency_p95_ms
      }
    }
  }
}

locals {
  objective = {
    availability = "${floor(10000 * var.objectives.availability_ratio + 0.5) / 100} %"
    latency      = "${floor(10000 * var.objectives.latency_ratio + 0.5) / 100} %"
  }

  # Google's own pair: an hour at 10 times the rate, a day at twice.
  # Source: https://cloud.google.com/stackdriver/docs/solutions/slo-monitoring/alerting-on-budget-burn-rate
  burns = {
    burn-fast         = { slo = google_monitoring_slo.availability, says = "availability: error budget burns 10 times too fast", lookback = "3600s", rate = 10, critical = true }
    burn-slow         = { slo = google_monitoring_slo.availability, says = "availability: error budget burns twice too fast", lookback = "86400s", rate = 2, critical = false }
    burn-latency-slow = { slo = google_monitoring_slo.latency, says = "latency: error budget burns twice too fast", lookback = "86400s", rate = 2, critical = false }
  }
}

# People alone hear of these: an hour or a day accuses no revision.
resource "google_monitoring_alert_policy" "burn" {
  for_each              = local.burns
  project               = var.project
  display_name          = "${var.service} (${var.region}): ${each.value.says}"
  combiner              = "OR"
  enabled               = var.alerting
  severity              = each.value.critical ? "CRITICAL" : "WARNING"
  notification_channels = each.value.critical ? module.channels.critical : module.channels.warning
  user_labels           = merge(var.labels, local.routing, { signal = each.key, action = "notify" })

  conditions {
    display_name = each.value.says

    condition_threshold {
      filter          = "select_slo_burn_rate(\"${each.value.slo.name}\", \"${each.value.lookback}\")"
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.rate
      duration        = "0s"

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
}
