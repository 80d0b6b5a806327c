# Of the whole project: neither metrics nor log entries have a narrower place to grant this on.
resource "google_project_iam_member" "signal_readers" {
  for_each = toset(local.signal_readers)

  project = var.project
  role    = local.role["barqReadsMetrics"]
  member  = local.email[each.key]
}

resource "google_project_iam_member" "log_readers" {
  for_each = toset(local.log_readers)

  project = var.project
  role    = local.role["barqReadsLogs"]
  member  = local.email[each.key]
}
