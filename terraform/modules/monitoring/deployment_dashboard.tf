# The deployment dashboard: who serves, how each revision does, and who changed it. Same form as main_dashboard.tf.
locals {
  of_revision = { by = ["resource.label.revision_name"], legend = "$${resource.labels.revision_name}" }

  deployment_tiles = [
    {
      at    = [0, 0, 6, 4]
      title = "Active revisions: instances that serve"
      table = merge(local.of_revision, { filter = local.active, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", unit = "1" })
    },
    {
      # Requests as they were, in the time that the dashboard shows. No metric has the percentages that were set: those
      # stand on the service, and in the history below.
      at    = [6, 0, 6, 4]
      title = "Traffic split: share of the requests"
      pie   = merge(local.of_revision, { filter = local.run.requests, aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", unit = "1" })
    },
    {
      at    = [0, 4, 4, 4]
      title = "Requests by revision"
      unit  = "1"
      plot  = "STACKED_BAR"
      lines = [merge(local.of_revision, { filter = local.run.requests, aligner = "ALIGN_SUM", reducer = "REDUCE_SUM" })]
    },
    {
      at     = [4, 4, 4, 4]
      title  = "Error ratio by revision"
      unit   = local.whole
      lines  = [merge(local.of_revision, { filter = local.failed, of = local.run.requests, aligner = "ALIGN_SUM", reducer = "REDUCE_SUM" })]
      limits = [{ value = var.thresholds.error_ratio, label = "${local.percent.error_ratio}: alert" }]
    },
    {
      at     = [8, 4, 4, 4]
      title  = "p95 latency by revision"
      unit   = "ms"
      lines  = [merge(local.of_revision, { filter = local.run.latencies, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95" })]
      limits = [{ value = var.thresholds.latency_p95_ms, label = "${var.thresholds.latency_p95_ms} ms: alert" }]
    },
    {
      # Cloud Run's own audit log, in this project: every write by whomever, Barq's functions, a person or Terraform,
      # with the traffic that it asked for. Barq's words about it are in the log of the project that Barq runs in.
      # Source: https://cloud.google.com/run/docs/audit-logging
      at    = [0, 8, 12, 6]
      title = "Deployment history: who wrote the service"
      log = join(" AND ", [
        local.on_service,
        "logName=\"projects/${var.project}/logs/cloudaudit.googleapis.com%2Factivity\"",
        "protoPayload.methodName=~\"Services.(Create|Replace|Update)Service$\"",
      ])
    },
  ]
}
