"""How an installation is wired, as values: read from a plan of modules/delivery, and from a local cloud.

Both readers give the same words: full names are cut down to short ones, URLs to the function whose
they are. So what differs between the two is what is wired otherwise.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.plans import Plan, Resource

Facts = dict[str, Any]


@dataclass
class Wiring:
    """Kind of thing -> its name -> what is to be said of it."""

    functions: dict[str, Facts] = field(default_factory=dict)
    topics: dict[str, Facts] = field(default_factory=dict)
    subscriptions: dict[str, Facts] = field(default_factory=dict)
    workflows: dict[str, Facts] = field(default_factory=dict)
    triggers: dict[str, Facts] = field(default_factory=dict)
    jobs: dict[str, Facts] = field(default_factory=dict)
    files: dict[str, Facts] = field(default_factory=dict)
    """Of the source archive: name -> SHA-256."""


def differences(one: Wiring, other: Wiring) -> list[str]:
    """Name every value that only one side has, as `kind.name.fact: one, other`."""
    mine, theirs = dict(_flat("", asdict(one))), dict(_flat("", asdict(other)))
    names = sorted(mine.keys() | theirs.keys())
    return [
        f"{name}: {mine.get(name, 'missing')!r}, {theirs.get(name, 'missing')!r}"
        for name in names
        if name not in mine or name not in theirs or mine[name] != theirs[name]
    ]


def _flat(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        return [
            found
            for key, inner in value.items()
            for found in _flat(f"{path}.{key}" if path else str(key), inner)
        ]
    return [(path, value)]


def short(name: str) -> str:
    """`projects/p/topics/barq-events` -> `barq-events`; an e-mail -> what stands before its @."""
    return name.rpartition("/")[2].partition("@")[0]


def seconds(text: str) -> float:
    """`60s`, as Google's APIs write a duration."""
    assert text.endswith("s"), text
    return float(text[:-1])


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def of_plan(plan: Plan) -> Wiring:
    """Read what Terraform would make."""
    urls = {one["service_config"][0]["uri"]: _target(one) for one in _functions(plan)}
    wiring = Wiring()
    for one in _functions(plan):
        wiring.functions[_target(one)] = _planned_function(one, plan)
    for one in plan.of("google_pubsub_topic"):
        wiring.topics[one["name"]] = {}
    for one in plan.of("google_pubsub_subscription"):
        wiring.subscriptions[one["name"]] = _planned_subscription(one, urls)
    for one in plan.of("google_workflows_workflow"):
        wiring.workflows[one["name"]] = {
            "source": sha256(one["source_contents"]),
            "account": short(one["service_account"]),
            "env": in_words(one["user_env_vars"], urls),
        }
    for one in plan.of("google_eventarc_trigger"):
        wiring.triggers[one["name"]] = _planned_trigger(one)
    for one in plan.of("google_cloud_scheduler_job"):
        wiring.jobs[one["name"]] = _planned_job(one, urls)
    (archive,) = plan.archives.values()
    wiring.files = {name: {"sha256": digest} for name, digest in archive.items()}
    return wiring


def _functions(plan: Plan) -> list[Resource]:
    return plan.of("google_cloudfunctions2_function")


def _target(function: Resource) -> str:
    return str(function["build_config"][0]["entry_point"])


def _planned_function(one: Resource, plan: Plan) -> Facts:
    build, service = one["build_config"][0], one["service_config"][0]
    invokers = {
        short(grant["member"].removeprefix("serviceAccount:"))
        for grant in plan.of("google_cloud_run_v2_service_iam_member")
        if grant["name"] == one["name"] and grant["member"].startswith("serviceAccount:")
    }
    return {
        "service": one["name"],
        "source": build["environment_variables"]["GOOGLE_FUNCTION_SOURCE"],
        "account": short(service["service_account_email"]),
        "variables": dict(service["environment_variables"]),
        "secrets": sorted(each["key"] for each in service["secret_environment_variables"]),
        "timeout_seconds": service["timeout_seconds"],
        "concurrency": service["max_instance_request_concurrency"],
        "invokers": sorted(invokers),
    }


def _planned_subscription(one: Resource, urls: Mapping[str, str]) -> Facts:
    facts: Facts = {
        "topic": short(one["topic"]),
        "ack_deadline_seconds": one["ack_deadline_seconds"],
        "ordered": bool(one["enable_message_ordering"]),
        "filter": one["filter"] or "",
        "expires": bool(one["expiration_policy"][0]["ttl"]),
    }
    for push in one["push_config"]:
        token = push["oidc_token"][0]
        facts["push"] = {
            **endpoint(push["push_endpoint"], urls),
            "account": short(token["service_account_email"]),
            "audience": urls.get(token["audience"], token["audience"]),
            "wrapped": not push["no_wrapper"],
        }
    for retry in one["retry_policy"]:
        bounds = (retry["minimum_backoff"], retry["maximum_backoff"])
        facts["retry_seconds"] = [seconds(bound) for bound in bounds]
    for dead in one["dead_letter_policy"]:
        facts["dead_letter"] = short(dead["dead_letter_topic"])
        facts["attempts_max"] = dead["max_delivery_attempts"]
    return facts


def _planned_trigger(one: Resource) -> Facts:
    return {
        "topic": short(one["transport"][0]["pubsub"][0]["topic"]),
        "workflow": short(one["destination"][0]["workflow"]),
        "account": short(one["service_account"]),
        "events": sorted(
            f"{each['attribute']}={each['value']}" for each in one["matching_criteria"]
        ),
    }


def _planned_job(one: Resource, urls: Mapping[str, str]) -> Facts:
    target = one["http_target"][0]
    token = target["oidc_token"][0]
    return {
        "schedule": one["schedule"],
        "time_zone": one["time_zone"],
        "attempt_seconds_max": seconds(one["attempt_deadline"]),
        "retries": one["retry_config"][0]["retry_count"],
        "method": target["http_method"],
        **endpoint(target["uri"], urls),
        "account": short(token["service_account_email"]),
        "audience": urls.get(token["audience"], token["audience"]),
    }


def endpoint(url: str, urls: Mapping[str, str]) -> Facts:
    """Take a URL apart: whose it is, and the path below it."""
    for base, function in urls.items():
        if url == base or url.startswith(f"{base}/"):
            return {"function": function, "path": url.removeprefix(base)}
    return {"function": url, "path": ""}


def in_words(variables: Mapping[str, str], urls: Mapping[str, str]) -> Facts:
    """A workflow's environment, with functions for their URLs."""
    found: Facts = dict(variables)
    if "BARQ_FUNCTIONS" in found:
        listed = json.loads(found["BARQ_FUNCTIONS"])
        found["BARQ_FUNCTIONS"] = {name: urls.get(url, url) for name, url in listed.items()}
    return found


def of_folder(folder: Path) -> dict[str, Facts]:
    """Read a staged source archive."""
    return {
        str(file.relative_to(folder)): {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
