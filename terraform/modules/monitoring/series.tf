# What dashboards, alert policies and objectives measure: every filter stands here, once.
# Metrics of Cloud Run and Cloud SQL. Source: reference/gcp.md section 2, https://cloud.google.com/monitoring/api/metrics_gcp
locals {
  on_service = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=\"${var.service}\"",
    "resource.labels.location=\"${var.region}\"",
  ])
  on_database = var.database == null ? "" : join(" AND ", [
    "resource.type=\"cloudsql_database\"",
    "resource.labels.database_id=\"${var.database.id}\"",
  ])

  run = { for name, metric in {
    requests  = "request_count"
    latencies = "request_latencies"
    instances = "container/instance_count"
    cpu       = "container/cpu/utilizations"
    memory    = "container/memory/utilizations"
    startups  = "container/startup_latencies"
    billed    = "container/billable_instance_time"
  } : name => "metric.type=\"run.googleapis.com/${metric}\" AND ${local.on_service}" }

  sql = { for name, metric in {
    connections = "database/postgresql/num_backends"
    cpu         = "database/cpu/utilization"
    memory      = "database/memory/utilization"
  } : name => "metric.type=\"cloudsql.googleapis.com/${metric}\" AND ${local.on_database}" }

  # A request that a client got wrong (4xx) is answered as it should be.
  failed    = "${local.run.requests} AND metric.labels.response_code_class=\"5xx\""
  succeeded = "${local.run.requests} AND metric.labels.response_code_class!=\"5xx\""
  active    = "${local.run.instances} AND metric.labels.state=\"active\""
  errors    = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.application_errors.name}\" AND ${local.on_service}"
  alive = join(" AND ", [
    "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\"",
    "resource.type=\"uptime_url\"",
    "metric.labels.check_id=\"${google_monitoring_uptime_check_config.live.uptime_check_id}\"",
  ])

  by_revision = ["resource.label.service_name", "resource.label.revision_name", "resource.label.location"]
  by_service  = ["resource.label.service_name", "resource.label.location"]
  by_database = ["resource.label.database_id"]
}
