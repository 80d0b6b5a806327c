# What follows from a delivery.yaml with channels and from the lists of people, and each sentence that refuses a
# value. The whole plan is compared with the local cloud in tests/terraform/test_one_wiring.py.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "archive" {}
mock_provider "time" {}

variables {
  project       = "barq-delivery"
  region        = "europe-west1"
  delivery_file = "tests/delivery.yaml"
}

run "what_delivery_yaml_asks_for" {
  command = plan

  assert {
    condition     = toset([for name in keys(google_pubsub_subscription.function) : name if startswith(name, "barq-notify")]) == toset(["barq-notify-slack-team", "barq-notify-webhook-on-call", "barq-notify-email-release", "barq-notify-email-orders", "barq-notify-pagerduty-night"])
    error_message = "A subscription for each channel, whichever service names it."
  }
  assert {
    condition     = local.secrets == { SLACK_TEAM = "barq-slack-team", WEBHOOK_ON_CALL = "barq-webhook-on-call", PAGERDUTY_NIGHT = "barq-pagerduty-night", SMTP_URL = "barq-smtp-url" }
    error_message = "A secret for each variable; one mail server for all mail."
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret_iam_member.notify_reads)) == toset(keys(local.secrets))
    error_message = "notify reads what it gets, and nothing else."
  }
  assert {
    condition     = length(google_cloudfunctions2_function.barq["notify"].service_config[0].secret_environment_variables) == 4 && length(google_cloudfunctions2_function.barq["plan"].service_config[0].secret_environment_variables) == 0
    error_message = "Only notify gets secrets."
  }
  assert {
    condition     = google_pubsub_topic.registry["gcr"].name == "gcr" && google_eventarc_trigger.barq["barq-registry"].transport[0].pubsub[0].topic == "projects/barq-delivery/topics/gcr"
    error_message = "The registry's own topic, where one service wants it."
  }
}

run "nobody_by_default" {
  command = plan

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.person) == 0 && length(google_project_iam_member.operator) == 0
    error_message = "No person may do anything that nobody said."
  }
  assert {
    condition     = google_cloudfunctions2_function.barq["plan"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY" && google_cloudfunctions2_function.barq["approve"].service_config[0].ingress_settings == "ALLOW_ALL"
    error_message = "Only functions for people are reached from outside."
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.barq : !contains(keys(function.service_config[0].environment_variables), "IAP_AUDIENCE")])
    error_message = "No Identity-Aware Proxy unless one says so."
  }
  assert {
    condition     = google_storage_bucket.functions.force_destroy == false && google_workflows_workflow.barq["rollout"].deletion_protection
    error_message = "Protected."
  }
}

run "people" {
  command = plan

  variables {
    operators            = ["group:on-call@example.com"]
    approvers            = ["group:on-call@example.com", "user:chief@example.com"]
    viewers              = ["group:developers@example.com"]
    iap_audience         = "/projects/123456789/locations/europe-west1/services/barq-approve"
    urgent_instances_min = 1
    deletion_protection  = false
  }

  assert {
    condition = toset(keys(google_cloud_run_v2_service_iam_member.person)) == toset([
      "group:on-call@example.com calls approve",
      "group:on-call@example.com calls explain",
      "group:on-call@example.com calls rollback",
      "group:on-call@example.com calls status",
      "group:on-call@example.com calls sweep",
      "user:chief@example.com calls approve",
      "group:developers@example.com calls explain",
      "group:developers@example.com calls status",
    ])
    error_message = "Who calls what."
  }
  assert {
    condition     = toset([for grant in google_project_iam_member.operator : grant.role]) == toset(["roles/workflows.invoker", "roles/workflows.viewer"])
    error_message = "Operators start workflows."
  }
  assert {
    condition     = google_cloudfunctions2_function.barq["approve"].service_config[0].environment_variables.IAP_AUDIENCE == "/projects/123456789/locations/europe-west1/services/barq-approve"
    error_message = "approve is told of Identity-Aware Proxy."
  }
  assert {
    condition     = { for name, function in google_cloudfunctions2_function.barq : name => true if function.service_config[0].min_instance_count == 1 } == { rollback = true, on_alert = true }
    error_message = "The urgent ones are kept warm."
  }
  assert {
    condition     = google_storage_bucket.functions.force_destroy && !google_workflows_workflow.barq["drill"].deletion_protection
    error_message = "Easy to take away where one says so."
  }
}

run "registry_events_come_from_its_own_project" {
  command = plan

  variables {
    project = "barq-elsewhere"
  }

  expect_failures = [google_pubsub_topic.registry]
}

run "a_drill_by_the_clock" {
  command = plan

  variables {
    drill = { service = "fleet", target = "staging" }
  }

  assert {
    condition     = google_cloud_scheduler_job.drill["barq-drill-clock"].schedule == "0 9 1 * *" && jsondecode(jsondecode(base64decode(google_cloud_scheduler_job.drill["barq-drill-clock"].http_target[0].body)).argument) == { service = "fleet", target = "staging" }
    error_message = "On the first of each month, with the argument that the drill reads."
  }
  assert {
    condition     = google_cloud_scheduler_job.drill["barq-drill-clock"].retry_config[0].retry_count == 0
    error_message = "A drill is never begun twice."
  }
}
