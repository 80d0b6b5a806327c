# The eight alert policies of a service. README.md has them as a table, alerts/ what each tells whoever is woken.
# `seconds`: how long the value must stay above the threshold. `by`: what one incident is about; a payload names nothing
# else of the resource, so whatever Barq may act on is grouped by revision.
locals {
  # Rounded, for 100 times 0.02 is 1.999... in Terraform's arithmetic.
  percent = { for name, value in var.thresholds : name => "${floor(10000 * value + 0.5) / 100} %" if endswith(name, "_ratio") }
  counts = {
    instances   = floor(1000 * var.thresholds.instances_ratio * var.instances_max + 0.5) / 1000
    connections = floor(1000 * var.thresholds.database_connections_ratio * try(var.database.connections_max, 0) + 0.5) / 1000
  }

  service_policies = {
    error-ratio = {
      says              = "error ratio above ${local.percent.error_ratio}"
      critical          = true
      filter            = local.failed
      of                = local.run.requests
      aligner           = "ALIGN_SUM" # Others invent requests between samples: reference/gcp.md section 2.
      reducer           = "REDUCE_SUM"
      by                = local.by_revision
      alignment_seconds = 60
      threshold         = var.thresholds.error_ratio
      seconds           = 300
    }
    unavailable = {
      says              = "unavailable by its uptime check"
      critical          = true
      filter            = local.alive
      of                = null
      aligner           = "ALIGN_NEXT_OLDER" # What each checker saw last, however long its period.
      reducer           = "REDUCE_COUNT_FALSE"
      by                = ["resource.label.host"]
      alignment_seconds = 1200
      threshold         = 1 # One checker alone may be the one that is cut off.
      seconds           = 60
    }
    latency = {
      says              = "p95 latency above ${var.thresholds.latency_p95_ms} ms"
      critical          = false
      filter            = local.run.latencies
      of                = null
      aligner           = "ALIGN_DELTA"
      reducer           = "REDUCE_PERCENTILE_95"
      by                = local.by_revision
      alignment_seconds = 60
      threshold         = var.thresholds.latency_p95_ms
      seconds           = 300
    }
    instances = {
      says              = "instances above ${local.percent.instances_ratio} of ${var.instances_max}"
      critical          = false
      filter            = local.run.instances
      of                = null
      aligner           = "ALIGN_MAX"
      reducer           = "REDUCE_SUM" # Active and idle ones, of all revisions: together they have one maximum.
      by                = local.by_service
      alignment_seconds = 60
      threshold         = local.counts.instances
      seconds           = 300
    }
    startup = {
      says              = "start-up latency above ${var.thresholds.startup_p95_ms / 1000} s"
      critical          = false
      filter            = local.run.startups
      of                = null
      aligner           = "ALIGN_DELTA"
      reducer           = "REDUCE_PERCENTILE_95"
      by                = local.by_revision
      alignment_seconds = 180 # Starts are rare: a minute without one must not end what is slow.
      threshold         = var.thresholds.startup_p95_ms
      seconds           = 180
    }
    application-errors = {
      says              = "more than ${var.thresholds.application_errors} application errors in 3 minutes"
      critical          = false
      filter            = local.errors
      of                = null
      aligner           = "ALIGN_SUM"
      reducer           = "REDUCE_SUM"
      by                = local.by_revision
      alignment_seconds = 180 # The count of three minutes, so nothing has to last.
      threshold         = var.thresholds.application_errors
      seconds           = 0
    }
  }

  database_policies = var.database == null ? {} : {
    database-connections = {
      says              = "database connections above ${local.percent.database_connections_ratio} of ${var.database.connections_max}"
      critical          = false
      filter            = local.sql.connections
      of                = null
      aligner           = "ALIGN_MAX"
      reducer           = "REDUCE_SUM" # One series for each database of the instance.
      by                = local.by_database
      alignment_seconds = 60
      threshold         = local.counts.connections
      seconds           = 180
    }
    database-cpu = {
      says              = "database CPU above ${local.percent.database_cpu_ratio}"
      critical          = false
      filter            = local.sql.cpu
      of                = null
      aligner           = "ALIGN_MEAN"
      reducer           = "REDUCE_MAX"
      by                = local.by_database
      alignment_seconds = 60
      threshold         = var.thresholds.database_cpu_ratio
      seconds           = 300
    }
  }

  policies = merge(local.service_policies, local.database_policies)
}
