"""Rules for topics and subscriptions."""

from tests.terraform.rules.kit import (
    Check,
    at_most_one,
    between,
    longest,
    pattern,
    rules,
    seconds,
)

NAMES = "https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names"
TOPIC = "https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.topics"
SUBSCRIPTION = "https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions"
DAY = 24 * 3600

NEVER_OR_A_DAY = Check(
    lambda ttl: ttl == "" or seconds(DAY, 10**9).right(ttl), 'empty for never, or "86400s" and more'
)

RULES = (
    *rules(
        "google_pubsub_(?:topic|subscription|schema)",
        NAMES,
        {
            "name": pattern(
                r"(?!goog)[a-zA-Z][-a-zA-Z0-9._~+%]{2,254}",
                "3 to 255 letters, digits and -._~+%, first a letter, not goog",
            )
        },
    ),
    *rules("google_pubsub_topic", TOPIC, {"message_retention_duration": seconds(600, 31 * DAY)}),
    *rules(
        "google_pubsub_subscription",
        SUBSCRIPTION,
        {
            "": at_most_one("push_config", "bigquery_config", "cloud_storage_config"),
            "ack_deadline_seconds": between(10, 600),
            "message_retention_duration": seconds(600, 31 * DAY),
            "retry_policy.minimum_backoff": seconds(0, 600),
            "retry_policy.maximum_backoff": seconds(0, 600),
            "dead_letter_policy.max_delivery_attempts": between(5, 100),
            "dead_letter_policy.dead_letter_topic": pattern(
                r"projects/[^/]+/topics/[^/]+", "the topic's id, projects/PROJECT/topics/NAME"
            ),
            "expiration_policy.ttl": NEVER_OR_A_DAY,
            "filter": longest(256),
            "push_config.push_endpoint": pattern(r"https://\S+", "an https address"),
        },
    ),
)
