data "google_secret_manager_secret_version" "pagerduty_key" {
  count   = var.channels.pagerduty == null ? 0 : 1
  project = var.project
  secret  = var.channels.pagerduty.key_secret
}

resource "google_monitoring_notification_channel" "pagerduty" {
  count        = var.channels.pagerduty == null ? 0 : 1
  project      = var.project
  display_name = "${var.name}: PagerDuty"
  type         = "pagerduty"
  user_labels  = var.labels
  force_delete = true

  sensitive_labels {
    service_key = data.google_secret_manager_secret_version.pagerduty_key[0].secret_data
  }
}
