# Where the images of one service are. An image that serves must never be cleaned up: Cloud Run
# keeps what a revision runs, but a rollback looks the image up in the registry and fails without it.
# Source: reference/gcp.md, section 0, finding 5

resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google's own keys. A key of one's own that is lost or disabled stops every delivery and every rollback
  project                = var.project
  location               = var.location
  repository_id          = var.name
  description            = "Images that Barq delivers"
  format                 = "DOCKER"
  labels                 = var.labels
  cleanup_policy_dry_run = var.cleanup_dry_run

  # Without docker_config.immutable_tags: tags may move and be deleted. Barq delivers by digest, so a
  # moved tag changes nothing that serves; and a tag that can never be deleted keeps its version for
  # ever, so nothing could be cleaned up. The block itself stays away: empty, as `false` leaves it, it
  # is a difference at every plan if the registry does not repeat it.
  # Source: https://cloud.google.com/artifact-registry/docs/docker/names#versions
  # A version that any KEEP names stays, whatever DELETE says.
  # Source: https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"

    condition {
      tag_state  = "ANY"
      older_than = "${var.untouched_days * 86400}s"
    }
  }

  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = var.kept_images
    }
  }

  dynamic "cleanup_policies" {
    for_each = length(var.kept_tag_prefixes) > 0 ? ["keep-tagged"] : []

    content {
      id     = cleanup_policies.value
      action = "KEEP"

      condition {
        tag_state    = "TAGGED"
        tag_prefixes = var.kept_tag_prefixes
      }
    }
  }

  vulnerability_scanning_config {
    enablement_config = var.scan ? "INHERITED" : "DISABLED"
  }
}

resource "google_artifact_registry_repository_iam_member" "reader" {
  for_each = var.readers

  project    = var.project
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.repository_id
  role       = "roles/artifactregistry.reader"
  member     = each.value
}

resource "google_artifact_registry_repository_iam_member" "writer" {
  for_each = var.writers

  project    = var.project
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.repository_id
  role       = "roles/artifactregistry.writer"
  member     = each.value
}
