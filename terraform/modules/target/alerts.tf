# Alerts of this project reach Barq on its one topic. The account that publishes them exists only once the project has
# a Pub/Sub channel, and is then not known everywhere at once.
# Source: https://cloud.google.com/monitoring/support/notification-options#pubsub
resource "google_monitoring_notification_channel" "rollback" {
  project      = var.project
  type         = "pubsub"
  display_name = "Barq: roll back"
  description  = "Tells Barq, which takes a canary back that an alert speaks against."
  user_labels  = var.labels

  labels = {
    topic = "projects/${var.delivery_project}/topics/barq-alerts"
  }
}

resource "time_sleep" "notification_agent" {
  create_duration = "60s"

  triggers = {
    channel = google_monitoring_notification_channel.rollback.name
  }
}

resource "google_pubsub_topic_iam_member" "notification_agent" {
  project = var.delivery_project
  topic   = "barq-alerts"
  role    = "roles/pubsub.publisher"
  member  = "serviceAccount:service-${var.project_number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com"

  depends_on = [time_sleep.notification_agent]
}
