# What no function would take goes to a topic whose own subscription keeps it for people.

resource "google_pubsub_subscription" "kept" {
  for_each = toset(local.description.kept)

  project = var.project
  name    = "barq-${each.key}"
  topic   = google_pubsub_topic.barq[each.key].id
  labels  = var.labels

  message_retention_duration = "604800s" # 7 days
  ack_deadline_seconds       = 10

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub moves a message itself: it publishes to the one and takes from the other.
# Source: https://cloud.google.com/pubsub/docs/dead-letter-topics#grant_forwarding_permissions
resource "google_pubsub_topic_iam_member" "dead_letters_arrive" {
  for_each = toset([for subscription in local.subscribed : subscription.dead_letter])

  project = var.project
  topic   = google_pubsub_topic.barq[each.key].name
  role    = "roles/pubsub.publisher"
  member  = local.agents.pubsub
}

resource "google_pubsub_subscription_iam_member" "dead_letters_leave" {
  for_each = google_pubsub_subscription.function

  project      = var.project
  subscription = each.value.name
  role         = "roles/pubsub.subscriber"
  member       = local.agents.pubsub
}
