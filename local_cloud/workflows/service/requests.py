"""What a request for an execution may say, and how many requests there may be in a minute."""

from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.quota import MinuteQuota
from local_cloud.kit.scheduler import Scheduler
from local_cloud.workflows.language import json_text
from local_cloud.workflows.service.checks import check_labels, check_levels
from local_cloud.workflows.service.deployments import Revision
from local_cloud.workflows.service.messages import CALL_LOG_LEVELS, HISTORY_LEVELS
from local_cloud.workflows.service.settings import WorkflowsSettings

ARGUMENT_BYTES_MAX: Final = 512 * 1024
UNBUFFERED: Final = "disableConcurrencyQuotaOverflowBuffering"
_LEVELS: Final = {
    "callLogLevel": CALL_LOG_LEVELS[0],
    "executionHistoryLevel": HISTORY_LEVELS[0],
}
_SERVICE: Final = "workflowexecutions.googleapis.com"


def quotas(scheduler: Scheduler, settings: WorkflowsSettings) -> dict[str, MinuteQuota]:
    """Return the quotas by what they count: "write", "read", "list"."""
    rates = {
        "write": settings.writes_per_minute,
        "read": settings.reads_per_minute,
        "list": settings.lists_per_minute,
    }
    return {
        kind: MinuteQuota(
            scheduler,
            metric=f"{_SERVICE}/{kind}_requests",
            limit=f"{kind.capitalize()} requests per minute per region",
            service=_SERVICE,
            per_minute=rate,
        )
        for kind, rate in rates.items()
    }


def execution_document(
    argument_json: str | None,
    labels: Mapping[str, str],
    options: Mapping[str, Any],
    revision: Revision,
) -> dict[str, Any]:
    """Return what an Execution takes over from its request and its workflow. Raises Refused."""
    argument = argument_json or "null"
    if len(argument.encode("utf-8", "replace")) > ARGUMENT_BYTES_MAX:
        raise Refused("INVALID_ARGUMENT", "argument is larger than 512 KB")
    try:
        json_text.decode(argument)
    except json_text.NotJson:
        raise Refused("INVALID_ARGUMENT", "argument is not valid JSON") from None
    check_labels(labels)
    check_levels(options)
    document: dict[str, Any] = {"argument": argument}
    every = {**(revision.document["labels"] or {}), **labels}
    if every:
        document["labels"] = every
    for name, unset in _LEVELS.items():
        level = options.get(name) or unset
        level = revision.document[name] if level == unset else level
        if level != unset:
            document[name] = level
    if options.get(UNBUFFERED):
        document[UNBUFFERED] = True
    return document
