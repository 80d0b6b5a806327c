output "url" {
  description = "Where the database is, without the password: DATABASE_URL. Known only when it can be connected to."
  value       = "postgresql://${google_sql_user.this.name}@${google_sql_database_instance.this.private_ip_address}:5432/${google_sql_database.this.name}?sslmode=require"
}

output "password_secret" {
  description = "Id of the secret that holds the user's password. Known only when it has a version."
  value       = google_secret_manager_secret.password.secret_id
  depends_on  = [google_secret_manager_secret_version.password]
}

output "database_id" {
  description = "Name of the instance in metrics: PROJECT:INSTANCE."
  value       = "${var.project}:${google_sql_database_instance.this.name}"
}

output "connections_max" {
  description = "Most connections at a time."
  value       = var.connections_max
}

output "instance" {
  description = "Name of the instance."
  value       = google_sql_database_instance.this.name
}
