# A repository for each that images of delivery.yaml lie in, in the project that the image names.

locals {
  # europe-west1-docker.pkg.dev/barq-delivery/fleet/health-service: host, project, repository, image.
  repository_of = { for name, service in local.delivery.services : name => join("/", slice(split("/", service.image), 0, 3)) }
  delivered_from = {
    for repository in distinct(values(local.repository_of)) : repository => {
      location = trimsuffix(split("/", repository)[0], "-docker.pkg.dev")
      project  = split("/", repository)[1]
      name     = split("/", repository)[2]
    }
  }
  repositories = { for repository, parts in local.delivered_from : repository => parts if var.registry.create }

  # Those that write services: modules/target/accounts.tf.
  service_writers = ["approve", "check-metrics", "deploy", "on-alert", "rollback", "shift-traffic", "sweep", "verify"]
}

resource "google_project_service" "registry" {
  for_each = toset([for repository in local.repositories : repository.project if repository.project != var.project])

  project            = each.key
  service            = "artifactregistry.googleapis.com"
  disable_on_destroy = false
}

module "registry" {
  source   = "../../modules/registry"
  for_each = local.repositories

  # The project comes by way of the API that must be enabled in it.
  project           = each.value.project == var.project ? module.delivery.project : google_project_service.registry[each.value.project].project
  location          = each.value.location
  name              = each.value.name
  kept_images       = var.registry.kept_images
  kept_tag_prefixes = var.registry.kept_tag_prefixes
  untouched_days    = var.registry.untouched_days
  cleanup_dry_run   = var.registry.cleanup_dry_run
  scan              = var.registry.scan
  readers           = var.registry.readers
  labels            = var.labels

  writers = merge(
    { build = "serviceAccount:${module.delivery.accounts["barq-build"]}" },
    { for name, member in local.github_members : "github-${name}" => member if local.repository_of[name] == each.key },
  )
}

# Cloud Run looks on every write of a service, a rollback too, whether whoever writes may read the image. Granted once,
# here: in each environment's own state, removing staging would take it from production.
# Source: https://cloud.google.com/run/docs/deploying#other-projects
resource "google_artifact_registry_repository_iam_member" "service_writers" {
  for_each = { for pair in setproduct(keys(local.delivered_from), local.service_writers) : join("/", pair) => pair }

  project    = local.delivered_from[each.value[0]].project
  location   = local.delivered_from[each.value[0]].location
  repository = local.delivered_from[each.value[0]].name
  role       = "roles/artifactregistry.reader"
  member     = "serviceAccount:${module.delivery.accounts["barq-${each.value[1]}"]}"

  depends_on = [module.registry]
}
