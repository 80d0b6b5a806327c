# What a service is by default, with everything, and each sentence that refuses a value.
mock_provider "google" {}
mock_provider "time" {}

variables {
  project     = "barq-staging"
  region      = "europe-west1"
  name        = "fleet"
  environment = "staging"
}

run "defaults" {
  command = plan

  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].image == "us-docker.pkg.dev/cloudrun/container/hello"
    error_message = "The first image is the placeholder that Barq knows."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].resources[0].limits == tomap({ cpu = "2", memory = "2Gi" })
    error_message = "2 CPUs, 2 GiB."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.scaling[0].min_instance_count == 1 && google_cloud_run_v2_service.this.scaling[0].max_instance_count == 10
    error_message = "1 to 10 instances, of all revisions together."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].scaling[0].max_instance_count == 10
    error_message = "A revision that has only a tag has its limit too."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].max_instance_request_concurrency == 80 && google_cloud_run_v2_service.this.template[0].timeout == "300s"
    error_message = "80 requests at a time, 300 seconds each."
  }
  assert {
    condition     = !google_cloud_run_v2_service.this.template[0].session_affinity
    error_message = "The share of a canary is the share that was set."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].containers[0].startup_probe[0].http_get[0].path == "/health/live" && google_cloud_run_v2_service.this.template[0].containers[0].liveness_probe[0].http_get[0].path == "/health/live"
    error_message = "Probes ask for the process, never for its database."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.ingress == "INGRESS_TRAFFIC_ALL"
    error_message = "Smoke tests reach the tag URL."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.deletion_protection
    error_message = "It is not deleted by accident."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.invokers) == 0 && !output.is_public
    error_message = "Nobody may call it."
  }
  assert {
    condition     = { for one in google_cloud_run_v2_service.this.template[0].containers[0].env : one.name => one.value } == { ENVIRONMENT = "staging", GOOGLE_CLOUD_PROJECT = "barq-staging", GOOGLE_CLOUD_REGION = "europe-west1" }
    error_message = "The environment is what health_service reads."
  }
  assert {
    condition     = length(google_cloud_run_v2_service.this.template[0].vpc_access) == 0 && length(google_cloud_run_v2_service.this.template[0].volumes) == 0
    error_message = "No network and no secret."
  }
  assert {
    condition     = google_service_account.runtime.account_id == "fleet-run"
    error_message = "An account of its own."
  }
  assert {
    condition     = output.migrate_job == null && output.domain_address == null && length(google_compute_global_address.domain) == 0
    error_message = "No job and no load balancer."
  }
}

run "with_a_database" {
  command = plan

  variables {
    network  = { network = "projects/p/global/networks/barq", subnetwork = "projects/p/regions/europe-west1/subnetworks/barq" }
    database = { url = "postgresql://fleet@10.0.0.3:5432/fleet?sslmode=require", password_secret = "fleet-database-password" }
    migrator = true
    secrets  = { API_KEY = "fleet-api-key" }
    secret_files = {
      "/secrets/mail/key.pem" = "fleet-mail-key"
    }
  }

  assert {
    condition     = [for one in google_cloud_run_v2_service.this.template[0].containers[0].env : one.value if one.name == "DATABASE_PASSWORD_FILE"] == ["/secrets/database/password"]
    error_message = "The password is read from a file, so that a new one needs no new revision."
  }
  assert {
    condition     = { for one in google_cloud_run_v2_service.this.template[0].containers[0].volume_mounts : one.mount_path => one.name } == { "/secrets/database" = "secrets-database", "/secrets/mail" = "secrets-mail" }
    error_message = "Each secret has a folder of its own."
  }
  assert {
    condition     = { for one in google_cloud_run_v2_service.this.template[0].volumes : one.name => "${one.secret[0].secret} ${one.secret[0].items[0].path} ${one.secret[0].items[0].version}" } == { "secrets-database" = "fleet-database-password password latest", "secrets-mail" = "fleet-mail-key key.pem latest" }
    error_message = "Each file holds the newest version."
  }
  assert {
    condition     = [for one in google_cloud_run_v2_service.this.template[0].containers[0].env : one.value_source[0].secret_key_ref[0].secret if one.name == "API_KEY"] == ["fleet-api-key"]
    error_message = "A variable holds a secret."
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret_iam_member.runtime)) == toset(["fleet-api-key", "fleet-database-password", "fleet-mail-key"])
    error_message = "The service reads its secrets and no others."
  }
  assert {
    condition     = time_sleep.grants[0].create_duration == "120s"
    error_message = "The grants are in force before the first revision."
  }
  assert {
    condition     = google_secret_manager_secret_iam_member.migrator[0].secret_id == "fleet-database-password"
    error_message = "The migrator reads the password alone."
  }
  assert {
    condition     = google_cloud_run_v2_service.this.template[0].vpc_access[0].egress == "PRIVATE_RANGES_ONLY"
    error_message = "Only what is private goes through the network."
  }
  assert {
    condition     = output.migrate_job.name == "fleet-migrate" && google_service_account.migrator[0].account_id == "fleet-migrate"
    error_message = "The job is named after the service, and so is its account."
  }
  assert {
    condition     = google_cloud_run_v2_job.migrator[0].template[0].template[0].containers[0].args == tolist(["-m", "health_service.migrate"]) && google_cloud_run_v2_job.migrator[0].template[0].template[0].max_retries == 0
    error_message = "It migrates, and a person decides whether again."
  }
  assert {
    condition     = { for one in google_cloud_run_v2_job.migrator[0].template[0].template[0].containers[0].env : one.name => one.value } == { for one in google_cloud_run_v2_service.this.template[0].containers[0].env : one.name => one.value if one.name != "API_KEY" }
    error_message = "The migrator finds the same database as the service."
  }
}

run "with_a_domain" {
  command = plan

  variables {
    domain     = "fleet.example.com"
    invokers   = ["allUsers"]
    ssl_policy = "projects/p/global/sslPolicies/modern"
  }

  assert {
    condition     = google_compute_managed_ssl_certificate.domain["this"].managed[0].domains == tolist(["fleet.example.com"])
    error_message = "The certificate is the domain's."
  }
  assert {
    condition     = google_compute_managed_ssl_certificate.domain["this"].name == "fleet-${substr(sha1("fleet.example.com"), 0, 8)}"
    error_message = "Another domain is another certificate."
  }
  assert {
    condition     = google_compute_global_forwarding_rule.domain["this"].port_range == "443"
    error_message = "It listens on 443."
  }
  assert {
    condition     = google_compute_target_https_proxy.domain["this"].ssl_policy == "projects/p/global/sslPolicies/modern"
    error_message = "Old versions of TLS can be refused."
  }
  assert {
    condition     = output.is_public && keys(google_cloud_run_v2_service_iam_member.invokers) == ["allUsers"]
    error_message = "It is public because someone wrote so."
  }
}

run "a_long_name_has_accounts" {
  command = plan

  variables {
    name     = "a-service-whose-name-has-forty-nine-characters-ok"
    migrator = true
    database = { url = "postgresql://fleet@10.0.0.3:5432/fleet", password_secret = "fleet-database-password" }
  }

  assert {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", google_service_account.runtime.account_id))
    error_message = "An account has 6 to 30 characters."
  }
  assert {
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", google_service_account.migrator[0].account_id))
    error_message = "An account has 6 to 30 characters."
  }
  assert {
    condition     = length(google_cloud_run_v2_job.migrator[0].name) <= 49
    error_message = "A job has a name of at most 49."
  }
}

run "project_is_an_id" {
  command = plan

  variables {
    project = "Barq Staging"
  }

  expect_failures = [var.project]
}

run "an_account_has_six_letters_even_where_the_service_has_one" {
  command = plan

  variables {
    name     = "a"
    database = { url = "postgresql://a@10.0.0.3:5432/a", password_secret = "a-database-password" }
    migrator = true
  }

  assert {
    condition     = google_service_account.runtime.account_id == "a-service-run" && google_service_account.migrator[0].account_id == "a-service-migrate" && output.migrate_job.name == "a-migrate"
    error_message = "An account's id has at least 6 characters."
  }
}

run "region_is_no_zone" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "a_name_has_forty_nine_characters" {
  command = plan

  variables {
    name = "a-service-whose-name-has-fifty-characters-is-no-ok"
  }

  expect_failures = [var.name]
}

run "an_invoker_is_a_member" {
  command = plan

  variables {
    invokers = ["drivers@example.com"]
  }

  expect_failures = [var.invokers]
}

run "a_variable_has_a_name" {
  command = plan

  variables {
    env = { "LOG-LEVEL" = "INFO" }
  }

  expect_failures = [var.env]
}

run "what_cloud_run_sets_is_left_out" {
  command = plan

  variables {
    env = { PORT = "80" }
  }

  expect_failures = [var.env]
}

run "what_this_module_sets_is_left_out" {
  command = plan

  variables {
    env = { DATABASE_URL = "postgresql://x@y/z" }
  }

  expect_failures = [var.env]
}

run "a_secret_is_an_id" {
  command = plan

  variables {
    secrets = { API_KEY = "projects/p/secrets/x" }
  }

  expect_failures = [var.secrets]
}

run "a_variable_is_either" {
  command = plan

  variables {
    secrets = { API_KEY = "x" }
    env     = { API_KEY = "y" }
  }

  expect_failures = [var.secrets]
}

run "a_file_is_in_a_folder" {
  command = plan

  variables {
    secret_files = { "/key" = "x" }
  }

  expect_failures = [var.secret_files]
}

run "a_folder_holds_one_secret" {
  command = plan

  variables {
    secret_files = { "/s/a" = "x", "/s/b" = "y" }
  }

  expect_failures = [var.secret_files]
}

run "the_folder_of_the_password_is_taken" {
  command = plan

  variables {
    secret_files = { "/secrets/database/b" = "y" }
  }

  expect_failures = [var.secret_files]
}

run "three_cpus_are_refused" {
  command = plan

  variables {
    cpu = 3
  }

  expect_failures = [var.cpu]
}

run "memory_has_a_unit" {
  command = plan

  variables {
    memory = "2048"
  }

  expect_failures = [var.memory]
}

run "an_instance_has_half_a_gibibyte" {
  command = plan

  variables {
    memory = "256Mi"
  }

  expect_failures = [var.memory]
}

run "two_cpus_take_eight_gibibytes" {
  command = plan

  variables {
    memory = "9Gi"
  }

  expect_failures = [var.memory]
}

run "eight_cpus_need_four_gibibytes" {
  command = plan

  variables {
    memory = "2Gi"
    cpu    = 8
  }

  expect_failures = [var.memory]
}

run "there_is_no_half_instance" {
  command = plan

  variables {
    instances_min = 0.5
  }

  expect_failures = [var.instances_min]
}

run "the_least_is_no_more_than_the_most" {
  command = plan

  variables {
    instances_min = 11
  }

  expect_failures = [var.instances_min]
}

run "there_is_an_instance" {
  command = plan

  variables {
    instances_max = 0
    instances_min = 0
  }

  expect_failures = [var.instances_max]
}

run "an_instance_takes_a_request" {
  command = plan

  variables {
    concurrency = 0
  }

  expect_failures = [var.concurrency]
}

run "a_request_takes_an_hour_at_most" {
  command = plan

  variables {
    timeout_seconds = 3601
  }

  expect_failures = [var.timeout_seconds]
}

run "a_migrator_has_a_database" {
  command = plan

  variables {
    migrator = true
  }

  expect_failures = [var.migrator]
}

run "a_domain_is_no_url" {
  command = plan

  variables {
    domain = "https://fleet.example.com"
  }

  expect_failures = [var.domain]
}
