resource "google_sql_database_instance" "this" {
  #checkov:skip=CKV_GCP_79:PostgreSQL 16 is what this module is for; a newer one is a migration of one's own.
  #checkov:skip=CKV_GCP_6:ENCRYPTED_ONLY refuses every connection in clear; client certificates would be one more secret to rotate.
  #checkov:skip=CKV_GCP_108:log_hostname asks DNS about every new connection, from addresses that have no name.
  #checkov:skip=CKV2_GCP_13:log_duration writes a line for every statement; query insights measures them all.
  project          = var.project
  region           = var.region
  name             = var.name
  database_version = "POSTGRES_16"

  # Of Terraform; `deletion_protection_enabled` below holds for everybody.
  deletion_protection = var.deletion_protection

  settings {
    tier = var.tier
    # From PostgreSQL 16 on the default is ENTERPRISE_PLUS, which has other machine types.
    # Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database_instance
    edition                     = "ENTERPRISE"
    availability_type           = var.high_availability ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.disk_size_gb
    disk_autoresize             = true
    deletion_protection_enabled = var.deletion_protection
    retain_backups_on_delete    = true
    # The service connects by private address, without the Auth Proxy or a connector library.
    connector_enforcement = "NOT_REQUIRED"
    user_labels           = var.labels

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network
      ssl_mode        = "ENCRYPTED_ONLY"
    }

    backup_configuration {
      enabled                        = true
      start_time                     = "02:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7

      backup_retention_settings {
        retained_backups = var.backups_kept
      }
    }

    insights_config {
      query_insights_enabled  = true
      query_string_length     = 1024
      record_application_tags = true
      record_client_address   = false
    }

    maintenance_window {
      day          = var.maintenance.day
      hour         = var.maintenance.hour
      update_track = var.maintenance.track
    }

    # What people look for in the log of a database. Source: https://cloud.google.com/sql/docs/postgres/flags
    database_flags {
      name  = "max_connections"
      value = tostring(var.connections_max)
    }
    database_flags {
      name  = "cloudsql.enable_pgaudit"
      value = "on"
    }
    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }
    database_flags {
      name  = "log_connections"
      value = "on"
    }
    database_flags {
      name  = "log_disconnections"
      value = "on"
    }
    database_flags {
      name  = "log_duration"
      value = "off"
    }
    database_flags {
      name  = "log_hostname"
      value = "off"
    }
    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }
    # Statements may hold what users wrote: query insights has them without values.
    database_flags {
      name  = "log_min_duration_statement"
      value = "-1"
    }
    database_flags {
      name  = "log_min_error_statement"
      value = "error"
    }
    database_flags {
      name  = "log_min_messages"
      value = "warning"
    }
    database_flags {
      name  = "log_statement"
      value = "ddl"
    }
    database_flags {
      name  = "log_temp_files"
      value = "0"
    }
  }

  lifecycle {
    # It grows by itself; the first size would be smaller than what is there.
    ignore_changes = [settings[0].disk_size]
  }
}

resource "google_sql_database" "this" {
  project  = var.project
  instance = google_sql_database_instance.this.name
  name     = local.sql_name
  # PostgreSQL refuses to drop a database that somebody is connected to, or a user who owns tables: both go with the
  # instance. Source: https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database
  deletion_policy = "ABANDON"
}
