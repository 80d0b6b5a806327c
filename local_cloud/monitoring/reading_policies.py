"""From an alert policy's document to its value, and what Google refuses on the way.

The document is read by Google's own message types: an unknown field or enum is refused as there.
Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.cloud import monitoring_v3 as v3
from google.protobuf.json_format import ParseDict, ParseError

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.conditions import Condition
from local_cloud.monitoring.policy import CLOSED, OPENED, Policy
from local_cloud.monitoring.reading_conditions import ConditionReader, document_of, invalid

CONDITIONS_MAX: Final = 6
_KEY: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_VALUE: Final = re.compile(r"[a-z0-9_-]{0,63}")
_HALF_HOUR: Final = dt.timedelta(minutes=30)
_WEEK: Final = dt.timedelta(days=7)
_Message: Final = v3.AlertPolicy.pb()
_Combiner: Final = v3.AlertPolicy.ConditionCombinerType
_Prompt: Final = v3.AlertPolicy.AlertStrategy.NotificationPrompt


def message_of(document: Mapping[str, Any]) -> Any:
    """Return the message of a REST document. Raises Refused(INVALID_ARGUMENT)."""
    try:
        return ParseDict(dict(document), _Message())
    except ParseError as error:
        raise Refused("INVALID_ARGUMENT", f"Invalid JSON payload received. {error}") from None


def read_policy(
    message: Any, name: str, next_id: Callable[[], str], reader: ConditionReader
) -> Policy:
    """Return a policy under its name. Raises Refused(INVALID_ARGUMENT, NOT_FOUND).

    `next_id` gives an id to each condition that has no name of its own.
    """
    try:
        return _read(message, name, next_id, reader)
    except ValueError as error:  # An enum's number that no name stands for.
        raise Refused("INVALID_ARGUMENT", f"Invalid alert policy: {error}.") from None


def _read(message: Any, name: str, next_id: Callable[[], str], reader: ConditionReader) -> Policy:
    _check(message)
    conditions = []
    for number, each in enumerate(message.conditions):
        test = reader.read(each, f"conditions[{number}]")
        if not each.name.startswith(f"{name}/conditions/"):
            each.name = f"{name}/conditions/{next_id()}"
        document = document_of(each)
        conditions.append(Condition(each.name, each.display_name, document, test))
    message.name = name
    strategy = message.alert_strategy
    policy = Policy(
        name,
        document_of(message),
        tuple(conditions),
        _Combiner(message.combiner).name,
        tuple(_Prompt(one).name for one in strategy.notification_prompts) or (OPENED, CLOSED),
        _time(strategy, "auto_close"),
        _time(strategy.notification_rate_limit, "period"),
        {
            channel: one.renotify_interval.ToTimedelta()
            for one in strategy.notification_channel_strategy
            for channel in one.notification_channel_names
        },
    )
    _check_strategy(policy, bool(strategy.notification_prompts))
    return policy


def _time(message: Any, field: str) -> dt.timedelta | None:
    found: dt.timedelta = getattr(message, field).ToTimedelta()
    return found if message.HasField(field) else None


def _check(message: Any) -> None:
    problems = []
    if not 0 < len(message.display_name) <= 512:  # noqa: PLR2004
        problems.append(f"displayName is {message.display_name!r}: must have 1 to 512 characters")
    if not 1 <= len(message.conditions) <= CONDITIONS_MAX:
        problems.append(f"{len(message.conditions)} conditions: must be 1 to {CONDITIONS_MAX}")
    if message.combiner == _Combiner.COMBINE_UNSPECIFIED:
        problems.append("combiner is not specified: must be OR, AND or AND_WITH_MATCHING_RESOURCE")
    logs = [each for each in message.conditions if each.HasField("condition_matched_log")]
    if logs and len(message.conditions) > 1:
        problems.append("condition_matched_log must be the only condition")
    problems += _label_problems(message.user_labels)
    problems += _documentation_problems(message.documentation)
    if problems:
        raise Refused("INVALID_ARGUMENT", "; ".join(problems) + ".")


def _label_problems(labels: Mapping[str, str]) -> list[str]:
    # Source: reference/gcp.md, section 3: lower-case letters, digits, _ and -; 63 characters.
    problems = [
        f"userLabels has {key!r}: {value!r}: a-z, 0-9, _ and - only, 63 characters at most"
        for key, value in labels.items()
        if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value)
    ]
    return [*problems, "userLabels has more than 64 entries"] if len(labels) > 64 else problems  # noqa: PLR2004


def _documentation_problems(told: Any) -> list[str]:
    problems = []
    if len(told.content) > 8192 or len(told.content.encode()) > 10_240:  # noqa: PLR2004
        problems.append("documentation.content has more than 8192 characters or 10240 bytes")
    if told.mime_type not in ("", "text/markdown"):
        problems.append(f"documentation.mimeType is {told.mime_type!r}: must be text/markdown")
    if len(told.links) > 3:  # noqa: PLR2004
        problems.append(f"documentation has {len(told.links)} links: must be 3 at most")
    return problems


def _check_strategy(policy: Policy, prompted: bool) -> None:  # noqa: FBT001
    at = "alert_strategy"
    if policy.auto_close is not None and not _HALF_HOUR <= policy.auto_close <= _WEEK:
        seconds = f"{policy.auto_close.total_seconds():g}s"
        raise invalid(f"{at}.auto_close", seconds, "must be 1800s to 604800s")
    if policy.of_log and policy.rate_limit is None:
        raise invalid(
            f"{at}.notification_rate_limit", "", "must be specified for log-based alert policies"
        )
    if not policy.of_log and policy.rate_limit is not None:
        raise invalid(
            f"{at}.notification_rate_limit",
            f"{policy.rate_limit.total_seconds():g}s",
            "only log-based alert policies may specify a notification rate limit",
        )
    allowed = [[OPENED]] if policy.of_log else [[OPENED], [CLOSED, OPENED]]
    if prompted and sorted(policy.prompts) not in allowed:
        raise invalid(
            f"{at}.notification_prompts",
            ", ".join(policy.prompts),
            "must be OPENED, or OPENED and CLOSED where no log condition is",
        )
    for channel, interval in policy.renotify.items():
        if not _HALF_HOUR <= interval <= dt.timedelta(days=1):
            seconds = f"{interval.total_seconds():g}s"
            raise invalid(f"{at}.renotify_interval", seconds, f"of {channel}: 1800s to 86400s")
