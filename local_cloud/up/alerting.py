"""An alert policy for each target, as an installation has one: the error ratio of a revision."""

from collections.abc import Sequence

from local_cloud.monitoring.alerts import AlertPolicies
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio
from local_cloud.up.delivery import Target


def create_policies(
    alerts: AlertPolicies, targets: Sequence[Target], topic: str, *, alignment_seconds: int
) -> None:
    """Notify `topic` (full name) when a revision of a target fails more than its limit."""
    for target in targets:
        key = target.key
        alerts.create(
            AlertPolicy(
                f"{target.service} {target.name}: error ratio above {target.error_ratio_max:g}",
                key.project,
                topic,
                ErrorRatio(target.error_ratio_max, requests_min=target.requests_min),
                filter=f'resource.labels.service_name="{key.name}"'
                f' AND resource.labels.location="{key.region}"',
                alignment_seconds=alignment_seconds,
            )
        )
