# What is made, and each sentence that refuses a value.
mock_provider "google" {
  mock_resource "google_secret_manager_secret" {
    defaults = { id = "projects/barq-staging/secrets/fleet-eu-database-password" }
  }
}
mock_provider "random" {}

variables {
  project = "barq-staging"
  region  = "europe-west1"
  name    = "fleet-eu"
  network = "projects/barq-staging/global/networks/barq"
}

run "defaults" {
  command = plan

  assert {
    condition     = google_sql_database_instance.this.database_version == "POSTGRES_16"
    error_message = "PostgreSQL 16."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].edition == "ENTERPRISE" && google_sql_database_instance.this.settings[0].tier == "db-custom-2-7680"
    error_message = "Two CPUs of its own, in the edition that has them."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].availability_type == "REGIONAL"
    error_message = "A standby in another zone."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].disk_size == 10
    error_message = "10 GB to begin with."
  }
  assert {
    condition     = !google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled
    error_message = "No public address."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    error_message = "Nothing in clear."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    error_message = "Any second can be restored."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].backup_configuration[0].backup_retention_settings[0].retained_backups == 14
    error_message = "14 daily backups."
  }
  assert {
    condition     = google_sql_database_instance.this.deletion_protection && google_sql_database_instance.this.settings[0].deletion_protection_enabled
    error_message = "Nobody deletes it by accident, by Terraform or otherwise."
  }
  assert {
    condition     = google_sql_database_instance.this.settings[0].maintenance_window[0].day == 2 && google_sql_database_instance.this.settings[0].maintenance_window[0].hour == 3 && google_sql_database_instance.this.settings[0].maintenance_window[0].update_track == "stable"
    error_message = "Maintenance on Tuesdays at 3."
  }
  assert {
    condition     = contains([for flag in google_sql_database_instance.this.settings[0].database_flags : "${flag.name}=${flag.value}"], "max_connections=100")
    error_message = "The limit that the alert counts against is the database's."
  }
  assert {
    condition     = output.connections_max == 100 && output.database_id == "barq-staging:fleet-eu"
    error_message = "What the alert is told."
  }
}

run "names_of_postgresql_need_no_quotes" {
  command = plan

  assert {
    condition     = google_sql_user.this.name == "fleet_eu" && google_sql_database.this.name == "fleet_eu"
    error_message = "A hyphen would have to be quoted in every statement."
  }
  assert {
    condition     = output.password_secret == "fleet-eu-database-password"
    error_message = "The secret is named after the instance."
  }
}

run "the_url_asks_for_tls_and_holds_no_password" {
  # The address is known after the apply alone.
  assert {
    condition     = can(regex("^postgresql://fleet_eu@[^:@]*:5432/fleet_eu[?]sslmode=require$", output.url))
    error_message = "DATABASE_URL names user, host and database, and asks for TLS."
  }
}

run "another_version_is_another_password" {
  command = plan

  variables {
    password_version = "2"
  }

  assert {
    condition     = random_password.user.keepers.version == "2"
    error_message = "The version keeps the password."
  }
}

run "project_is_an_id" {
  command = plan

  variables {
    project = "Barq Staging"
  }

  expect_failures = [var.project]
}

run "region_is_no_zone" {
  command = plan

  variables {
    region = "europe-west1-b"
  }

  expect_failures = [var.region]
}

run "name_is_lower_case" {
  command = plan

  variables {
    name = "Fleet"
  }

  expect_failures = [var.name]
}

run "tier_is_of_edition_enterprise" {
  command = plan

  variables {
    tier = "db-perf-optimized-N-2"
  }

  expect_failures = [var.tier]
}

run "three_cpus_are_refused" {
  command = plan

  variables {
    tier = "db-custom-3-7680"
  }

  expect_failures = [var.tier]
}

run "memory_is_a_multiple" {
  command = plan

  variables {
    tier = "db-custom-2-7700"
  }

  expect_failures = [var.tier]
}

run "memory_is_enough_to_begin_with" {
  command = plan

  variables {
    tier = "db-custom-1-3584"
  }

  expect_failures = [var.tier]
}

run "memory_is_enough_for_its_cpus" {
  command = plan

  variables {
    tier = "db-custom-8-7168"
  }

  expect_failures = [var.tier]
}

run "memory_is_not_too_much_for_its_cpus" {
  command = plan

  variables {
    tier = "db-custom-1-7680"
  }

  expect_failures = [var.tier]
}

run "a_disk_has_ten_gigabytes" {
  command = plan

  variables {
    disk_size_gb = 9
  }

  expect_failures = [var.disk_size_gb]
}

run "a_database_takes_connections" {
  command = plan

  variables {
    connections_max = 13
  }

  expect_failures = [var.connections_max]
}

run "backups_of_a_week_are_kept" {
  command = plan

  variables {
    backups_kept = 6
  }

  expect_failures = [var.backups_kept]
}

run "a_week_has_seven_days" {
  command = plan

  variables {
    maintenance = { day = 8 }
  }

  expect_failures = [var.maintenance]
}

run "a_track_is_one_of_googles" {
  command = plan

  variables {
    maintenance = { track = "fast" }
  }

  expect_failures = [var.maintenance]
}

run "db_f1_micro_is_a_tier" {
  command = plan

  variables {
    tier = "db-f1-micro"
  }
}

run "db_custom_1_3840_is_a_tier" {
  command = plan

  variables {
    tier = "db-custom-1-3840"
  }
}

run "db_custom_96_638976_is_a_tier" {
  command = plan

  variables {
    tier = "db-custom-96-638976"
  }
}
