resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.channels.email)
  project      = var.project
  display_name = "${var.name}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = var.labels
}
