# Push subscriptions of our own: those behind an event trigger have no dead letter, no deadline and
# no expiry that Terraform could set (reference/gcp.md, section 7).

locals {
  subscribed = [
    for name, function in local.functions : merge(function.subscription, { function = name })
    if can(function.subscription)
  ]

  # One for each channel where it says so: a dead one is tried again, and given up, alone.
  subscriptions = merge([
    for one in local.subscribed : {
      for path in try(one.per_channel, false) ? [for channel in local.channels : "/${channel.kind}/${channel.name}"] : [""] :
      "${local.names[one.function]}${replace(path, "/", "-")}" => merge(one, { path = path })
    }
  ]...)
}

resource "google_pubsub_subscription" "function" {
  for_each = local.subscriptions

  project = var.project
  name    = each.key
  topic   = google_pubsub_topic.barq[each.value.topic].id
  labels  = var.labels

  ack_deadline_seconds    = each.value.ack_deadline_seconds
  enable_message_ordering = try(each.value.ordered, false)

  push_config {
    push_endpoint = "${google_cloudfunctions2_function.barq[each.value.function].service_config[0].uri}${each.value.path}"

    oidc_token {
      service_account_email = google_service_account.other["barq-push"].email
      # Cloud Run takes its own URL alone, without the path.
      audience = google_cloudfunctions2_function.barq[each.value.function].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "${each.value.retry_seconds[0]}s"
    maximum_backoff = "${each.value.retry_seconds[1]}s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.barq[each.value.dead_letter].id
    max_delivery_attempts = each.value.attempts_max
  }

  # Never: by default a subscription that is idle for 31 days is deleted, and a good month has no
  # alert.
  expiration_policy {
    ttl = ""
  }

  depends_on = [google_cloud_run_v2_service_iam_member.caller]
}

# In projects of before April 2021 Pub/Sub may make no tokens by itself.
# Source: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
resource "google_service_account_iam_member" "pubsub_makes_tokens" {
  for_each = toset(concat(["barq-push"], [for trigger in local.triggers : trigger.account]))

  service_account_id = google_service_account.other[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agents.pubsub

  # The agent is there from the first topic on.
  depends_on = [google_pubsub_topic.barq]
}
