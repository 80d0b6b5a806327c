resource "google_pubsub_topic" "barq" {
  for_each = toset(local.description.topics)

  project = var.project
  name    = "barq-${each.key}"
  labels  = var.labels

  depends_on = [time_sleep.apis]
}

# Functions tell what happened.
resource "google_pubsub_topic_iam_member" "function_tells" {
  for_each = toset([for name, function in local.functions : name if contains(function.env, "EVENTS_TOPIC")])

  project = var.project
  topic   = google_pubsub_topic.barq["events"].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.function[each.key].member
}

# Cloud Build tells of builds that name this topic in `options.pubsubTopic`.
# Source: https://cloud.google.com/build/docs/subscribe-build-notifications
resource "google_pubsub_topic_iam_member" "builds_are_told" {
  project = var.project
  topic   = google_pubsub_topic.barq["builds"].name
  role    = "roles/pubsub.publisher"
  member  = local.agents.build

  depends_on = [time_sleep.apis]
}
