# Brings the database's schema to what a new image needs: the build runs it with that image, by digest, before the
# image is announced. docs/ROLLBACK_PROCEDURES.md, Databases, says what a migration may do.
resource "google_cloud_run_v2_job" "migrator" {
  count = var.migrator ? 1 : 0

  project             = var.project
  location            = var.region
  name                = local.job
  labels              = var.labels
  deletion_protection = var.deletion_protection

  template {
    labels      = var.labels
    parallelism = 1
    task_count  = 1

    template {
      service_account = google_service_account.migrator[0].email
      timeout         = "3600s"
      # It tries again by itself what is worth it, and says what is left to do.
      max_retries = 0

      containers {
        # Until the first build: it does nothing.
        image = "us-docker.pkg.dev/cloudrun/container/job"
        args  = var.migrator_args

        resources {
          limits = { cpu = "1", memory = "512Mi" }
        }

        dynamic "env" {
          for_each = local.base_env

          content {
            name  = env.key
            value = env.value
          }
        }
        dynamic "volume_mounts" {
          for_each = local.password_files

          content {
            name       = "secrets-database"
            mount_path = dirname(volume_mounts.key)
          }
        }
      }

      dynamic "volumes" {
        for_each = local.password_files

        content {
          name = "secrets-database"

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
  }

  lifecycle {
    # The build sets the image, and gcloud leaves its own marks beside it (client.knative.dev/nonce and user-image).
    # Source: https://github.com/hashicorp/terraform-provider-google/issues/13410
    ignore_changes = [
      client,
      client_version,
      launch_stage,
      template[0].annotations,
      template[0].labels,
      template[0].template[0].containers[0].image,
      template[0].template[0].containers[0].name,
    ]
  }

  depends_on = [time_sleep.grants]
}
