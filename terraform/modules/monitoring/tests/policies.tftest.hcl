mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "time" {}

variables {
  project          = "shop-production"
  region           = "europe-west1"
  service          = "shop"
  host             = "shop-123456789012.europe-west1.run.app"
  instances_max    = 10
  database         = { id = "shop-production:shop", connections_max = 100 }
  rollback_channel = "projects/shop-production/notificationChannels/9"
  channels = {
    critical = ["projects/shop-production/notificationChannels/1"]
    warning  = ["projects/shop-production/notificationChannels/2"]
  }
}

run "barq_hears_what_is_critical_and_nothing_else" {
  command = plan
  assert {
    condition = toset([
      for key, one in google_monitoring_alert_policy.service : key
      if contains(one.notification_channels, var.rollback_channel)
    ]) == toset(["error-ratio", "unavailable"])
    error_message = "The rollback channel hears of others."
  }
  assert {
    condition = toset([
      for key, one in google_monitoring_alert_policy.service : key if one.user_labels.action == "rollback"
    ]) == toset(["error-ratio", "unavailable"])
    error_message = "The label `action` says something else than the channels do."
  }
  assert {
    condition = alltrue([
      for one in google_monitoring_alert_policy.service :
      one.notification_channels == tolist(["projects/shop-production/notificationChannels/2"]) if one.severity == "WARNING"
    ])
    error_message = "A warning wakes somebody."
  }
}

run "without_a_target_nobody_is_told_to_roll_back" {
  command = plan
  variables {
    rollback_channel = null
  }
  assert {
    condition     = alltrue([for one in google_monitoring_alert_policy.service : one.user_labels.action == "notify"])
    error_message = "A policy says rollback, and Barq does not hear of it."
  }
  assert {
    condition     = google_monitoring_alert_policy.service["error-ratio"].notification_channels == tolist(["projects/shop-production/notificationChannels/1"])
    error_message = "People are told of the error ratio."
  }
}

run "a_service_without_a_database_has_six" {
  command = plan
  variables {
    database = null
  }
  assert {
    condition     = length(google_monitoring_alert_policy.service) == 6
    error_message = "There are policies about no database."
  }
}

run "nothing_fires_before_the_first_delivery" {
  command = plan
  variables {
    alerting = false
  }
  assert {
    condition = !anytrue(concat(
      [for one in google_monitoring_alert_policy.service : one.enabled],
      [for one in google_monitoring_alert_policy.burn : one.enabled],
    ))
    error_message = "A policy is enabled."
  }
}

run "a_private_service_is_asked_with_a_token" {
  command = plan
  assert {
    condition     = google_monitoring_uptime_check_config.live.http_check[0].service_agent_authentication[0].type == "OIDC_TOKEN"
    error_message = "The check brings no token."
  }
  assert {
    condition     = google_cloud_run_v2_service_iam_member.uptime[0].member == "serviceAccount:service-123456789012@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
    error_message = "Another account may call the service."
  }
}

run "a_public_service_is_asked_without_one" {
  command = plan
  variables {
    service_is_public = true
    host              = "shop.example.com"
    uptime_period     = "300s"
  }
  assert {
    condition     = length(google_monitoring_uptime_check_config.live.http_check[0].service_agent_authentication) == 0
    error_message = "A token goes to a custom domain."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.uptime) == 0
    error_message = "A grant that nothing needs."
  }
}

run "a_threshold_is_where_one_puts_it" {
  command = plan
  variables {
    thresholds = { error_ratio = 0.02, startup_p95_ms = 4000 }
  }
  assert {
    condition     = google_monitoring_alert_policy.service["error-ratio"].conditions[0].condition_threshold[0].threshold_value == 0.02
    error_message = "The policy has another."
  }
  assert {
    condition     = google_monitoring_alert_policy.service["error-ratio"].display_name == "shop (europe-west1): error ratio above 2 %"
    error_message = "The name says ${google_monitoring_alert_policy.service["error-ratio"].display_name}."
  }
  assert {
    condition     = google_monitoring_alert_policy.service["startup"].conditions[0].display_name == "start-up latency above 4 s"
    error_message = "The name says ${google_monitoring_alert_policy.service["startup"].conditions[0].display_name}."
  }
}
