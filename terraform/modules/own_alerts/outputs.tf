output "policies" {
  description = "Names of the alert policies, by what they signal."
  value = merge(
    { for key, policy in google_monitoring_alert_policy.threshold : key => policy.name },
    { sweeper-silent = google_monitoring_alert_policy.sweeper.name, person-must-act = google_monitoring_alert_policy.line.name },
  )
}

output "links" {
  description = "Where to look, in the console."
  value       = { alert_policies = "${local.console}/monitoring/alerting/policies?project=${var.project}" }
}
