# Which services an environment has, and each sentence that refuses a value.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloud_run_v2_service" {
    defaults        = { uri = "https://fleet-123456789012.europe-west1.run.app" }
    override_during = plan
  }
  mock_resource "google_monitoring_notification_channel" {
    defaults        = { name = "projects/barq-staging/notificationChannels/1" }
    override_during = plan
  }
}
mock_provider "random" {}
mock_provider "time" {}

# It is planned with the environments that use this module.
override_module {
  target = module.monitoring
}

variables {
  name = "staging"
  delivery = {
    services = {
      fleet = {
        image = "europe-west1-docker.pkg.dev/barq-build/fleet/app"
        targets = {
          staging    = { project = "barq-staging", region = "europe-west1", service = "fleet" }
          production = { project = "barq-production", region = "europe-west1", service = "fleet" }
        }
      }
    }
  }
  delivery_project = "barq-delivery"
  apart            = true
  drill            = true
  services = { fleet = {
    cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
    env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
    thresholds = {}, objectives = {}, database = null
  } }
  subnets             = {}
  channels            = { email = ["team@example.com"] }
  alerting            = true
  uptime_period       = "300s"
  deletion_protection = false
  labels              = { app = "barq" }
}

run "a_service_without_a_database_has_no_network" {
  command = plan

  assert {
    condition     = length(module.network) == 0 && length(module.database) == 0
    error_message = "Nothing is made that nobody needs."
  }
  assert {
    condition     = toset(keys(google_project_service.this)) == toset([for api in ["iam", "logging", "monitoring", "run", "secretmanager"] : "${api}.googleapis.com"])
    error_message = "Nothing is enabled that nobody needs."
  }
  assert {
    condition     = output.services.fleet.database == null && length(output.migrate_jobs) == 0
    error_message = "There is nothing to migrate."
  }
  assert {
    condition     = output.project == "barq-staging"
    error_message = "The project is the target's."
  }
  assert {
    condition     = output.services.fleet.console == "https://console.cloud.google.com/run/detail/europe-west1/fleet/revisions?project=barq-staging"
    error_message = "The console shows the service."
  }
}

run "a_service_with_a_database_has_its_own_and_one_network" {
  command = plan

  variables {
    services = { fleet = {
      cpu = 2, memory = "2Gi", instances_min = 1, instances_max = 8, concurrency = 80, timeout_seconds = 300
      env = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = {
        tier             = "db-f1-micro", high_availability = false, disk_size_gb = 10, connections_max = 50, backups_kept = 7
        password_version = "1", migrator = true, maintenance = { day = 2, hour = 3, track = "stable" }
      }
    } }
    subnets = { europe-west1 = "10.10.0.0/24" }
  }

  assert {
    condition     = keys(module.database) == ["fleet"] && length(module.network) == 1
    error_message = "A database, and a network to reach it by."
  }
  assert {
    condition     = contains(keys(google_project_service.this), "sqladmin.googleapis.com")
    error_message = "What it needs is enabled."
  }
  assert {
    condition     = output.migrate_jobs.fleet == "barq-staging/europe-west1/fleet-migrate"
    error_message = "The build is told which job migrates."
  }
}

run "a_service_without_this_target_is_not_here" {
  command = plan

  variables {
    delivery = {
      services = {
        fleet = {
          image = "europe-west1-docker.pkg.dev/barq-build/fleet/app"
          targets = {
            staging = { project = "barq-staging", region = "europe-west1", service = "fleet" }
          }
        }
        shop = {
          image = "europe-west1-docker.pkg.dev/barq-build/shop/app"
          targets = {
            production = { project = "barq-production", region = "europe-west1", service = "shop" }
          }
        }
      }
    }
  }

  assert {
    condition     = keys(output.services) == ["fleet"]
    error_message = "Each environment has the services of its own target."
  }
}
