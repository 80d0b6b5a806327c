mock_provider "google" {}
mock_provider "time" {}

variables {
  project       = "shop-production"
  region        = "europe-west1"
  service       = "shop"
  host          = "shop-123456789012.europe-west1.run.app"
  instances_max = 10
}

run "a_project_of_a_domain_cannot_be_a_label" {
  command = plan
  variables {
    project = "example.com:shop"
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

run "a_service_has_small_letters" {
  command = plan
  variables {
    service = "Shop"
  }
  expect_failures = [var.service]
}

run "a_host_has_no_scheme" {
  command = plan
  variables {
    host = "https://shop-123456789012.europe-west1.run.app"
  }
  expect_failures = [var.host]
}

run "a_private_service_is_asked_at_its_own_host" {
  command = plan
  variables {
    host = "shop.example.com"
  }
  expect_failures = [var.host]
}

run "an_uptime_check_has_one_of_four_periods" {
  command = plan
  variables {
    uptime_period = "30s"
  }
  expect_failures = [var.uptime_period]
}

run "no_instance_is_none_to_watch" {
  command = plan
  variables {
    instances_max = 0
  }
  expect_failures = [var.instances_max]
}

run "a_database_is_named_with_its_project" {
  command = plan
  variables {
    database = { id = "shop", connections_max = 100 }
  }
  expect_failures = [var.database]
}

run "a_database_takes_connections" {
  command = plan
  variables {
    database = { id = "shop-production:shop", connections_max = 0 }
  }
  expect_failures = [var.database]
}

run "a_rollback_channel_has_its_full_name" {
  command = plan
  variables {
    rollback_channel = "9"
  }
  expect_failures = [var.rollback_channel]
}

run "a_percentage_is_no_ratio" {
  command = plan
  variables {
    thresholds = { error_ratio = 1 }
  }
  expect_failures = [var.thresholds]
}

run "a_threshold_is_above_zero" {
  command = plan
  variables {
    thresholds = { latency_p95_ms = 0 }
  }
  expect_failures = [var.thresholds]
}

run "nothing_is_promised_without_a_budget" {
  command = plan
  variables {
    objectives = { availability_ratio = 1 }
  }
  expect_failures = [var.objectives]
}

run "a_period_has_at_most_thirty_days" {
  command = plan
  variables {
    objectives = { rolling_days = 90 }
  }
  expect_failures = [var.objectives]
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
