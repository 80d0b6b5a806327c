# What is made, and each sentence that refuses a value.
mock_provider "google" {}

variables {
  project = "barq-staging"
  name    = "barq"
  subnets = { europe-west1 = "10.10.0.0/24" }
}

run "defaults" {
  command = plan

  assert {
    condition     = google_compute_global_address.services.prefix_length == 20
    error_message = "The range of Google's services is a /20."
  }
  assert {
    condition     = !google_compute_network.this.auto_create_subnetworks
    error_message = "There is no subnet that nobody asked for."
  }
  assert {
    condition     = google_compute_subnetwork.this["europe-west1"].private_ip_google_access
    error_message = "What has no public address reaches Google's APIs."
  }
  assert {
    condition     = length(google_compute_subnetwork.this["europe-west1"].log_config) == 1
    error_message = "The subnet's flows are logged."
  }
  assert {
    condition     = one(google_compute_firewall.deny_ingress.deny).protocol == "all" && length(google_compute_firewall.deny_ingress.allow) == 0
    error_message = "Nothing connects into the network."
  }
  assert {
    condition     = google_compute_global_address.services.labels == tomap({ app = "barq" })
    error_message = "What takes labels has them."
  }
}

run "project_is_an_id" {
  command = plan

  variables {
    project = "Barq Staging"
  }

  expect_failures = [var.project]
}

run "name_is_short_enough_for_its_parts" {
  command = plan

  variables {
    name = "a-name-of-thirty-nine-characters-is-more"
  }

  expect_failures = [var.name]
}

run "a_subnet_is_large_enough" {
  command = plan

  variables {
    subnets = { europe-west1 = "10.10.0.0/27" }
  }

  expect_failures = [var.subnets]
}

run "a_subnet_begins_at_its_first_address" {
  command = plan

  variables {
    subnets = { europe-west1 = "10.10.0.5/24" }
  }

  expect_failures = [var.subnets]
}

run "a_subnet_is_a_range" {
  command = plan

  variables {
    subnets = { europe-west1 = "ten/24" }
  }

  expect_failures = [var.subnets]
}

run "there_is_a_subnet" {
  command = plan

  variables {
    subnets = {}
  }

  expect_failures = [var.subnets]
}

run "services_have_room" {
  command = plan

  variables {
    services_prefix_length = 25
  }

  expect_failures = [var.services_prefix_length]
}

run "the_longest_region_has_room_in_the_name_of_its_subnet" {
  command = plan

  variables {
    name    = "a-name-of-thirty-eight-characters-long"
    subnets = { northamerica-northeast1 = "10.10.0.0/26" }
  }

  assert {
    condition     = length(google_compute_subnetwork.this["northamerica-northeast1"].name) <= 63
    error_message = "A subnet's name has at most 63 characters."
  }
}
