# What whoever is woken reads: alerts/<policy>.md.tftpl, and where to go on.
locals {
  console   = "https://console.cloud.google.com"
  documents = var.documentation_url == null ? "docs" : var.documentation_url
  words = {
    project      = var.project
    executions   = "${local.console}/workflows?project=${var.project}"
    functions    = "${local.console}/run?project=${var.project}"
    scheduler    = "${local.console}/cloudscheduler?project=${var.project}"
    dead_letters = "${local.console}/cloudpubsub/subscription/detail/${var.dead_letter_subscription}?project=${var.project}"
    waiting      = "${local.console}/cloudpubsub/subscription/detail/${var.alert_subscription}?project=${var.project}"
    kept         = var.dead_letter_subscription
    alerts       = var.alert_subscription
    sweeper      = var.services.sweep
    procedures   = "${local.documents}/ROLLBACK_PROCEDURES.md"
    by_hand      = "${local.documents}/ROLLBACK_PROCEDURES.md" # The section on rolling back by hand.
    # Filled in by Monitoring. Source: https://cloud.google.com/monitoring/alerts/doc-variables
    service  = "$${resource.label.service_name}"
    status   = "$${metric.label.status}"
    workflow = "$${resource.label.workflow_id}"
    event    = "$${log.extracted_label.event}"
    rollout  = "$${log.extracted_label.rollout}"
  }
  told = { for key in concat(keys(local.policies), ["sweeper-silent", "person-must-act"]) : key => join("\n", [
    templatefile("${path.module}/alerts/${key}.md.tftpl", local.words),
    templatefile("${path.module}/alerts/footer.md.tftpl", local.words),
  ]) }
}
