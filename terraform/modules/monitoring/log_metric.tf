# Errors that the application itself wrote, as a count that can be charted and alerted on. Requests that failed are
# counted elsewhere (`failed` in series.tf): the request log stays out, or each would count twice. So do health checks:
# an instance that is not ready says so many times, and the platform takes it out by itself.
resource "google_logging_metric" "application_errors" {
  project     = var.project
  name        = "${var.service}-${var.region}-application-errors"
  description = "Lines of ${var.service} with severity ERROR or above, without those about health checks."
  filter = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.service}\"",
    "resource.labels.location=\"${var.region}\"",
    "logName=(\"projects/${var.project}/logs/run.googleapis.com%2Fstdout\" OR \"projects/${var.project}/logs/run.googleapis.com%2Fstderr\")",
    "severity>=ERROR",
    "NOT httpRequest.requestUrl:\"/health/\"",
  ])

  metric_descriptor {
    metric_kind  = "DELTA"
    value_type   = "INT64"
    unit         = "1"
    display_name = "Application errors of ${var.service}"
  }
}

# Monitoring learns of a new metric some time after Logging, and refuses a policy on one it does not know with 404.
# Source: https://github.com/GoogleCloudPlatform/cloud-foundation-fabric/issues/3739 ("up to 10 minutes"; usually less
# than two: if it takes longer, a second apply finds it).
resource "time_sleep" "log_metric" {
  create_duration = "120s"
  triggers        = { metric = google_logging_metric.application_errors.name }
}
