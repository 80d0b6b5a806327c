output "alert_channel" {
  description = "Name of the notification channel that makes Barq roll back. Known only when its messages may arrive."
  value       = google_monitoring_notification_channel.rollback.name
  depends_on  = [google_pubsub_topic_iam_member.notification_agent]
}
