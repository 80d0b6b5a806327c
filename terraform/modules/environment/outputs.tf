locals {
  console = "https://console.cloud.google.com"
}

output "project" {
  description = "Project of the environment."
  value       = local.project
}

output "services" {
  description = "Of each service: its address, who it runs as, and where the console shows it, its dashboards and its alerts."
  value = {
    for name, service in local.services : name => {
      url             = module.service[name].uri
      runtime_account = module.service[name].runtime_account
      console         = "${local.console}/run/detail/${service.region}/${service.service}/revisions?project=${local.project}"
      logs            = "${local.console}/run/detail/${service.region}/${service.service}/logs?project=${local.project}"
      database        = service.database == null ? null : "${local.console}/sql/instances/${service.service}/overview?project=${local.project}"
      domain_address  = module.service[name].domain_address
      monitoring      = module.monitoring[name].links
    }
  }
}

output "migrate_jobs" {
  description = "PROJECT/REGION/JOB of each service that has a migrator, for `builds.NAME.migrate_jobs` of environments/delivery."
  value = {
    for name, service in local.services :
    name => "${local.project}/${service.region}/${module.service[name].migrate_job.name}" if try(service.database.migrator, false)
  }
}

output "alert_channel" {
  description = "Name of the channel by which an alert of this project makes Barq roll back."
  value       = module.target.alert_channel
}

output "consoles" {
  description = "Where the console shows dashboards, alerts and incidents."
  value = {
    dashboards = "${local.console}/monitoring/dashboards?project=${local.project}"
    alerts     = "${local.console}/monitoring/alerting?project=${local.project}"
    uptime     = "${local.console}/monitoring/uptime?project=${local.project}"
  }
}
