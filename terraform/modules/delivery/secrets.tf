# Channels that `notifications` of delivery.yaml name, and what each needs to know. A person puts
# the values into Secret Manager before the first apply: no value ever stands in a plan or state.

locals {
  notifications = flatten([for service in local.delivery.services : try(service.notifications, [])])

  channels = distinct(flatten([
    for row in local.notifications : [
      for kind in ["slack", "webhook", "email", "pagerduty"] : { kind = kind, name = row[kind] }
      if can(row[kind])
    ]
  ]))

  # Variable -> secret. One mail server sends all mail.
  secrets = {
    for variable in distinct([
      for channel in local.channels : channel.kind == "email" ? "SMTP_URL" : "${upper(channel.kind)}_${upper(replace(channel.name, "-", "_"))}"
    ]) : variable => "barq-${lower(replace(variable, "_", "-"))}"
  }
}

resource "google_secret_manager_secret_iam_member" "notify_reads" {
  for_each = local.secrets

  project   = var.project
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function["notify"].member
}
