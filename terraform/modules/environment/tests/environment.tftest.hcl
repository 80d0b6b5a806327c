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
    condition     = output.services.fleet.database == null && output.migrate_jobs == ""
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
    condition     = output.migrate_jobs == "barq-staging/europe-west1/fleet-migrate"
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

run "a_name_is_one_of_a_target" {
  command = plan

  variables {
    name = "Staging!"
  }

  expect_failures = [var.name]
}

run "an_environment_has_a_service" {
  command = plan

  variables {
    delivery = {
      services = {
        fleet = {
          image = "europe-west1-docker.pkg.dev/barq-build/fleet/app"
          targets = {
            production = { project = "barq-production", region = "europe-west1", service = "fleet" }
          }
        }
      }
    }
    services = {}
  }

  expect_failures = [var.delivery]
}

run "an_environment_is_one_project" {
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
            staging = { project = "shop-staging", region = "europe-west1", service = "shop" }
          }
        }
      }
    }
    services = { fleet = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = null
      }, shop = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = null
    } }
  }

  expect_failures = [var.delivery]
}

run "delivery_project_is_an_id" {
  command = plan

  variables {
    delivery_project = "Barq"
  }

  expect_failures = [var.delivery_project]
}

run "barq_is_not_installed_where_things_are_tried_out" {
  command = plan

  variables {
    delivery_project = "barq-staging"
  }

  expect_failures = [var.delivery_project]
}

run "settings_of_an_unknown_service_are_refused" {
  command = plan

  variables {
    services = { fleet = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = null
      }, fleeet = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = null
    } }
  }

  expect_failures = [var.services]
}

run "settings_of_a_service_elsewhere_are_refused" {
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
    services = { fleet = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = null
      }, shop = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = null
    } }
  }

  expect_failures = [var.services]
}

run "each_service_is_named" {
  command = plan

  variables {
    services = {}
  }

  expect_failures = [var.services]
}

run "all_instances_together_leave_connections" {
  command = plan

  variables {
    services = { fleet = {
      cpu = 2, memory = "2Gi", instances_min = 1, instances_max = 9, concurrency = 80, timeout_seconds = 300
      env = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = {
        tier             = "db-f1-micro", high_availability = false, disk_size_gb = 10, connections_max = 50, backups_kept = 7
        password_version = "1", migrator = true, maintenance = { day = 2, hour = 3, track = "stable" }
      }
    } }
    subnets = { europe-west1 = "10.10.0.0/24" }
  }

  expect_failures = [var.services]
}

run "the_pool_of_an_instance_counts" {
  command = plan

  variables {
    services = { fleet = {
      cpu = 2, memory = "2Gi", instances_min = 1, instances_max = 8, concurrency = 80, timeout_seconds = 300
      env = { DATABASE_POOL_MAX = "6" }, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = {}, database = {
        tier             = "db-f1-micro", high_availability = false, disk_size_gb = 10, connections_max = 50, backups_kept = 7
        password_version = "1", migrator = true, maintenance = { day = 2, hour = 3, track = "stable" }
      }
    } }
    subnets = { europe-west1 = "10.10.0.0/24" }
  }

  expect_failures = [var.services]
}

run "a_threshold_is_one_of_monitorings" {
  command = plan

  variables {
    services = { fleet = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = { latency_ms = 800 }, objectives = {}, database = null
    } }
  }

  expect_failures = [var.services]
}

run "an_objective_is_one_of_monitorings" {
  command = plan

  variables {
    services = { fleet = {
      cpu        = 2, memory = "2Gi", instances_min = 1, instances_max = 10, concurrency = 80, timeout_seconds = 300
      env        = {}, secrets = {}, secret_files = {}, invokers = [], domain = null, ssl_policy = null
      thresholds = {}, objectives = { availability = 0.99 }, database = null
    } }
  }

  expect_failures = [var.services]
}

run "a_database_has_a_subnet_in_its_region" {
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
    subnets = { europe-west4 = "10.10.0.0/24" }
  }

  expect_failures = [var.subnets]
}

run "a_label_is_lower_case" {
  command = plan

  variables {
    labels = { Team = "fleet" }
  }

  expect_failures = [var.labels]
}

run "barq_may_be_installed_beside_production" {
  command = plan

  variables {
    delivery_project = "barq-staging"
    apart            = false
  }
}
