locals {
  apis = [
    "artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler",
    "containeranalysis", "eventarc", "iam", "iamcredentials", "logging", "monitoring", "pubsub",
    "run", "secretmanager", "storage", "workflowexecutions", "workflows",
  ]
}

resource "google_project_service" "needed" {
  for_each = toset(local.apis)

  project = var.project
  service = "${each.key}.googleapis.com"
  # Others in the project may use them too.
  disable_on_destroy = false
}

# An API that was enabled a moment ago still refuses, and its service agent appears after it: a
# workflow or a trigger made at once fails with "service agent does not exist".
# Source: https://cloud.google.com/eventarc/standard/docs/issues
resource "time_sleep" "apis" {
  create_duration = "90s"
  triggers        = { apis = join(",", sort([for api in google_project_service.needed : api.service])) }
}

data "google_project" "this" {
  project_id = var.project
}

locals {
  # Google's own accounts, one of each service in a project.
  # Source: https://cloud.google.com/iam/docs/service-agents
  agents = {
    for name, domain in {
      build    = "gcp-sa-cloudbuild"
      eventarc = "gcp-sa-eventarc"
      pubsub   = "gcp-sa-pubsub"
      registry = "gcp-sa-artifactregistry"
    } : name => "serviceAccount:service-${data.google_project.this.number}@${domain}.iam.gserviceaccount.com"
  }
}
