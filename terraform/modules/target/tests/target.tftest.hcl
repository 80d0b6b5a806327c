# Who may do what in a target's project: names and places of every grant, and each sentence that refuses a value.
# The permissions of each account are compared with its calls in tests/terraform.
mock_provider "google" {
  override_during = plan
  mock_resource "google_project_iam_custom_role" {
    defaults = { name = "projects/barq-staging/roles/one" }
  }
}
mock_provider "time" {}

variables {
  project          = "barq-staging"
  project_number   = "123456789012"
  delivery_project = "barq-delivery"
  services = {
    fleet = {
      region          = "europe-west1"
      service         = "fleet"
      runtime_account = "fleet-run@barq-staging.iam.gserviceaccount.com"
      image           = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service"
      is_public       = false
    }
  }
}

run "grants_of_a_private_service" {
  command = plan

  assert {
    condition     = toset(keys(google_cloud_run_v2_service_iam_member.writers)) == toset([for name in ["approve", "check-metrics", "deploy", "on-alert", "rollback", "shift-traffic", "sweep", "verify"] : "fleet/${name}"])
    error_message = "Who writes a service."
  }
  assert {
    condition     = toset(keys(google_service_account_iam_member.writers)) == toset(keys(google_cloud_run_v2_service_iam_member.writers))
    error_message = "Who writes a service acts as its account."
  }
  assert {
    condition     = toset(keys(google_cloud_run_v2_service_iam_member.readers)) == toset(["fleet/plan", "fleet/status"])
    error_message = "Who reads a service."
  }
  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.callers) == ["fleet/verify"] && google_cloud_run_v2_service_iam_member.callers["fleet/verify"].member == "serviceAccount:barq-verify@barq-delivery.iam.gserviceaccount.com"
    error_message = "Smoke tests may call it."
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.cloud_run["europe-west1-docker.pkg.dev/barq-build/fleet"].member == "serviceAccount:service-123456789012@serverless-robot-prod.iam.gserviceaccount.com"
    error_message = "Cloud Run of this project pulls."
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.cloud_run["europe-west1-docker.pkg.dev/barq-build/fleet"].project == "barq-build" && google_artifact_registry_repository_iam_member.cloud_run["europe-west1-docker.pkg.dev/barq-build/fleet"].location == "europe-west1" && google_artifact_registry_repository_iam_member.cloud_run["europe-west1-docker.pkg.dev/barq-build/fleet"].repository == "fleet"
    error_message = "The repository is the one that the image is in."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.notification_agent.member == "serviceAccount:service-123456789012@gcp-sa-monitoring-notification.iam.gserviceaccount.com" && google_pubsub_topic_iam_member.notification_agent.project == "barq-delivery"
    error_message = "This project's alerts reach Barq's topic."
  }
  assert {
    condition     = google_monitoring_notification_channel.rollback.labels.topic == "projects/barq-delivery/topics/barq-alerts"
    error_message = "The channel leads to the one topic."
  }
  assert {
    condition     = time_sleep.notification_agent.create_duration == "60s"
    error_message = "The account that publishes takes a while to appear."
  }
  assert {
    condition     = length(google_cloud_run_v2_job_iam_member.build) == 0 && length(google_service_account_iam_member.build) == 0
    error_message = "The build may do nothing where nothing is migrated."
  }
}

run "two_services_of_one_repository" {
  command = plan

  variables {
    services = {
      fleet = {
        region          = "europe-west1"
        service         = "fleet"
        runtime_account = "fleet-run@barq-staging.iam.gserviceaccount.com"
        image           = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service"
        is_public       = false
      }
      shop = {
        region          = "europe-west4"
        service         = "shop"
        runtime_account = "shop-run@barq-staging.iam.gserviceaccount.com"
        image           = "europe-west1-docker.pkg.dev/barq-build/fleet/parts/api"
        is_public       = false
      }
    }
  }

  assert {
    condition     = length(google_artifact_registry_repository_iam_member.cloud_run) == 1
    error_message = "The repository is granted once."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.writers) == 16 && google_cloud_run_v2_service_iam_member.writers["shop/sweep"].location == "europe-west4"
    error_message = "Each service is granted where it is."
  }
}

run "the_drill_calls_what_it_is_played_on" {
  command = plan

  variables {
    drill = true
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.callers) == ["fleet/drill", "fleet/verify"]
    error_message = "It calls the service as a user would."
  }
}

run "a_public_service_needs_no_invoker" {
  command = plan

  variables {
    services = {
      fleet = {
        region          = "europe-west1"
        service         = "fleet"
        runtime_account = "fleet-run@barq-staging.iam.gserviceaccount.com"
        image           = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service"
        is_public       = true
        migrate_job     = { name = "fleet-migrate", account = "fleet-migrate@barq-staging.iam.gserviceaccount.com" }
      }
    }
  }

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.callers) == 0
    error_message = "Anybody may call it."
  }
  assert {
    condition     = google_cloud_run_v2_job_iam_member.build["fleet"].name == "fleet-migrate" && google_cloud_run_v2_job_iam_member.build["fleet"].member == "serviceAccount:barq-build@barq-delivery.iam.gserviceaccount.com"
    error_message = "The build runs the migrator."
  }
  assert {
    condition     = google_service_account_iam_member.build["fleet"].service_account_id == "projects/barq-staging/serviceAccounts/fleet-migrate@barq-staging.iam.gserviceaccount.com"
    error_message = "It runs as the migrator's account, not as the service's."
  }
}

run "project_is_an_id" {
  command = plan

  variables {
    project = "Barq Staging"
  }

  expect_failures = [var.project]
}

run "a_number_is_no_id" {
  command = plan

  variables {
    project_number = "barq-staging"
  }

  expect_failures = [var.project_number]
}

run "delivery_project_is_an_id" {
  command = plan

  variables {
    delivery_project = ""
  }

  expect_failures = [var.delivery_project]
}

run "an_image_has_no_tag" {
  command = plan

  variables {
    services = { fleet = { region = "europe-west1", service = "fleet", runtime_account = "x", image = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service:v1", is_public = false } }
  }

  expect_failures = [var.services]
}

run "an_image_is_in_artifact_registry" {
  command = plan

  variables {
    services = { fleet = { region = "europe-west1", service = "fleet", runtime_account = "x", image = "docker.io/library/nginx", is_public = false } }
  }

  expect_failures = [var.services]
}
