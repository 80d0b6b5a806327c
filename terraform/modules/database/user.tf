# One user owns the tables and serves the requests: modules/database/README.md says why not two.
locals {
  # A name of PostgreSQL's that needs no quotes anywhere.
  sql_name = replace(var.name, "-", "_")
}

resource "random_password" "user" {
  # Letters and digits alone: it is read from a file, but people paste it into URLs.
  length  = 40
  special = false

  keepers = {
    version = var.password_version
  }
}

resource "google_sql_user" "this" {
  project         = var.project
  instance        = google_sql_database_instance.this.name
  name            = local.sql_name
  password        = random_password.user.result
  deletion_policy = "ABANDON"
}

resource "google_secret_manager_secret" "password" {
  project   = var.project
  secret_id = "${var.name}-database-password"
  labels    = var.labels

  replication {
    auto {}
  }
}

resource "google_secret_manager_secret_version" "password" {
  secret      = google_secret_manager_secret.password.id
  secret_data = random_password.user.result

  # The database takes the new password first: from then on to this version new connections fail, for seconds.
  # The other way round they would fail for as long as the change of the user takes.
  depends_on = [google_sql_user.this]

  lifecycle {
    # `latest` must never be without a version.
    create_before_destroy = true
  }
}
