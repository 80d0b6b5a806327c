output "project" {
  description = "Project of the environment."
  value       = module.environment.project
}

output "services" {
  description = "Of each service: its address, who it runs as, where the console shows it."
  value       = module.environment.services
}

output "migrate_jobs" {
  description = "For the build's _MIGRATE_JOBS."
  value       = module.environment.migrate_jobs
}

output "alert_channel" {
  description = "Name of the channel by which an alert of this project makes Barq roll back."
  value       = module.environment.alert_channel
}

output "consoles" {
  description = "Where the console shows dashboards, alerts and uptime checks."
  value       = module.environment.consoles
}
