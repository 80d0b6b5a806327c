output "links" {
  description = "Where to look, in the console."
  value = {
    main_dashboard       = "${local.console}/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.main.id)}?project=${var.project}"
    deployment_dashboard = "${local.console}/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.deployment.id)}?project=${var.project}"
    alert_policies       = "${local.console}/monitoring/alerting/policies?project=${var.project}"
    objectives           = "${local.console}/monitoring/services?project=${var.project}"
    uptime               = "${local.console}/monitoring/uptime?project=${var.project}"
  }
}

output "policies" {
  description = "Names of the eight alert policies, by their key; six without a database."
  value       = { for key, policy in google_monitoring_alert_policy.service : key => policy.name }
}
