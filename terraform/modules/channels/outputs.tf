output "critical" {
  description = "Names of the channels for what cannot wait: PagerDuty, Slack and those given. The e-mail's, where there are none."
  value       = length(local.paging) > 0 ? local.paging : local.mail
}

output "warning" {
  description = "Names of the channels for what can wait: e-mail and those given."
  value       = local.mail
}

locals {
  mail = tolist(concat([for one in google_monitoring_notification_channel.email : one.name], var.channels.warning))
  paging = tolist(concat(
    google_monitoring_notification_channel.pagerduty[*].name,
    google_monitoring_notification_channel.slack[*].name,
    var.channels.critical,
  ))
}
