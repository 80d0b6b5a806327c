# What is kept and who may push; and each sentence that refuses a value, all in one plan.
mock_provider "google" {}

variables {
  project  = "barq-delivery"
  location = "europe-west1"
  name     = "fleet"
}

run "what_is_kept" {
  command = plan

  variables {
    kept_images    = 20
    untouched_days = 30
    writers        = { build = "serviceAccount:barq-build@barq-delivery.iam.gserviceaccount.com" }
  }

  assert {
    condition = { for policy in google_artifact_registry_repository.images.cleanup_policies : policy.id => policy.action } == {
      delete-old  = "DELETE"
      keep-newest = "KEEP"
      keep-tagged = "KEEP"
    }
    error_message = "One deletes, two keep."
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.images.cleanup_policies : policy.condition[0].older_than if policy.id == "delete-old"]) == "2592000s"
    error_message = "Nothing younger than 30 days goes."
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.images.cleanup_policies : policy.most_recent_versions[0].keep_count if policy.id == "keep-newest"]) == 20
    error_message = "The newest 20 stay."
  }
  assert {
    condition     = one([for policy in google_artifact_registry_repository.images.cleanup_policies : policy.condition[0].tag_prefixes if policy.id == "keep-tagged"]) == tolist(["keep-"])
    error_message = "What is tagged so stays."
  }
  assert {
    condition     = google_artifact_registry_repository_iam_member.writer["build"].role == "roles/artifactregistry.writer" && length(google_artifact_registry_repository_iam_member.reader) == 0
    error_message = "Who may push."
  }
}

run "no_tag_keeps" {
  command = plan

  variables {
    kept_tag_prefixes = []
  }

  assert {
    condition     = length(google_artifact_registry_repository.images.cleanup_policies) == 2
    error_message = "A KEEP without prefixes would keep every tagged image."
  }
}

run "bad_values" {
  command = plan

  variables {
    project           = "Barq"
    location          = "europe-west1-b"
    name              = "Fleet"
    readers           = { everybody = "allUsers" }
    writers           = { everybody = "allAuthenticatedUsers" }
    kept_images       = 1
    kept_tag_prefixes = ["keep me"]
    untouched_days    = 1
    labels            = { App = "barq" }
  }

  expect_failures = [
    var.project,
    var.location,
    var.name,
    var.readers,
    var.writers,
    var.kept_images,
    var.kept_tag_prefixes,
    var.untouched_days,
    var.labels,
  ]
}
