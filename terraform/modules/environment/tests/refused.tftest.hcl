# Each sentence that refuses a value. Nothing but variables and APIs is planned, for speed.
mock_provider "google" {}
mock_provider "random" {}
mock_provider "time" {}

override_module {
  target = module.network
}

override_module {
  target = module.database
}

override_module {
  target = module.service
}

override_module {
  target = module.target
}

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
