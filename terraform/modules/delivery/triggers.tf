# Eventarc starts a workflow for each message of a topic. It acknowledges as soon as the execution
# has begun, so what follows is the workflow's own to repeat.

resource "google_eventarc_trigger" "barq" {
  for_each = { for trigger in local.triggers : trigger.name => trigger }

  project         = var.project
  location        = var.region
  name            = each.key
  service_account = google_service_account.other[each.value.account].email
  labels          = var.labels

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.pubsub.topic.v1.messagePublished"
  }

  destination {
    workflow = google_workflows_workflow.barq[each.value.workflow].id
  }

  transport {
    pubsub {
      topic = "projects/${var.project}/topics/${each.value.topic}"
    }
  }

  depends_on = [
    google_pubsub_topic.barq,
    google_pubsub_topic.registry,
    google_project_iam_member.eventarc_agent,
    google_project_iam_member.trigger_starts,
  ]
}

# Google grants it when the API is enabled, and takes it back in nobody's name: said here, so that
# a project where it was removed gets it again.
resource "google_project_iam_member" "eventarc_agent" {
  #checkov:skip=CKV_GCP_49:the member is Eventarc itself, and the role the one that Google grants it in every project
  project = var.project
  role    = "roles/eventarc.serviceAgent"
  member  = local.agents.eventarc

  depends_on = [time_sleep.apis]
}
