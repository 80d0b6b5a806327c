output "project" {
  description = "Project of the environment."
  value       = module.environment.project
}

output "services" {
  description = "Of each service: its address, who it runs as, where the console shows it."
  value       = module.environment.services
}

output "migrate_jobs" {
  description = "PROJECT/REGION/JOB of each service that has a migrator, for `builds.NAME.migrate_jobs` of environments/delivery."
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
