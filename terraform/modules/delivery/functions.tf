locals {
  # Whoever waits for these waits for users: they may be kept warm.
  urgent = ["rollback", "on_alert"]

  variables = {
    for name, function in local.functions : name => merge(
      { for variable in function.env : variable => local.known_variables[variable] },
      # The framework's server has 4 threads for each CPU unless told.
      # Source: https://cloud.google.com/run/docs/tips/functions-best-practices
      { THREADS = tostring(local.description.concurrency) },
      name == "approve" && var.iap_audience != "" ? { IAP_AUDIENCE = var.iap_audience } : {},
    )
  }
}

resource "google_cloudfunctions2_function" "barq" {
  #checkov:skip=CKV_GCP_124:only functions that people call take calls from outside, and Cloud Run asks each caller for a token
  for_each = local.functions

  project     = var.project
  location    = var.region
  name        = local.names[each.key]
  description = "Barq: ${each.key}. Source: functions/${each.value.source}"
  labels      = var.labels

  build_config {
    # 3.13 is supported to the end of 2029 and installs by pip; from 3.14 on another installer
    # and base image build what nobody here has tried (reference/gcp.md, section 6).
    runtime           = "python313"
    entry_point       = each.key
    docker_repository = google_artifact_registry_repository.functions.id
    service_account   = google_service_account.other["barq-function-build"].id

    environment_variables = {
      GOOGLE_FUNCTION_SOURCE = each.value.source
    }

    source {
      storage_source {
        bucket = google_storage_bucket.functions.name
        object = google_storage_bucket_object.functions.name
      }
    }
  }

  service_config {
    service_account_email = google_service_account.function[each.key].email
    environment_variables = local.variables[each.key]
    timeout_seconds       = try(each.value.timeout_seconds, 60)

    # More than one request at once needs a whole CPU. The clients of Monitoring and Workflows take
    # some 120 MiB, so half a GiB leaves room for all of them.
    # Source: https://cloud.google.com/functions/docs/configuring/concurrency
    available_cpu                    = "1"
    available_memory                 = "512Mi"
    max_instance_request_concurrency = local.description.concurrency
    min_instance_count               = contains(local.urgent, each.key) ? var.urgent_instances_min : 0
    max_instance_count               = var.instances_max

    # Workflows, Pub/Sub and Scheduler of the same project count as internal; people do not.
    # Source: https://cloud.google.com/run/docs/securing/ingress
    ingress_settings               = try(each.value.people, false) ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"
    all_traffic_on_latest_revision = true

    dynamic "secret_environment_variables" {
      for_each = each.value.source == "notify.py" ? local.secrets : {}

      content {
        key        = secret_environment_variables.key
        project_id = var.project
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  depends_on = [time_sleep.build_grants]
}
