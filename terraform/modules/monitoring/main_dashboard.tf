# The main dashboard: how the service does. A tile is `at` = [x, y, width, height] in a grid of 12 columns.
# dashboards.tf turns this into what Monitoring reads.
locals {
  latency_lines = [for p in ["50", "95", "99"] : {
    filter  = local.run.latencies
    aligner = "ALIGN_DELTA"
    reducer = "REDUCE_PERCENTILE_${p}"
    legend  = "p${p}"
  }]
  whole = "10^2.%" # The unit of a ratio, shown as a percentage.

  main_tiles = concat([
    {
      at    = [0, 0, 4, 4]
      title = "Service health: share of uptime checks that passed"
      score = { filter = local.alive, aligner = "ALIGN_FRACTION_TRUE", reducer = "REDUCE_MEAN", seconds = 600, unit = local.whole }
      # One checker of six that fails is its own trouble; half of them are not.
      limits = [{ value = 0.95, color = "YELLOW", direction = "BELOW" }, { value = 0.5, color = "RED", direction = "BELOW" }]
    },
    {
      at    = [4, 0, 4, 4]
      title = "Request rate"
      unit  = "1/s"
      lines = [{ filter = local.run.requests, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", legend = "requests" }]
    },
    {
      at    = [8, 0, 4, 4]
      title = "Success ratio"
      unit  = local.whole
      lines = [{ filter = local.succeeded, of = local.run.requests, aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", legend = "without a server error" }]
    },
    {
      at    = [0, 4, 4, 4]
      title = "Latency: p50, p95, p99"
      unit  = "ms"
      lines = local.latency_lines
      limits = [
        { value = var.thresholds.latency_p95_ms / 2, label = "${var.thresholds.latency_p95_ms / 2} ms: look" },
        { value = var.thresholds.latency_p95_ms, label = "${var.thresholds.latency_p95_ms} ms: alert on p95" },
      ]
    },
    {
      at    = [4, 4, 4, 4]
      title = "Error ratio"
      unit  = local.whole
      lines = [{ filter = local.failed, of = local.run.requests, aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", legend = "server errors" }]
      limits = [
        { value = var.thresholds.error_ratio / 2, label = "half of it: look" },
        { value = var.thresholds.error_ratio, label = "${local.percent.error_ratio}: alert" },
      ]
    },
    {
      at    = [8, 4, 4, 4]
      title = "Requests by response code"
      unit  = "1/s"
      plot  = "STACKED_BAR"
      lines = [{ filter = local.run.requests, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.response_code"], legend = "$${metric.labels.response_code}" }]
    },
    {
      at     = [0, 8, 4, 4]
      title  = "Instances"
      unit   = "1"
      plot   = "STACKED_AREA"
      lines  = [{ filter = local.run.instances, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["metric.label.state"], legend = "$${metric.labels.state}" }]
      limits = [{ value = local.counts.instances, label = "${local.percent.instances_ratio} of ${var.instances_max}: alert" }]
    },
    {
      at     = [4, 8, 4, 4]
      title  = "CPU of instances"
      unit   = local.whole
      lines  = [for p in ["50", "95"] : { filter = local.run.cpu, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_${p}", legend = "p${p}" }]
      limits = [{ value = 0.7, label = "70 %: look" }, { value = 0.85, label = "85 %: too much" }]
    },
    {
      at    = [8, 8, 4, 4]
      title = "Memory of instances"
      unit  = local.whole
      lines = [for p in ["50", "95"] : { filter = local.run.memory, aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_${p}", legend = "p${p}" }]
    },
    {
      at    = [0, 12, 6, 4]
      title = "Application errors in the log"
      unit  = "1"
      plot  = "STACKED_BAR"
      lines = [{ filter = local.errors, aligner = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.revision_name"], legend = "$${resource.labels.revision_name}" }]
    },
    {
      at    = [6, 12, 6, 4]
      title = "Billable instance time"
      unit  = "s/s"
      lines = [{ filter = local.run.billed, aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", legend = "instances that are paid for" }]
    },
  ], [for tile in local.database_tiles : tile if var.database != null])

  connections_max = try(var.database.connections_max, 0)
  database_tiles = [
    {
      at     = [0, 16, 4, 4]
      title  = "Database connections"
      unit   = "1"
      plot   = "STACKED_AREA"
      lines  = [{ filter = local.sql.connections, aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["metric.label.database"], legend = "$${metric.labels.database}" }]
      limits = [{ value = local.counts.connections, label = "${local.percent.database_connections_ratio} of ${local.connections_max}: alert" }]
    },
    {
      at     = [4, 16, 4, 4]
      title  = "Database CPU"
      unit   = local.whole
      lines  = [{ filter = local.sql.cpu, aligner = "ALIGN_MEAN", reducer = "REDUCE_MAX", legend = "CPU" }]
      limits = [{ value = var.thresholds.database_cpu_ratio, label = "${local.percent.database_cpu_ratio}: alert" }]
    },
    {
      at    = [8, 16, 4, 4]
      title = "Database memory"
      unit  = local.whole
      lines = [{ filter = local.sql.memory, aligner = "ALIGN_MEAN", reducer = "REDUCE_MAX", legend = "memory" }]
    },
  ]
}
