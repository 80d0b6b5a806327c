"""One wiring, not two: what Terraform would make is what the installer of the local cloud makes.

Name by name and value by value: functions, entry points, sources, environment, secrets, accounts,
callers, topics, subscriptions, triggers, jobs, workflows and the files of the source archive.
Beside this only one side has: people, and what a function costs (CPU, memory, instances).
"""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from gcp.environment import channel_variable
from local_cloud.installing import Place
from rollouts.delivery_file import parse_delivery
from tests.terraform.harness import TERRAFORM, plan
from tests.terraform.installed import Ground, LocalWiring
from tests.terraform.wiring import differences, of_plan

ROOT = TERRAFORM.parent
MODULE = TERRAFORM / "modules" / "delivery"
DELIVERY = MODULE / "tests" / "delivery.yaml"
"""Names channels of every kind and wants the registry's events, so that all there is gets made."""
PLACE = Place("barq-delivery", "europe-west1", ROOT / "functions", ROOT / "workflows" / "rollout.yaml", DELIVERY)  # fmt: skip


@pytest.fixture(scope="module")
def planned():
    variables = {"project": PLACE.project, "region": PLACE.region, "delivery_file": str(DELIVERY)}
    return plan(MODULE, variables)


def channels():
    """The variables that `notify` itself looks for, for the channels of DELIVERY."""
    delivery = parse_delivery(yaml.safe_load(DELIVERY.read_text()))
    told = [row.channel for service in delivery.services for row in service.notifications]
    return {channel_variable(channel): "a secret" for channel in told}


def installing(folder, functions=PLACE.functions):
    return LocalWiring(Ground(folder), replace(PLACE, functions=functions), channels())


def test_terraform_wires_what_the_local_cloud_wires(planned, tmp_path):
    terraforms, locals_ = of_plan(planned), installing(tmp_path).install()

    assert differences(terraforms, locals_) == []
    assert len(locals_.functions) >= 12
    assert locals_.files["delivery.yaml"]
    assert len(locals_.subscriptions) >= 7


SPOILT_PLANS = [
    ("google_cloudfunctions2_function", "build_config.0.entry_point", "roll_back"),
    ("google_cloudfunctions2_function", "build_config.0.environment_variables.GOOGLE_FUNCTION_SOURCE", "main.py"),
    ("google_cloudfunctions2_function", "service_config.0.environment_variables.RUN_ENDPOINT", "https://run.googleapis.com"),
    ("google_cloudfunctions2_function", "service_config.0.environment_variables.DEBUG", "1"),
    ("google_cloudfunctions2_function", "service_config.0.timeout_seconds", 540),
    ("google_cloudfunctions2_function", "service_config.0.service_account_email", "1-compute@developer.gserviceaccount.com"),
    ("google_cloud_run_v2_service_iam_member", "member", "serviceAccount:barq-other@barq-delivery.iam.gserviceaccount.com"),
    ("google_pubsub_topic", "name", "barq-news"),
    ("google_pubsub_subscription", "ack_deadline_seconds", 30),
    ("google_pubsub_subscription", "expiration_policy.0.ttl", "2678400s"),
    ("google_pubsub_subscription", "filter", 'attributes.status = "SUCCESS"'),
    ("google_workflows_workflow", "source_contents", "main: {steps: []}"),
    ("google_workflows_workflow", "user_env_vars.BARQ_FUNCTIONS", "{}"),
    ("google_eventarc_trigger", "transport.0.pubsub.0.topic", "projects/barq-delivery/topics/barq-events"),
    ("google_cloud_scheduler_job", "schedule", "*/5 * * * *"),
    ("google_cloud_scheduler_job", "http_target.0.oidc_token.0.audience", "https://barq"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value"), SPOILT_PLANS)
def test_a_change_in_terraform_alone_is_found(planned, kind, path, value):
    spoilt = _spoilt(planned, kind, path, value)

    assert differences(of_plan(planned), of_plan(spoilt))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("push_config.0.push_endpoint", "https://nowhere.run.app"),
        ("push_config.0.oidc_token.0.audience", "https://barq"),
        ("retry_policy.0.maximum_backoff", "601s"),
        ("dead_letter_policy.0.max_delivery_attempts", 5),
        ("enable_message_ordering", "other"),
    ],
)
def test_a_change_of_a_push_alone_is_found(planned, path, value):
    push = next(one for one in planned.of("google_pubsub_subscription") if one["push_config"])
    if value == "other":
        value = not push[path]

    spoilt = _spoilt(planned, push.type, path, value, address=push.address)

    assert differences(of_plan(planned), of_plan(spoilt))


SPOILT_DESCRIPTIONS = [
    ("kept.0", "events"),
    ("concurrency", 80),
    ("workflows.rollout.account", "barq-trigger"),
    ("workflows.drill.calls.0", "plan"),
    ("triggers.0.topic", "events"),
    ("schedules.0.attempt_deadline_seconds", 180),
    ("functions.plan.env.0", "RUN_V2_ENDPOINT"),
    ("functions.rollback.source", "approve.py"),
    ("functions.on_alert.subscription.retry_seconds.1", 600),
    ("functions.sweep.timeout_seconds", 540),
    ("functions.on_alert.subscription.attempts_max", 5),
    ("functions.notify.subscription.per_channel", False),
]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A tree of functions with nothing but the description: quick to install, files apart."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / "installation.yaml").write_bytes((PLACE.functions / "installation.yaml").read_bytes())
    return folder


@pytest.mark.parametrize(("path", "value"), SPOILT_DESCRIPTIONS)
def test_a_change_of_the_installer_alone_is_found(planned, alone, tmp_path, path, value):
    local = installing(tmp_path, alone)
    _put(local.installer._description, path, value)

    found = differences(of_plan(planned), local.install())

    assert [one for one in found if not one.startswith("files.")]


def test_a_file_that_only_one_side_deploys_is_found(planned, tmp_path):
    local = installing(tmp_path).install()
    planned_files = of_plan(planned)
    del planned_files.files["rollouts/judging.py"]

    assert [one.partition(":")[0] for one in differences(planned_files, local)] == ["files.rollouts/judging.py.sha256"]  # fmt: skip


def _spoilt(planned, kind, path, value, address=None):
    """The plan with one value changed, in the first resource of a kind that has it."""
    found = [
        one for one in planned.of(kind) if address in (None, one.address) and _has(one.values, path)
    ]
    values = copy.deepcopy(dict(found[0].values))
    _put(values, path, value)
    changed = replace(found[0], values=values)
    return replace(planned, resources={**planned.resources, changed.address: changed})


def _has(values, path):
    *way, _ = path.split(".")
    try:
        for key in way:
            values = values[int(key) if isinstance(values, list) else key]
    except (KeyError, IndexError):
        return False
    return True


def _put(values, path, value):
    *way, last = path.split(".")
    for key in way:
        values = values[int(key) if isinstance(values, list) else key]
    key = int(last) if isinstance(values, list) else last
    values[key] = value


def test_the_archive_holds_no_caches(planned):
    (archive,) = planned.archives.values()

    assert not [name for name in archive if Path(name).suffix == ".pyc" or "__pycache__" in name]


def test_a_function_answers_before_pub_sub_sends_again(planned):
    """A message that is not answered in time comes again, beside the first."""
    deadlines = {
        one["push_config"][0]["push_endpoint"]: one["ack_deadline_seconds"]
        for one in planned.of("google_pubsub_subscription")
        if one["push_config"]
    }
    for one in planned.of("google_cloudfunctions2_function"):
        config = one["service_config"][0]
        mine = [deadline for url, deadline in deadlines.items() if url.startswith(config["uri"])]

        assert all(config["timeout_seconds"] <= deadline for deadline in mine)
        assert config["environment_variables"]["THREADS"] == str(
            config["max_instance_request_concurrency"]
        )
