# What whoever is woken reads: alerts/<policy>.md.tftpl, and where to go on.
locals {
  console = "https://console.cloud.google.com"
  links = {
    "Revisions and traffic" = "${local.console}/run/detail/${var.region}/${var.service}/revisions?project=${var.project}"
    "Logs"                  = "${local.console}/run/detail/${var.region}/${var.service}/logs?project=${var.project}"
    "Dashboard"             = "${local.console}/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.main.id)}?project=${var.project}"
  }

  documents = var.documentation_url == null ? "docs" : var.documentation_url
  words = {
    project       = var.project
    region        = var.region
    service       = var.service
    host          = var.host
    console       = local.console
    thresholds    = var.thresholds
    percent       = local.percent
    objective     = local.objective
    rolling_days  = var.objectives.rolling_days
    instances_max = var.instances_max
    database      = var.database == null ? { id = "", connections_max = 0 } : var.database
    revisions     = local.links["Revisions and traffic"]
    logs          = local.links["Logs"]
    barq_acts     = var.rollback_channel != null
    procedures    = "${local.documents}/ROLLBACK_PROCEDURES.md"
    by_hand       = "${local.documents}/ROLLBACK_PROCEDURES.md" # The section on rolling back by hand.
    alerts        = "${local.documents}/concepts/alerts.md"
    # One revision's name, which Monitoring fills in. Source: https://cloud.google.com/monitoring/alerts/doc-variables
    revision = "$${resource.label.revision_name}"
  }
  told = { for key in concat(keys(local.policies), keys(local.burns)) : key => join("\n", [
    templatefile("${path.module}/alerts/${key}.md.tftpl", local.words),
    templatefile("${path.module}/alerts/footer.md.tftpl", local.words),
  ]) }
}
