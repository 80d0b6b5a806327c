mock_provider "google" {
  mock_data "google_secret_manager_secret_version" {
    defaults = { secret_data = "read from Secret Manager" }
  }
}

variables {
  project = "shop-production"
  name    = "shop"
}

run "everybody_is_told" {
  command = apply
  variables {
    channels = {
      email     = ["team@example.com", "lead@example.com"]
      slack     = { channel = "#deliveries", token_secret = "barq-slack-token", team = "Shop" }
      pagerduty = { key_secret = "barq-pagerduty-key" }
      critical  = ["projects/shop-production/notificationChannels/1"]
      warning   = ["projects/shop-production/notificationChannels/2"]
    }
  }
  assert {
    condition     = length(output.critical) == 3 && length(output.warning) == 3
    error_message = "Critical: PagerDuty, Slack and the one given. Warning: two addresses and the one given."
  }
  assert {
    condition     = google_monitoring_notification_channel.slack[0].sensitive_labels[0].auth_token == "read from Secret Manager"
    error_message = "Slack's token comes from Secret Manager."
  }
  assert {
    condition     = google_monitoring_notification_channel.pagerduty[0].sensitive_labels[0].service_key == "read from Secret Manager"
    error_message = "PagerDuty's key comes from Secret Manager."
  }
}

run "what_is_critical_goes_by_mail_where_nothing_else_is" {
  command = apply
  variables {
    channels = { email = ["team@example.com"] }
  }
  assert {
    condition     = output.critical == output.warning && length(output.critical) == 1
    error_message = "Nobody would be told."
  }
}

run "nobody_is_told_by_default" {
  command = apply
  assert {
    condition     = length(output.critical) == 0 && length(output.warning) == 0
    error_message = "There are channels that nobody asked for."
  }
}

run "an_address_has_an_at" {
  command = plan
  variables {
    channels = { email = ["team"] }
  }
  expect_failures = [var.channels]
}

run "a_slack_channel_begins_with_a_hash" {
  command = plan
  variables {
    channels = { slack = { channel = "deliveries", token_secret = "barq-slack-token" } }
  }
  expect_failures = [var.channels]
}

run "a_secret_is_named_not_given" {
  command = plan
  variables {
    channels = { pagerduty = { key_secret = "u+3x!" } }
  }
  expect_failures = [var.channels]
}

run "a_channel_made_elsewhere_has_its_full_name" {
  command = plan
  variables {
    channels = { critical = ["123"] }
  }
  expect_failures = [var.channels]
}
