"""Alert policies by their API: what is kept, what is refused, and in Google's words."""

import pytest
from google.cloud import monitoring_v3 as v3
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.iam import PERMISSIONS
from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.monitoring.alert_door import SERVICE, methods
from local_cloud.monitoring.channels import Channel
from local_cloud.monitoring.reading_policies import message_of
from tests.unit.local_cloud.monitoring.general import CPU, World, policy, threshold


class Door:
    def __init__(self):
        self.world = World()
        self.audit = Audit(self.world.scheduler)
        self.methods = {one.name: one for one in methods(self.world.alerts, self.audit)}

    def __call__(self, name, request):
        return self.methods[name].call(type(request).pb(request), "ops@p.iam")

    def create(self, document):
        request = v3.CreateAlertPolicyRequest(name="projects/p")
        v3.CreateAlertPolicyRequest.pb(request).alert_policy.CopyFrom(message_of(document))
        return self("CreateAlertPolicy", request)

    def names(self, **request):
        listed = self(
            "ListAlertPolicies", v3.ListAlertPoliciesRequest(name="projects/p", **request)
        )
        return [one.display_name for one in listed.alert_policies], listed.next_page_token


@pytest.fixture
def door():
    return Door()


def test_a_policy_is_made_read_changed_listed_and_deleted(door):
    made = door.create(policy(severity="WARNING", userLabels={"signal": "cpu"}))
    assert made.name.startswith("projects/p/alertPolicies/")
    assert made.conditions[0].name.startswith(f"{made.name}/conditions/")
    assert door("GetAlertPolicy", v3.GetAlertPolicyRequest(name=made.name)) == made

    change = v3.AlertPolicy(name=made.name, display_name="renamed")
    request = v3.UpdateAlertPolicyRequest(
        alert_policy=change, update_mask={"paths": ["display_name"]}
    )
    changed = door("UpdateAlertPolicy", request)
    assert (changed.display_name, changed.conditions) == ("renamed", made.conditions)
    assert door.names() == (["renamed"], "")

    door("DeleteAlertPolicy", v3.DeleteAlertPolicyRequest(name=made.name))
    with pytest.raises(Refused, match="NOT_FOUND"):
        door("GetAlertPolicy", v3.GetAlertPolicyRequest(name=made.name))
    assert {call.method for call in door.audit.calls} == {
        name for name in PERMISSIONS if name.startswith(SERVICE)
    }


def test_a_changed_threshold_is_what_counts_from_then_on(door):
    made = door.create(policy())
    made.conditions[0].condition_threshold.threshold_value = 0.95
    door("UpdateAlertPolicy", v3.UpdateAlertPolicyRequest(alert_policy=v3.AlertPolicy.wrap(made)))

    door.world.minutes(6, fleet=0.9)

    assert door.world.published == []


def test_policies_are_listed_by_page(door):
    for name in ("a", "b", "c"):
        door.create(policy(displayName=name))

    first, token = door.names(page_size=2)
    rest, end = door.names(page_size=2, page_token=token)

    assert (first, rest, end) == (["a", "b"], ["c"], "")
    with pytest.raises(Refused, match="filter"):
        door.names(filter="display_name=a")
    with pytest.raises(Refused, match="pageToken"):
        door.names(page_token="x")


def conditions(*changes):
    return {"conditions": [threshold(**change) for change in changes]}


def aggregation(**changes):
    (made,) = threshold()["conditionThreshold"]["aggregations"]
    return conditions({"aggregations": [made | changes]})


RATIO = {
    "denominatorFilter": f'metric.type="{CPU}" resource.type="cloudsql_database"',
    "denominatorAggregations": threshold()["conditionThreshold"]["aggregations"],
}
LOG = {"displayName": "x", "conditionMatchedLog": {"filter": "severity>=ERROR"}}
LIMIT = {"notificationRateLimit": {"period": "300s"}}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"displayName": None}, "displayName"),
        ({"combiner": None}, "combiner is not specified"),
        ({"conditions": []}, "0 conditions"),
        ({"conditions": [threshold()] * 7}, "7 conditions"),
        ({"conditions": [{"displayName": "x"}]}, "no condition"),
        (
            {"conditions": [{"conditionPrometheusQueryLanguage": {"query": "up"}}]},
            "condition_prometheus_query_language: supported here",
        ),
        ({"conditions": [LOG, threshold()]}, "must be the only condition"),
        ({"conditions": [LOG]}, "must be specified for log-based alert policies"),
        ({"alertStrategy": LIMIT}, "only log-based alert policies"),
        ({"alertStrategy": {"autoClose": "600s"}}, "1800s to 604800s"),
        ({"alertStrategy": {"notificationPrompts": ["CLOSED"]}}, "must be OPENED"),
        (
            {"conditions": [LOG], "alertStrategy": LIMIT | {"notificationPrompts": ["CLOSED"]}},
            "must be OPENED",
        ),
        (
            {
                "alertStrategy": {
                    "notificationChannelStrategy": [
                        {"notificationChannelNames": ["x"], "renotifyInterval": "60s"}
                    ]
                }
            },
            "1800s to 86400s",
        ),
        ({"notificationChannels": ["projects/p/notificationChannels/7"]}, "Could not find"),
        ({"severity": "LOUD"}, "Invalid JSON payload"),
        ({"sevirity": "ERROR"}, 'no field named "sevirity"'),
        ({"userLabels": {"Team": "fleet"}}, "userLabels has 'Team'"),
        ({"userLabels": {f"k{number}": "v" for number in range(65)}}, "more than 64"),
        ({"documentation": {"content": "x" * 8193}}, "8192 characters"),
        ({"documentation": {"mimeType": "text/html"}}, "must be text/markdown"),
        ({"documentation": {"links": [{"url": "https://x"}] * 4}}, "4 links"),
        (conditions({"filter": f'metric.type="{CPU}"'}), 'a restriction on "resource.type"'),
        (conditions({"comparison": "COMPARISON_GE"}), "COMPARISON_GT or COMPARISON_LT"),
        (conditions({"duration": "30s"}), "only multiples of 1 minute are supported"),
        (conditions({"duration": "60.5s"}), "only multiples of 1 minute are supported"),
        (conditions({"trigger": {"percent": 101}}), "must be 1 to 100"),
        (conditions({"trigger": {"count": -1}}), "must not be negative"),
        (
            conditions({"evaluationMissingData": "EVALUATION_MISSING_DATA_ACTIVE"}),
            "greater than or equal to 60 seconds",
        ),
        (conditions({"forecastOptions": {"forecastHorizon": "3600s"}}), "is not supported here"),
        (aggregation(alignmentPeriod="450s"), "alignment period must be in multiples of 1 minute"),
        (aggregation(alignmentPeriod="93600s"), "90000s or less"),
        (aggregation(crossSeriesReducer="REDUCE_NONE"), "group-by fields without a reducer"),
        (aggregation(perSeriesAligner="ALIGN_RATE"), "kind GAUGE and value type DOUBLE"),
        (aggregation(groupByFields=["resource.label.zone"]), "groupByFields"),
        (
            conditions(RATIO | {"denominatorFilter": f'metric.type="{CPU}"'}),
            "denominator_filter had an invalid value",
        ),
        (
            conditions(
                RATIO
                | {
                    "denominatorAggregations": [
                        RATIO["denominatorAggregations"][0] | {"alignmentPeriod": "120s"}
                    ]
                }
            ),
            "must use the same alignment period",
        ),
        (conditions({"filter": "select_slo_health(x)", "aggregations": None}), "supported here is"),
        (
            conditions({"filter": 'select_slo_burn_rate("x", "1h")', "aggregations": None}),
            "x does not exist",
        ),
    ],
)
def test_what_google_refuses_is_refused_when_it_is_made(door, change, says):
    with pytest.raises(Refused) as refusal:
        door.create(policy(**change))

    assert says in refusal.value.message
    assert door.names() == ([], "")


def test_a_refused_change_leaves_what_was(door):
    made = door.create(policy())
    request = v3.UpdateAlertPolicyRequest(alert_policy={"name": made.name, "display_name": "x"})

    with pytest.raises(Refused, match="0 conditions"):
        door("UpdateAlertPolicy", request)

    assert door("GetAlertPolicy", v3.GetAlertPolicyRequest(name=made.name)) == made


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        (Channel("1", "email", {"email_address": "a"}), "notificationChannels/ID"),
        (Channel("projects/p/notificationChannels/1", "pigeon"), "type is 'pigeon'"),
        (Channel("projects/p/notificationChannels/1", "email"), "needs label email_address"),
        (
            Channel("projects/p/notificationChannels/1", "pubsub", {"topic": "alerts"}),
            "projects/PROJECT/topics/TOPIC",
        ),
    ],
)
def test_a_channel_that_tells_nobody_is_refused(door, channel, says):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        door.world.alerts.channels.add(channel)

    assert says in refusal.value.message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = ["displayName", "combiner", "conditions", "alertStrategy", "documentation", "enabled"]
INSIDE = ["filter", "aggregations", "duration", "trigger", "thresholdValue", "comparison"]


@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=2),
    st.dictionaries(st.sampled_from(INSIDE), JSON, max_size=2),
)
def test_whatever_document_arrives_only_refused_escapes(around, inside):
    code = "OK"
    try:
        World().alerts.create(policy(threshold(**inside)) | around, "p")
    except Refused as refusal:
        code = refusal.code
    assert code in ("OK", "INVALID_ARGUMENT", "NOT_FOUND")
