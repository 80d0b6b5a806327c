# Monitoring refuses to delete a channel that a policy still names, and Terraform deletes one that is named here no longer
# before it changes the policies. With `force_delete`, here and beside, Monitoring takes it out of them.
# Source: https://github.com/hashicorp/terraform-provider-google/issues/10337
resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.channels.email)
  project      = var.project
  display_name = "${var.name}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = var.labels
  force_delete = true
}
