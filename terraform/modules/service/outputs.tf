output "name" {
  description = "Name of the service."
  value       = google_cloud_run_v2_service.this.name
}

output "uri" {
  description = "The service's own address."
  value       = google_cloud_run_v2_service.this.uri
}

output "runtime_account" {
  description = "Email of the account that the service runs as."
  value       = google_service_account.runtime.email
}

output "is_public" {
  description = "Whether anybody may call the service."
  value       = contains(var.invokers, "allUsers")
}

output "migrate_job" {
  description = "Name and account of the job that migrates the database; null if there is none."
  value = var.migrator ? {
    name    = google_cloud_run_v2_job.migrator[0].name
    account = google_service_account.migrator[0].email
  } : null
}

output "domain_address" {
  description = "Address that the A record of the domain must point to; null without a domain."
  value       = one([for address in google_compute_global_address.domain : address.address])
}
