# The token is that of an app which may post to the channel. Google's own app gives one to whoever adds a Slack channel
# in the console; some workspaces take no other. Then make the channel there and name it in `channels.critical`.
# Source: https://github.com/hashicorp/terraform-provider-google/issues/11346
data "google_secret_manager_secret_version" "slack_token" {
  count   = var.channels.slack == null ? 0 : 1
  project = var.project
  secret  = var.channels.slack.token_secret
}

resource "google_monitoring_notification_channel" "slack" {
  count        = var.channels.slack == null ? 0 : 1
  project      = var.project
  display_name = "${var.name}: Slack ${var.channels.slack.channel}"
  type         = "slack"
  labels = merge(
    { channel_name = var.channels.slack.channel },
    var.channels.slack.team == null ? {} : { team = var.channels.slack.team },
  )
  user_labels  = var.labels
  force_delete = true

  sensitive_labels {
    auth_token = data.google_secret_manager_secret_version.slack_token[0].secret_data
  }
}
