# Nothing is sent again: the next minute comes anyway.

resource "google_cloud_scheduler_job" "barq" {
  for_each = { for schedule in local.description.schedules : schedule.name => schedule }

  project          = var.project
  region           = var.region
  name             = each.key
  description      = "Barq: calls ${each.value.function}"
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "${each.value.attempt_deadline_seconds}s"

  retry_config {
    retry_count = 0
  }

  http_target {
    uri         = google_cloudfunctions2_function.barq[each.value.function].service_config[0].uri
    http_method = "POST"

    oidc_token {
      service_account_email = google_service_account.other[each.value.account].email
      audience              = google_cloudfunctions2_function.barq[each.value.function].service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.caller]
}
