# What the environment is made of by default. Its sentences are tested in modules/environment.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults        = { uri = "https://one-123456789012.europe-west1.run.app" }
    override_during = plan
  }
  mock_resource "google_monitoring_notification_channel" {
    defaults        = { name = "projects/barq-production/notificationChannels/1" }
    override_during = plan
  }
}
mock_provider "random" {}
mock_provider "time" {}

variables {
  # Not the repository's own, which is for its users to change.
  delivery_file    = "tests/delivery.yaml"
  delivery_project = "barq-delivery"
  services         = { fleet = { database = {} }, shop = {} }
  subnets          = { europe-west1 = "10.20.0.0/24" }
}

run "defaults" {
  command = plan

  assert {
    condition     = keys(output.services) == ["fleet", "shop"] && output.project == "barq-production"
    error_message = "What delivery.yaml has a target production for."
  }
  assert {
    condition     = var.services.fleet.instances_min == 2 && var.services.fleet.instances_max == 10
    error_message = "One instance may fail."
  }
  assert {
    condition     = var.services.fleet.database.tier == "db-custom-2-7680" && var.services.fleet.database.high_availability
    error_message = "A database with a standby."
  }
  assert {
    condition     = var.uptime_period == "60s" && var.deletion_protection
    error_message = "Asked every minute, and hard to take away."
  }
  assert {
    condition     = output.migrate_jobs == { fleet = "barq-production/europe-west1/fleet-migrate" }
    error_message = "What the build migrates by."
  }
}

run "the_file_is_there" {
  command = plan

  variables {
    delivery_file = "nowhere.yaml"
  }

  expect_failures = [var.delivery_file]
}
