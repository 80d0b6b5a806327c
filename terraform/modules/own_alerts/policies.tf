# What says that Barq itself does not work. Each condition is one metric above a threshold; README.md has them as a table.
# Source of the metrics: https://cloud.google.com/monitoring/api/metrics_gcp
locals {
  answers = join(" AND ", [
    "metric.type=\"logging.googleapis.com/user/${google_logging_metric.answers.name}\"",
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.location=\"${var.region}\"",
  ])
  waiting = { for metric in ["num_undelivered_messages", "oldest_unacked_message_age"] : metric =>
    "metric.type=\"pubsub.googleapis.com/subscription/${metric}\" AND resource.type=\"pubsub_subscription\""
  }
  by_answer = ["resource.label.service_name", "metric.label.status"]

  policies = {
    execution-failed = {
      says     = "an execution of a workflow failed"
      critical = true
      conditions = { "an execution failed" = {
        filter = join(" AND ", [
          "metric.type=\"workflows.googleapis.com/finished_execution_count\"",
          "resource.type=\"workflows.googleapis.com/Workflow\"",
          "resource.labels.location=\"${var.region}\"",
          "resource.labels.workflow_id=one_of(${join(",", [for one in var.workflows : "\"${one}\""])})",
          "metric.labels.status=\"FAILED\"",
        ])
        aligner           = "ALIGN_SUM", reducer = "REDUCE_SUM", by = ["resource.label.workflow_id"]
        alignment_seconds = 300, threshold = 0, seconds = 0
      } }
    }
    dead-letters = {
      says     = "a message was given up"
      critical = false
      conditions = { "a dead letter waits" = {
        filter            = "${local.waiting.num_undelivered_messages} AND resource.labels.subscription_id=\"${var.dead_letter_subscription}\""
        aligner           = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"]
        alignment_seconds = 60, threshold = 0, seconds = 60
      } }
    }
    alert-waiting = {
      says     = "an alert has waited for more than 2 minutes"
      critical = true
      conditions = { "the oldest alert waits" = {
        filter  = "${local.waiting.oldest_unacked_message_age} AND resource.labels.subscription_id=\"${var.alert_subscription}\""
        aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"]
        # A minute beside it: `on_alert` itself asks for one again until it is two minutes old (docs/concepts/alerts.md).
        alignment_seconds = 60, threshold = 120, seconds = 60
      } }
    }
    function-answers = {
      says     = "a function answers 403 or 5xx"
      critical = false
      conditions = {
        "a 403, or a 5xx that nobody meant" = {
          filter            = "${local.answers} AND metric.labels.status!=\"503\""
          aligner           = "ALIGN_SUM", reducer = "REDUCE_SUM", by = local.by_answer
          alignment_seconds = 300, threshold = 0, seconds = 0
        }
        # With 503 a function asks to be asked again, in a moment: after a conflict, or while Google is out of reach.
        "more than 10 times 503 in 5 minutes" = {
          filter            = "${local.answers} AND metric.labels.status=\"503\""
          aligner           = "ALIGN_SUM", reducer = "REDUCE_SUM", by = local.by_answer
          alignment_seconds = 300, threshold = 10, seconds = 0
        }
      }
    }
  }
}
