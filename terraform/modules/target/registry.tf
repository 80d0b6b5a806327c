# Cloud Run pulls with its own account of this project. That Barq's accounts may read the image is granted once for all
# targets: environments/delivery. Source: https://cloud.google.com/run/docs/deploying#other-projects
locals {
  # europe-west1-docker.pkg.dev/barq-delivery/fleet/health-service: host, project, repository, image.
  repositories = {
    for repository in distinct([
      for service in values(var.services) : join("/", slice(split("/", service.image), 0, 3))
      ]) : repository => {
      location = trimsuffix(split("/", repository)[0], "-docker.pkg.dev")
      project  = split("/", repository)[1]
      name     = split("/", repository)[2]
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "cloud_run" {
  for_each = local.repositories

  project    = each.value.project
  location   = each.value.location
  repository = each.value.name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:service-${var.project_number}@serverless-robot-prod.iam.gserviceaccount.com"
}
