"""Reads which trace a request belongs to, so that its log lines stand under it.

Not here: making or sending spans. The service only says where its lines belong.
"""

import re
from typing import Any, Final

# VERSION-TRACE_ID-PARENT_SPAN_ID-FLAGS; zeros are no id, and only later versions say more behind.
# Source: https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
# TRACE_ID[/SPAN_ID][;o=OPTIONS], the span in decimal.
_CLOUD_TRACE: Final = re.compile(r"(?!0{32})([0-9a-fA-F]{32})(?:/([0-9]{0,20}))?(?:;o=([01]?))?")
_SPAN_MAX: Final = 2**64 - 1


def trace_fields(traceparent: str, cloud_trace: str, project: str) -> dict[str, Any]:
    """Return the log fields of a request's trace; none if neither header is well formed.

    `cloud_trace` is the older `X-Cloud-Trace-Context`, for callers that send no `traceparent`.

    Source: https://cloud.google.com/trace/docs/trace-context#http-requests (prefer `traceparent`)
    """
    found = _from_traceparent(traceparent) or _from_cloud_trace(cloud_trace)
    if found is None:
        return {}
    trace, span, sampled = found
    fields: dict[str, Any] = {
        "logging.googleapis.com/trace": f"projects/{project}/traces/{trace}" if project else trace
    }
    if span:
        fields["logging.googleapis.com/spanId"] = span
    if sampled is not None:
        fields["logging.googleapis.com/trace_sampled"] = sampled
    return fields


# Trace and span in hexadecimal, the span empty if unknown; whether the caller recorded it.
_Trace = tuple[str, str, bool | None]


def _from_traceparent(header: str) -> _Trace | None:
    found = _TRACEPARENT.fullmatch(header)
    if found is None or (found[4] and header.startswith("00")):
        return None
    return found[1], found[2], int(found[3], 16) & 1 == 1


def _from_cloud_trace(header: str) -> _Trace | None:
    found = _CLOUD_TRACE.fullmatch(header)
    if found is None:
        return None
    span = int(found[2] or 0)
    sampled = found[3] == "1" if found[3] else None
    return found[1].lower(), f"{span:016x}" if 0 < span <= _SPAN_MAX else "", sampled
