mock_provider "google" {}
mock_provider "time" {}

variables {
  project  = "shop-delivery"
  region   = "europe-west1"
  services = { sweep = "barq-sweep", on_alert = "barq-on-alert" }
  channels = {
    critical = ["projects/shop-delivery/notificationChannels/1"]
    warning  = ["projects/shop-delivery/notificationChannels/2"]
  }
}

run "six_policies_watch_barq" {
  command = plan
  assert {
    condition = toset(concat(keys(google_monitoring_alert_policy.threshold), [
      google_monitoring_alert_policy.sweeper.user_labels.signal, google_monitoring_alert_policy.line.user_labels.signal,
    ])) == toset(["execution-failed", "dead-letters", "alert-waiting", "function-answers", "sweeper-silent", "person-must-act"])
    error_message = "Another set of policies."
  }
  assert {
    condition = alltrue([
      for one in google_monitoring_alert_policy.threshold :
      one.notification_channels == tolist([one.severity == "CRITICAL" ? "projects/shop-delivery/notificationChannels/1" : "projects/shop-delivery/notificationChannels/2"])
    ])
    error_message = "A warning wakes somebody, or a critical one nobody."
  }
}

run "silence_is_ten_minutes_without_a_good_answer" {
  command = plan
  assert {
    condition     = google_monitoring_alert_policy.sweeper.conditions[0].condition_absent[0].duration == "600s"
    error_message = "Another time."
  }
  assert {
    condition     = strcontains(google_monitoring_alert_policy.sweeper.conditions[0].condition_absent[0].filter, "\"barq-sweep\"")
    error_message = "Another function."
  }
}

run "every_function_is_watched" {
  command = plan
  assert {
    condition     = strcontains(google_logging_metric.answers.filter, "(\"barq-on-alert\" OR \"barq-sweep\")")
    error_message = google_logging_metric.answers.filter
  }
}

run "all_can_be_switched_off" {
  command = plan
  variables {
    alerting = false
  }
  assert {
    condition = !anytrue(concat(
      [for one in google_monitoring_alert_policy.threshold : one.enabled],
      [google_monitoring_alert_policy.sweeper.enabled, google_monitoring_alert_policy.line.enabled],
    ))
    error_message = "A policy is enabled."
  }
}
