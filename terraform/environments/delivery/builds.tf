# A push to a branch is built by cloudbuild.yaml, as barq-build. The build ends with a message on
# barq-builds, and that message is what is delivered; nothing here deploys.

locals {
  # One of Cloud Build's repositories for each that a build names, however many services are in it.
  sources = {
    for url in distinct([for build in values(var.builds) : build.url if build.url != null]) :
    url => {
      connection = [for build in values(var.builds) : build.connection if build.url == url][0]
      name       = lower(replace(trimsuffix(join("-", slice(split("/", url), length(split("/", url)) - 2, length(split("/", url)))), ".git"), "/[^A-Za-z0-9-]/", "-"))
    }
  }
}

resource "google_cloudbuildv2_repository" "source" {
  for_each = local.sources

  project           = module.delivery.project
  location          = var.region
  name              = each.value.name
  parent_connection = "projects/${var.project}/locations/${var.region}/connections/${each.value.connection}"
  remote_uri        = each.key
}

resource "google_cloudbuild_trigger" "push" {
  for_each = var.builds

  project            = module.delivery.project
  location           = var.region
  name               = "barq-${each.key}"
  description        = "Barq: builds what is delivered as ${each.key}"
  filename           = each.value.file
  included_files     = each.value.included_files
  service_account    = "projects/${var.project}/serviceAccounts/${module.delivery.accounts["barq-build"]}"
  include_build_logs = each.value.github == null ? null : "INCLUDE_BUILD_LOGS_WITH_STATUS"

  substitutions = merge(
    {
      _IMAGE        = local.delivery.services[each.key].image
      _MIGRATE_JOBS = join(" ", each.value.migrate_jobs)
      _SOURCE_URL   = each.value.github == null ? trimsuffix(each.value.url, ".git") : "https://github.com/${each.value.github.owner}/${each.value.github.name}"
    },
    each.value.substitutions,
  )

  dynamic "repository_event_config" {
    for_each = each.value.github == null ? [each.value.url] : []

    content {
      repository = google_cloudbuildv2_repository.source[repository_event_config.value].id

      push {
        branch = "^${replace(each.value.branch, ".", "\\.")}$"
      }
    }
  }

  dynamic "github" {
    for_each = each.value.github == null ? [] : [each.value.github]

    content {
      owner = github.value.owner
      name  = github.value.name

      push {
        branch = "^${replace(each.value.branch, ".", "\\.")}$"
      }
    }
  }
}

# What barq-build may do beside writing the registry. Targets grant it the jobs that migrate:
# modules/target. It publishes nothing: Cloud Build's own account announces builds.
resource "google_project_iam_member" "build_logs" {
  project = module.delivery.project
  role    = "roles/logging.logWriter"
  member  = "serviceAccount:${module.delivery.accounts["barq-build"]}"
}

# Builds by hand (gcloud builds submit) lay their source into a bucket that gcloud makes then, so
# there is none yet to grant on.
# Source: https://cloud.google.com/build/docs/build-config-file-schema#source
resource "google_project_iam_member" "build_reads_uploads" {
  project = module.delivery.project
  role    = "roles/storage.objectViewer"
  member  = "serviceAccount:${module.delivery.accounts["barq-build"]}"

  condition {
    title       = "sources_uploaded_by_gcloud"
    description = "Only the buckets that gcloud builds submit uploads to"
    expression  = "resource.name.startsWith(\"projects/_/buckets/${var.project}_cloudbuild/\") || resource.name.startsWith(\"projects/_/buckets/${var.project}_${var.region}_cloudbuild/\")"
  }
}
