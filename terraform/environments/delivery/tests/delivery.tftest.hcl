# Registry, build and federation; and each sentence that refuses a value, all in one plan. What modules/delivery makes
# is tested there.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_iam_workload_identity_pool" {
    defaults        = { name = "projects/123456789012/locations/global/workloadIdentityPools/github" }
    override_during = plan
  }
}
mock_provider "archive" {}
mock_provider "time" {}

variables {
  project       = "barq-delivery"
  region        = "europe-west1"
  delivery_file = "tests/delivery.yaml"
}

run "by_default" {
  command = plan

  assert {
    condition     = toset(keys(module.registry)) == toset(["europe-west1-docker.pkg.dev/barq-delivery/fleet", "us-docker.pkg.dev/acme-images/orders"])
    error_message = "A repository for each that images lie in."
  }
  assert {
    condition     = length(google_artifact_registry_repository_iam_member.service_writers) == 16 && google_artifact_registry_repository_iam_member.service_writers["us-docker.pkg.dev/acme-images/orders/rollback"].project == "acme-images"
    error_message = "Whoever writes a service reads its image, wherever that lies."
  }
  assert {
    condition     = keys(google_project_service.registry) == ["acme-images"]
    error_message = "The API of a registry elsewhere is enabled there."
  }
  assert {
    condition     = length(google_cloudbuild_trigger.push) == 0 && length(google_iam_workload_identity_pool.github) == 0 && output.workload_identity_provider == null
    error_message = "Nothing builds or pushes before one says what."
  }
}

run "builds" {
  command = plan

  variables {
    builds = {
      fleet  = { connection = "github", url = "https://github.com/acme/Fleet.app.git", migrate_jobs = ["barq-staging/europe-west1/fleet-migrate", "barq-production/europe-west1/fleet-migrate"] }
      orders = { github = { owner = "acme", name = "orders" }, branch = "release/2.x", substitutions = { _SOURCE_URL = "https://code.example.com/orders" } }
    }
    github_actions = {
      orders = { repository_id = "42", branch = "release" }
    }
    registry = { create = false }
  }

  assert {
    condition     = google_cloudbuild_trigger.push["fleet"].substitutions == tomap({ _IMAGE = "europe-west1-docker.pkg.dev/barq-delivery/fleet/health-service", _MIGRATE_JOBS = "barq-staging/europe-west1/fleet-migrate barq-production/europe-west1/fleet-migrate", _SOURCE_URL = "https://github.com/acme/Fleet.app" })
    error_message = "What cloudbuild.yaml is told."
  }
  assert {
    condition     = google_cloudbuildv2_repository.source["https://github.com/acme/Fleet.app.git"].name == "acme-fleet-app" && google_cloudbuildv2_repository.source["https://github.com/acme/Fleet.app.git"].parent_connection == "projects/barq-delivery/locations/europe-west1/connections/github"
    error_message = "The repository below its connection."
  }
  assert {
    condition     = google_cloudbuild_trigger.push["fleet"].repository_event_config[0].push[0].branch == "^main$" && google_cloudbuild_trigger.push["orders"].github[0].push[0].branch == "^release/2\\.x$"
    error_message = "One branch, to the letter."
  }
  assert {
    condition     = google_cloudbuild_trigger.push["orders"].substitutions["_SOURCE_URL"] == "https://code.example.com/orders"
    error_message = "What one says oneself counts."
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.github["github"].attribute_condition == "(assertion.repository_id == '42' && assertion.ref == 'refs/heads/release')"
    error_message = "One repository, one branch."
  }
  assert {
    condition     = keys(google_project_service.tokens) == ["sts.googleapis.com"]
    error_message = "GitHub's token is exchanged by an API of its own."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.github_announces["orders"].member == "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/attribute.repository_id/42"
    error_message = "The repository itself is the member."
  }
  assert {
    condition     = length(module.registry) == 0 && length(google_artifact_registry_repository_iam_member.service_writers) == 16
    error_message = "Repositories made elsewhere are left alone, but for who reads them."
  }
}

run "no_file" {
  command = plan

  variables {
    delivery_file = "nowhere.yaml"
  }

  expect_failures = [var.delivery_file]
}

run "bad_values" {
  command = plan

  variables {
    builds         = { fleet = { connection = "github", url = "github.com/acme/fleet", branch = "^main$", migrate_jobs = ["fleet-migrate"] }, orders = {}, shop = {} }
    github_actions = { fleet = { repository_id = "acme/fleet" }, shop = { repository_id = "7" } }
  }

  expect_failures = [var.builds, var.github_actions]
}
