locals {
  password_file = "/secrets/database/password"

  # What every image of this service finds, and so does its migrator.
  base_env = merge(
    {
      ENVIRONMENT          = var.environment
      GOOGLE_CLOUD_PROJECT = var.project
      GOOGLE_CLOUD_REGION  = var.region
    },
    var.database == null ? {} : {
      DATABASE_URL = var.database.url
      # A file is read again for each connection: a new password needs no new revision.
      DATABASE_PASSWORD_FILE = local.password_file
    },
  )
}

# Terraform makes this service and then leaves image, settings and traffic to Barq. modules/service/README.md says
# what a later apply still changes, and why none should run during a rollout.
resource "google_cloud_run_v2_service" "this" {
  project  = var.project
  location = var.region
  name     = var.name
  labels   = var.labels

  # Barq's smoke test calls the tag URL from outside of the network.
  ingress             = "INGRESS_TRAFFIC_ALL"
  deletion_protection = var.deletion_protection

  # Of the service, not of the revision: a revision's own minimum would be started, and paid, for every tag.
  # Source: https://cloud.google.com/run/docs/configuring/min-instances
  scaling {
    min_instance_count = var.instances_min
    max_instance_count = var.instances_max
  }

  template {
    labels                           = var.labels
    service_account                  = google_service_account.runtime.email
    timeout                          = "${var.timeout_seconds}s"
    max_instance_request_concurrency = var.concurrency
    # It would keep users on a revision, and the canary's share would not be what was set.
    session_affinity = false

    # A tagged revision outside the split is not counted in the service's maximum.
    scaling {
      max_instance_count = var.instances_max
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        limits            = { cpu = tostring(var.cpu), memory = var.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      # Whether the process answers, and nothing about its database: health_service/README.md, Routes.
      startup_probe {
        period_seconds    = 5
        timeout_seconds   = 3
        failure_threshold = 24

        http_get {
          path = "/health/live"
        }
      }
      liveness_probe {
        period_seconds    = 30
        timeout_seconds   = 5
        failure_threshold = 3

        http_get {
          path = "/health/live"
        }
      }

      dynamic "env" {
        for_each = merge(local.base_env, var.env)

        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = var.secrets

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = env.value
              version = "latest"
            }
          }
        }
      }
      dynamic "volume_mounts" {
        for_each = local.files

        content {
          name       = trim(replace(dirname(volume_mounts.key), "/", "-"), "-")
          mount_path = dirname(volume_mounts.key)
        }
      }
    }

    dynamic "volumes" {
      for_each = local.files

      content {
        name = trim(replace(dirname(volumes.key), "/", "-"), "-")

        secret {
          secret = volumes.value

          items {
            path    = basename(volumes.key)
            version = "latest"
          }
        }
      }
    }

    dynamic "vpc_access" {
      for_each = var.network == null ? [] : [var.network]

      content {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = vpc_access.value.network
          subnetwork = vpc_access.value.subnetwork
        }
      }
    }
  }

  lifecycle {
    # All of the template: ignoring the image alone would take Barq's name off the revision, and make a new one.
    # Annotations need no word: the provider manages only those that stand here, so Barq's record is never a
    # difference. Source: https://github.com/hashicorp/terraform-provider-google/issues/13410
    ignore_changes = [template, traffic, client, client_version, launch_stage]
  }

  # The first revision does not start without its secrets.
  depends_on = [time_sleep.grants]
}

resource "google_cloud_run_v2_service_iam_member" "invokers" {
  # Nobody may call unless the user of this module says who; allUsers is for them to write.
  for_each = toset(var.invokers)

  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.servicesInvoker"
  member   = each.value
}
