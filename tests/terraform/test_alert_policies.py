"""The alert policies: what they say to people, and what Barq makes of what they would send."""

import json
import re
from pathlib import Path

import pytest
import yaml

from rollouts.delivery_file import parse_delivery
from rollouts.incidents import parse_incident
from rollouts.named_by_alert import named_target
from rollouts.notices import FOR_NOW
from tests.docs.pages import rows
from tests.terraform.monitored import SERVICE, below, own_plan, policies, service_plan

ROOT = Path(__file__).parents[2]
EIGHT = [
    "application-errors",
    "database-connections",
    "database-cpu",
    "error-ratio",
    "instances",
    "latency",
    "startup",
    "unavailable",
]
BURNS = ["burn-fast", "burn-latency-slow", "burn-slow"]
OWN = [
    "alert-waiting",
    "dead-letters",
    "execution-failed",
    "function-answers",
    "person-must-act",
    "sweeper-silent",
]
CRITICAL = ["error-ratio", "unavailable"]
LINES = ["person-must-act"]
"""On log lines, not on a metric."""
ALL = sorted(EIGHT + BURNS + OWN)


def named(signal):
    return policies(own_plan() if signal in OWN else service_plan())[signal]


def condition(signal):
    return named(signal)["conditions"][0]["condition_threshold"][0]


def target_of(incident):
    """Which service and target of docs/examples/delivery.yaml it names."""
    delivery = parse_delivery(yaml.safe_load((ROOT / "docs/examples/delivery.yaml").read_text()))
    found = named_target(incident, delivery)
    return (found[0].name, found[1].name) if found else None


def payload(signal, **labels):
    """What a policy's Pub/Sub channel sends, after reference/gcp.md section 3.

    Of the resource's labels only those are left that the condition groups by, and the project.
    """
    policy = named(signal)
    (kind,) = re.findall(r'resource\.type="([a-z_]+)"', condition(signal)["filter"])
    grouped = [
        field.removeprefix("resource.label.")
        for field in condition(signal)["aggregations"][0]["group_by_fields"]
    ]
    return json.dumps(
        {
            "version": "1.2",
            "incident": {
                "incident_id": "0.m8",
                "state": "open",
                "started_at": 1700000000,
                "scoping_project_id": policy["project"],
                "policy_name": policy["display_name"],
                "policy_user_labels": policy["user_labels"],
                "resource": {
                    "type": kind,
                    "labels": {"project_id": policy["project"]}
                    | {name: value for name, value in labels.items() if name in grouped},
                },
            },
        }
    )


def test_there_are_eight_policies_of_a_service_and_three_on_its_objectives():
    assert sorted(policies(service_plan())) == sorted(EIGHT + BURNS)


def test_there_are_six_of_barq_itself():
    assert sorted(policies(own_plan())) == OWN


@pytest.mark.parametrize(
    ("signal", "threshold", "seconds"),
    [
        ("error-ratio", 0.01, 300),
        ("unavailable", 1, 60),
        ("latency", 1000, 300),
        ("database-connections", 80, 180),
        ("database-cpu", 0.85, 300),
        ("instances", 8, 300),
        ("startup", 10_000, 180),
        ("application-errors", 10, 0),
    ],
)
def test_a_policy_fires_above_its_threshold_for_its_time(signal, threshold, seconds):
    found = condition(signal)

    assert (found["comparison"], found["threshold_value"]) == ("COMPARISON_GT", threshold)
    assert found["duration"] == f"{seconds}s"
    # Monitoring takes what to do about missing data only with a duration of 60 s and more.
    assert (found["evaluation_missing_data"] is None) == (seconds < 60)


@pytest.mark.parametrize("signal", EIGHT)
def test_what_is_critical_reaches_barq_and_what_is_not_wakes_nobody(signal):
    policy = named(signal)
    critical = signal in CRITICAL

    given = SERVICE["channels"]["critical" if critical else "warning"]
    assert policy["notification_channels"] == given + [SERVICE["rollback_channel"]] * critical
    assert policy["severity"] == ("CRITICAL" if critical else "WARNING")
    assert policy["user_labels"]["action"] == ("rollback" if critical else "notify")


@pytest.mark.parametrize("signal", BURNS + OWN)
def test_barq_hears_of_no_other(signal):
    assert SERVICE["rollback_channel"] not in (named(signal)["notification_channels"] or [])
    assert named(signal)["user_labels"]["action"] == "notify"


def test_the_error_ratio_names_the_target_and_the_revision_to_barq():
    sent = payload(
        "error-ratio",
        service_name="fleet",
        revision_name="fleet-4be1-r7",
        location="europe-west1",
        configuration_name="fleet",
    )

    incident = parse_incident(sent)

    assert target_of(incident) == ("fleet", "production")
    assert incident.revision == "fleet-4be1-r7"
    assert incident.open
    assert incident.policy == "fleet (europe-west1): error ratio above 1 %"


@pytest.mark.parametrize("host", ["fleet-123456789012.europe-west1.run.app", "fleet.example.com"])
def test_the_uptime_check_names_the_target_by_its_user_labels_and_no_revision(host):
    incident = parse_incident(payload("unavailable", host=host))

    assert target_of(incident) == ("fleet", "production")
    assert (incident.host, incident.revision) == (host, "")


@pytest.mark.parametrize("signal", ALL)
def test_user_labels_keep_monitorings_rules(signal):
    for key, value in named(signal)["user_labels"].items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key)
        assert re.fullmatch(r"[a-z0-9_-]{1,63}", value)


@pytest.mark.parametrize("signal", [one for one in ALL if one not in LINES])
def test_the_end_of_an_incident_is_told_too(signal):
    strategy = named(signal)["alert_strategy"][0]

    assert strategy["notification_prompts"] == ["OPENED", "CLOSED"]
    assert strategy["notification_rate_limit"] == []


def test_a_line_is_told_at_most_every_five_minutes():
    (strategy,) = named("person-must-act")["alert_strategy"]

    # Google takes no prompts for lines, and asks for a limit.
    assert strategy["notification_prompts"] is None
    assert strategy["notification_rate_limit"] == [{"period": "300s"}]


@pytest.mark.parametrize("signal", ALL)
def test_whoever_is_woken_reads_what_it_means_and_what_to_do_first(signal):
    (told,) = named(signal)["documentation"]

    assert told["mime_type"] == "text/markdown"
    assert len(told["subject"]) <= 255
    assert len(told["content"].encode()) <= 8192
    assert "**What it means.**" in told["content"]
    assert "**First steps.**" in told["content"]
    assert "https://console.cloud.google.com/" in told["content"]
    assert "docs/ROLLBACK_PROCEDURES.md" in told["content"]
    # Monitoring's Markdown has headers, lists, emphasis and links, and no tables.
    # Source: https://cloud.google.com/monitoring/alerts/doc-variables
    assert not re.search(r"^\s*\|", told["content"], re.MULTILINE)


@pytest.mark.parametrize("signal", ALL)
def test_what_monitoring_fills_in_is_there_to_be_filled_in(signal):
    """A variable of a label that the condition does not group by would stay empty."""
    policy = named(signal)
    known = {
        field.replace("labels.", "label.")
        for fields in below(policy["conditions"], "group_by_fields")
        for field in fields
    }
    for extracted in below(policy["conditions"], "label_extractors"):
        known |= {f"log.extracted_label.{name}" for name in extracted or {}}

    assert set(re.findall(r"\$\{([^}]+)\}", policy["documentation"][0]["content"])) <= known


@pytest.mark.parametrize("signal", ALL)
def test_no_policy_is_written_in_a_language_that_google_gives_up(signal):
    kinds = {
        name
        for one in named(signal)["conditions"]
        for name, found in one.items()
        if name.startswith("condition_") and found
    }

    assert kinds <= {"condition_threshold", "condition_absent", "condition_matched_log"}
    assert len(kinds) == 1


def test_application_errors_are_those_of_the_application_without_health_checks():
    wanted = service_plan().one("google_logging_metric")["filter"]

    assert "%2Frequests" not in wanted
    assert "severity>=ERROR" in wanted
    assert 'NOT httpRequest.requestUrl:"/health/"' in wanted


@pytest.mark.parametrize(
    ("planned", "module"), [(service_plan, "monitoring"), (own_plan, "own_alerts")]
)
def test_policies_wait_for_what_monitoring_learns_late(planned, module):
    metric = planned().one("google_logging_metric")["name"]
    written = (ROOT / "terraform/modules" / module / "alert_policies.tf").read_text()

    (waits,) = [one for one in planned().of("time_sleep") if "log_metric" in one.address]
    assert waits["triggers"] == {"metric": metric}
    assert waits["create_duration"] == "120s"
    assert "depends_on = [time_sleep.log_metric]" in written


def test_the_table_of_the_eight_says_what_is_planned():
    page = (ROOT / "terraform/modules/monitoring/README.md").read_text()

    told = {cells[0]: cells[1:] for cells in rows(page, "key")}

    assert sorted(told) == EIGHT
    for signal, (metric, how, by, alignment, threshold, lasts, who) in told.items():
        found = condition(signal)
        (aggregated,) = found["aggregations"]
        name = metric.split()[0].replace("SERVICE-REGION", "fleet-europe-west1")
        assert f'metric.type="{name}"' in found["filter"]
        assert how == f"{aggregated['per_series_aligner']}, {aggregated['cross_series_reducer']}"
        grouped = [
            one.rpartition(".")[2].removesuffix("_name") for one in aggregated["group_by_fields"]
        ]
        assert by.split(", ") == grouped
        assert alignment.replace(" ", "") == aggregated["alignment_period"]
        assert lasts.replace(" ", "") == found["duration"]
        assert limit(threshold) == found["threshold_value"]
        assert who == ("critical, Barq" if signal in CRITICAL else "warning")


def limit(text):
    """The number of a cell such as "0.8 of instances_max" or "1000 ms"."""
    share, _, of = text.removesuffix(" ms").partition(" of ")
    whole = {"instances_max": 10, "connections_max": 100}
    return float(share) * whole.get(of, 1)


def test_the_table_of_barqs_own_names_each_metric():
    page = (ROOT / "terraform/modules/own_alerts/README.md").read_text()

    told = {cells[0]: cells[1] for cells in rows(page, "signal") if cells[0]}

    assert sorted(told) == OWN
    for signal in sorted(set(OWN) - set(LINES)):
        (wanted, *_) = [one for one in below(named(signal)["conditions"], "filter") if one]
        assert f'metric.type="{told[signal].replace("REGION", "europe-west1")}"' in wanted


@pytest.mark.parametrize("signal", ALL)
def test_a_section_that_an_alert_names_is_there(signal):
    page = (ROOT / "docs/ROLLBACK_PROCEDURES.md").read_text()
    heads = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}
    (told,) = named(signal)["documentation"]

    named_there = set(re.findall(r"ROLLBACK_PROCEDURES\.md#([a-z0-9-]+)", told["content"]))

    assert named_there <= anchors
    assert "databases" in named_there or not signal.startswith("database")


def test_every_line_that_asks_for_a_person_is_explained_to_whoever_it_wakes():
    written = "".join(path.read_text() for path in (ROOT / "functions").rglob("*.py"))
    # What stands there beside the word ERROR, and what chooses it: notices, and what is swept.
    logged = {*re.findall(r'"ERROR",\s*"(\w+\.\w+)"', written), *FOR_NOW, "sweep.found"}
    (told,) = named("person-must-act")["documentation"]

    explained = set(re.findall(r"`([a-z_]+\.[a-z_]+)`[:,]", told["content"]))

    # `request.*` is counted by its status: log_lines.tf leaves it out.
    assert explained == {one for one in logged if not one.startswith("request.")}
