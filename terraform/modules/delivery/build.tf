# What builds the functions' images: an account of its own, which sees their source and writes one
# repository. The default is the project's Compute account, which may be an editor.
# Source: https://cloud.google.com/functions/docs/securing/build-custom-sa

resource "google_artifact_registry_repository" "functions" {
  #checkov:skip=CKV_GCP_84:Google's own keys. A key of one's own that is lost or disabled stops every delivery and every rollback
  project       = var.project
  location      = var.region
  repository_id = "barq-functions"
  description   = "Images of Barq's own functions, built by Cloud Run functions"
  format        = "DOCKER"
  labels        = var.labels

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "2592000s" # 30 days
    }
  }

  # What serves is among the newest: a function's image is pushed once for each deploy.
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 5
    }
  }

  depends_on = [time_sleep.apis]
}

resource "google_artifact_registry_repository_iam_member" "function_build_writes" {
  project    = var.project
  location   = google_artifact_registry_repository.functions.location
  repository = google_artifact_registry_repository.functions.repository_id
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.other["barq-function-build"].member
}

resource "google_storage_bucket_iam_member" "function_build_reads" {
  bucket = google_storage_bucket.functions.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.other["barq-function-build"].member
}

# Cloud Functions copies the source into a bucket of its own, which it makes at the first deploy:
# there is none yet to grant on, so the project's grant is held to that name.
resource "google_project_iam_member" "function_build_reads_copies" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.other["barq-function-build"].member

  condition {
    title       = "copies_of_function_sources"
    description = "Only the bucket that Cloud Functions keeps sources in"
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

resource "google_project_iam_member" "function_build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.other["barq-function-build"].member
}

# A grant is in force everywhere after a minute or two; a build that starts before it fails.
# Source: https://cloud.google.com/iam/docs/access-change-propagation
resource "time_sleep" "build_grants" {
  create_duration = "120s"

  # A channel that is added later is a new grant, and a new revision of `notify` that needs it.
  triggers = { secrets = join(",", values(local.secrets)) }

  depends_on = [
    google_artifact_registry_repository_iam_member.function_build_writes,
    google_project_iam_member.function_build_logs,
    google_project_iam_member.function_build_reads_copies,
    google_secret_manager_secret_iam_member.notify_reads,
    google_storage_bucket_iam_member.function_build_reads,
  ]
}
