mock_provider "google" {}
mock_provider "time" {}

variables {
  project  = "shop-delivery"
  region   = "europe-west1"
  services = { sweep = "barq-sweep" }
}

run "a_project_is_an_id" {
  command = plan
  variables {
    project = "Shop"
  }
  expect_failures = [var.project]
}

run "a_region_is_no_zone" {
  command = plan
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
}

run "there_is_a_sweeper_to_watch" {
  command = plan
  variables {
    services = { plan = "barq-plan" }
  }
  expect_failures = [var.services]
}

run "a_workflow_is_named_without_its_path" {
  command = plan
  variables {
    workflows = ["projects/p/locations/l/workflows/rollout"]
  }
  expect_failures = [var.workflows]
}

run "a_subscription_of_alerts_is_named_without_its_path" {
  command = plan
  variables {
    alert_subscription = "projects/p/subscriptions/barq-on-alert"
  }
  expect_failures = [var.alert_subscription]
}

run "a_subscription_of_dead_letters_is_named_without_its_path" {
  command = plan
  variables {
    dead_letter_subscription = "projects/p/subscriptions/barq-dead-letters"
  }
  expect_failures = [var.dead_letter_subscription]
}

run "documentation_is_a_link" {
  command = plan
  variables {
    documentation_url = "docs/"
  }
  expect_failures = [var.documentation_url]
}

run "a_label_has_small_letters" {
  command = plan
  variables {
    labels = { Team = "shop" }
  }
  expect_failures = [var.labels]
}
