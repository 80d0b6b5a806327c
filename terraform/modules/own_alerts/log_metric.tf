# How Barq's functions answer, by status. From the request log: what Cloud Run refuses before a container, such as a
# 403 for want of a grant, is in no metric. Source: reference/gcp.md section 2.
locals {
  functions = sort(values(var.services))
  of_functions = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.location=\"${var.region}\"",
    "resource.labels.service_name=(${join(" OR ", [for one in local.functions : "\"${one}\""])})",
  ])
}

resource "google_logging_metric" "answers" {
  project     = var.project
  name        = "barq-${var.region}-refused-or-failed"
  description = "Answers 403 and 5xx of Barq's functions, or of Cloud Run in their place."
  filter = join(" AND ", [
    local.of_functions,
    "logName=\"projects/${var.project}/logs/run.googleapis.com%2Frequests\"",
    "(httpRequest.status=403 OR httpRequest.status>=500)",
  ])
  label_extractors = { status = "EXTRACT(httpRequest.status)" }

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = "Barq: refused or failed requests"

    labels {
      key         = "status"
      value_type  = "STRING"
      description = "The status of the answer."
    }
  }
}

# Monitoring learns of a new metric some time after Logging, and refuses a policy on one it does not know with 404.
# Source: https://github.com/GoogleCloudPlatform/cloud-foundation-fabric/issues/3739
resource "time_sleep" "log_metric" {
  create_duration = "120s"
  triggers        = { metric = google_logging_metric.answers.name }
}
