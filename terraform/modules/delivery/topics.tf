resource "google_pubsub_topic" "barq" {
  #checkov:skip=CKV_GCP_83:Google's own keys. A key of one's own that is lost or disabled stops every delivery and every rollback
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

# Its name is Google's own; it must be in the registry's project, which is then this one.
# Source: https://cloud.google.com/artifact-registry/docs/configure-notifications
resource "google_pubsub_topic" "registry" {
  #checkov:skip=CKV_GCP_83:Google's own keys. A key of one's own that is lost or disabled stops every delivery and every rollback
  for_each = toset([for trigger in local.registry_events : trigger.topic])

  project = var.project
  name    = each.key
  labels  = var.labels

  depends_on = [time_sleep.apis]

  lifecycle {
    precondition {
      condition     = alltrue([for image in local.told_by_registry : split("/", image)[1] == var.project])
      error_message = "registry_events is true for ${jsonencode(local.told_by_registry)}: must be images in Barq's own project, such as ${var.region}-docker.pkg.dev/${var.project}/fleet/health-service. Eventarc hears of no other project's topic."
    }
  }
}

resource "google_pubsub_topic_iam_member" "registry_tells" {
  for_each = google_pubsub_topic.registry

  project = var.project
  topic   = each.value.name
  role    = "roles/pubsub.publisher"
  member  = local.agents.registry
}
