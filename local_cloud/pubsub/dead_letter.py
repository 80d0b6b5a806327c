"""What a message looks like on a dead letter topic."""

import dataclasses

from local_cloud.pubsub import names
from local_cloud.pubsub.values import Message, Published, Subscription


def envelope(source: Subscription, published: Published, attempts: int) -> Message:
    """Return the same message, with the attributes that say where it failed.

    Source: https://cloud.google.com/pubsub/docs/handling-failures#dead-letter_topic. The time
    is written as the real service writes it, with an offset instead of `Z`.
    """
    when = published.publish_time.isoformat(timespec="milliseconds")
    marks = {
        "CloudPubSubDeadLetterSourceDeliveryCount": str(attempts),
        "CloudPubSubDeadLetterSourceSubscription": names.leaf(source.name),
        "CloudPubSubDeadLetterSourceSubscriptionProject": names.project(source.name),
        "CloudPubSubDeadLetterSourceTopicPublishTime": when,
    }
    attributes = {**published.message.attributes, **marks}
    return dataclasses.replace(published.message, attributes=attributes)
