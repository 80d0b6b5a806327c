"""Per-minute quotas: when they refuse, and with which words."""

import datetime as dt

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.quota import MinuteQuota, QuotaName
from local_cloud.kit.scheduler import VirtualScheduler


@pytest.fixture
def scheduler():
    return VirtualScheduler(dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC))


def quota(scheduler, **changes):
    given = {"metric": "Reads", "limit": "Reads per minute", "service": "x.googleapis.com"}
    return MinuteQuota(scheduler, **(given | {"per_minute": 2} | changes))


def test_a_call_counts_for_60_seconds(scheduler):
    calls = quota(scheduler)
    calls.take("project:p")
    scheduler.run_for(30)
    calls.take("project:p")
    scheduler.run_for(29.9)
    with pytest.raises(Refused, match="RESOURCE_EXHAUSTED: Quota exceeded for quota metric"):
        calls.take("project:p")

    scheduler.run_for(0.1)
    calls.take("project:p")
    with pytest.raises(Refused):
        calls.take("project:p")


def test_a_refused_call_does_not_count(scheduler):
    calls = quota(scheduler, per_minute=1)
    calls.take("project:p")
    scheduler.run_for(59)
    with pytest.raises(Refused):
        calls.take("project:p")

    scheduler.run_for(1)
    calls.take("project:p")


def test_each_key_has_its_own(scheduler):
    calls = quota(scheduler, per_minute=1)
    calls.take("project:p")

    calls.take("project:q")


def test_a_named_quota_says_reason_limit_and_value(scheduler):
    calls = quota(scheduler, per_minute=0, name=QuotaName("x.googleapis.com/reads", "ReadsPerMin"))

    with pytest.raises(Refused) as refusal:
        calls.take("project:p")

    (info,) = refusal.value.details
    assert info["reason"] == "RATE_LIMIT_EXCEEDED"
    assert info["metadata"]["consumer"] == "projects/p"
    assert info["metadata"]["quota_limit"] == "ReadsPerMin"
    assert info["metadata"]["quota_limit_value"] == "0"
    assert info["metadata"]["quota_metric"] == "x.googleapis.com/reads"


def test_a_quota_without_a_name_has_no_detail(scheduler):
    with pytest.raises(Refused) as refusal:
        quota(scheduler, per_minute=0).take("project:p")

    assert refusal.value.details == []
