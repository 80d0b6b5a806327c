"""What each alert policy is shown: a minute of data that is bad, good, or just not bad yet.

One function a signal, called once a virtual minute with `quality`. `edge` is the threshold itself.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.recorded import Source
from tests.terraform.applied import Applied
from tests.terraform.monitored import BARQ, SERVICE

PROJECT: Final = SERVICE["project"]
REGION: Final = SERVICE["region"]
DELIVERY: Final = BARQ["project"]
REVISION: Final = {
    "project_id": PROJECT,
    "service_name": "fleet",
    "revision_name": "fleet-2",
    "location": REGION,
    "configuration_name": "fleet",
}
DATABASE: Final = {
    "project_id": PROJECT,
    "database_id": SERVICE["database"]["id"],
    "region": REGION,
}
CHECKERS: Final = ("eur-belgium", "usa-oregon", "usa-iowa", "usa-virginia", "sa-brazil", "apac-sg")
Minute = Callable[[Applied, str], None]


def serve(
    world: Applied,
    status: int,
    count: int,
    latency: float = 0.1,
    *,
    service: str = "fleet",
    project: str = PROJECT,
) -> None:
    if not count:
        return
    now = world.scheduler.now()
    asked = ServedRequest(
        *(project, REGION, service, f"{service}-2", "i", "GET", "http://fleet/", status),
        now - dt.timedelta(seconds=latency),
        latency,
    )
    world.monitoring.record(asked, count)


def gauge(world: Applied, name: str, value: Any, source: Source, project: str = PROJECT) -> None:
    world.monitoring.write(project, name, value, source)


def line(world: Applied, project: str, service: str, log: str, severity: str, **more: Any) -> None:
    labels = {"project_id": project, "service_name": service, "location": REGION}
    labels |= {"revision_name": f"{service}-2", "configuration_name": service}
    world.log(
        {
            "logName": f"projects/{project}/logs/run.googleapis.com%2F{log}",
            "resource": {"type": "cloud_run_revision", "labels": labels},
            "severity": severity,
            **more,
        }
    )


def error_ratio(world: Applied, quality: str) -> None:
    bad = {"bad": 2, "edge": 1, "good": 0}[quality]
    serve(world, 200, 100 - bad)
    serve(world, 500, bad)


def unavailable(world: Applied, quality: str) -> None:
    failing = {"bad": 2, "edge": 1, "good": 0}[quality]
    check = world.policies["unavailable"].conditions[0].document["conditionThreshold"]["filter"]
    resource = {"project_id": PROJECT, "host": SERVICE["host"]}
    for number, place in enumerate(CHECKERS):
        labels = {"check_id": check.split('check_id="')[1].split('"')[0], "checker_location": place}
        gauge(
            world,
            "monitoring.googleapis.com/uptime_check/check_passed",
            number >= failing,
            Source("uptime_url", resource, labels),
        )


def latency(world: Applied, quality: str) -> None:
    slow = {"bad": 10, "edge": 5, "good": 0}[quality]
    serve(world, 200, 100 - slow)
    serve(world, 200, slow, 3.0)


def instances(world: Applied, quality: str) -> None:
    """Nine of ten, of two revisions and two states together."""
    idle = {"bad": 3, "edge": 2, "good": 0}[quality]
    for revision, state, count in [("fleet-1", "active", 4), ("fleet-2", "active", 2)]:
        labels = REVISION | {"revision_name": revision}
        source = Source("cloud_run_revision", labels, {"state": state})
        gauge(world, "run.googleapis.com/container/instance_count", count, source)
    source = Source("cloud_run_revision", REVISION, {"state": "idle"})
    gauge(world, "run.googleapis.com/container/instance_count", idle, source)


def startup(world: Applied, quality: str) -> None:
    slow = {"bad": 10, "edge": 5, "good": 0}[quality]
    started = Distribution.of([3_000.0] * (100 - slow) + [20_000.0] * slow)
    source = Source("cloud_run_revision", REVISION)
    gauge(world, "run.googleapis.com/container/startup_latencies", started, source)


def application_errors(world: Applied, quality: str) -> None:
    """Eleven in three minutes. What is no error of the application does not count."""
    minute = int((world.scheduler.now().timestamp() // 60) % 3)
    count = {"bad": 5 if minute else 1, "edge": 4 if minute else 2, "good": 0}[quality]
    for _ in range(count):
        line(world, PROJECT, "fleet", "stderr", "ERROR", textPayload="no such vehicle")
    for _ in range(20):
        line(world, PROJECT, "fleet", "stdout", "WARNING", textPayload="slow")
        line(world, PROJECT, "other", "stderr", "ERROR", textPayload="not ours")
        line(world, PROJECT, "fleet", "requests", "ERROR", httpRequest={"status": 500})
        asked = {"requestUrl": "https://fleet/health/ready", "status": 503}
        line(world, PROJECT, "fleet", "stdout", "ERROR", httpRequest=asked)


def database_connections(world: Applied, quality: str) -> None:
    second = {"bad": 21, "edge": 20, "good": 1}[quality]
    for name, count in [("fleet", 60), ("postgres", second)]:
        source = Source("cloudsql_database", DATABASE, {"database": name})
        gauge(world, "cloudsql.googleapis.com/database/postgresql/num_backends", count, source)


def database_cpu(world: Applied, quality: str) -> None:
    used = {"bad": 0.86, "edge": 0.85, "good": 0.2}[quality]
    source = Source("cloudsql_database", DATABASE)
    gauge(world, "cloudsql.googleapis.com/database/cpu/utilization", used, source)


def burn_fast(world: Applied, quality: str) -> None:
    """Ten times 0.1 % of an hour's requests."""
    bad = {"bad": 11, "edge": 10, "good": 0}[quality]
    serve(world, 200, 1000 - bad)
    serve(world, 503, bad)


def burn_slow(world: Applied, quality: str) -> None:
    """Twice 0.1 % of a day's requests."""
    bad = {"bad": 3, "edge": 2, "good": 0}[quality]
    serve(world, 200, 1000 - bad)
    serve(world, 500, bad)


def burn_latency_slow(world: Applied, quality: str) -> None:
    """Twice 5 % of a day's requests."""
    slow = {"bad": 11, "edge": 10, "good": 1}[quality]
    serve(world, 200, 100 - slow)
    serve(world, 200, slow, 3.0)


def execution_failed(world: Applied, quality: str) -> None:
    labels = {"resource_container": DELIVERY, "location": REGION, "workflow_id": "rollout"}
    status = {"bad": "FAILED", "edge": "CANCELLED", "good": "SUCCEEDED"}[quality]
    source = Source("workflows.googleapis.com/Workflow", labels, {"status": status})
    name = "workflows.googleapis.com/finished_execution_count"
    world.monitoring.write(DELIVERY, name, 1, source)


def waiting(subscription: str, name: str, values: dict[str, int]) -> Minute:
    def minute(world: Applied, quality: str) -> None:
        labels = {"project_id": DELIVERY, "subscription_id": subscription}
        metric = f"pubsub.googleapis.com/subscription/{name}"
        gauge(world, metric, values[quality], Source("pubsub_subscription", labels), DELIVERY)

    return minute


def function_answers(world: Applied, quality: str) -> None:
    """403 is one too many; 503 asks to be asked again, and is so from the eleventh in five minutes."""
    statuses = {"bad": (403,), "edge": (503, 503), "good": (200, 409)}[quality]
    for status in statuses:
        severity = "ERROR" if status >= 500 else "WARNING"
        asked = {"status": status}
        line(world, DELIVERY, "barq-on-alert", "requests", severity, httpRequest=asked)


def sweeper_silent(world: Applied, quality: str) -> None:
    """Good answers for ten minutes; then it answers only errors, or is silent for nine of eleven."""
    minute = (world.scheduler.now() - world.began).total_seconds() // 60
    is_well = minute < 10 or quality == "good" or (quality == "edge" and minute % 10 == 0)
    status = 200 if is_well else 500
    serve(world, status, 1, service="barq-sweep", project=DELIVERY)


def person_must_act(world: Applied, quality: str) -> None:
    event = {"bad": "page.sent", "edge": "request.failed", "good": "rollout.promoted"}[quality]
    severity = "INFO" if quality == "good" else "ERROR"
    told = {"event": event, "service": "fleet", "target": "production", "rollout": "r7"}
    line(world, DELIVERY, "barq-on-alert", "stdout", severity, jsonPayload=told)
    line(world, DELIVERY, "barq-sweep", "stdout", "WARNING", jsonPayload=told)


SIGNALS: Final[dict[str, Minute]] = {
    "error-ratio": error_ratio,
    "unavailable": unavailable,
    "latency": latency,
    "instances": instances,
    "startup": startup,
    "application-errors": application_errors,
    "database-connections": database_connections,
    "database-cpu": database_cpu,
    "burn-fast": burn_fast,
    "burn-slow": burn_slow,
    "burn-latency-slow": burn_latency_slow,
    "execution-failed": execution_failed,
    "dead-letters": waiting(
        "barq-dead-letters", "num_undelivered_messages", {"bad": 1, "edge": 0, "good": 0}
    ),
    "alert-waiting": waiting(
        "barq-on-alert", "oldest_unacked_message_age", {"bad": 121, "edge": 120, "good": 1}
    ),
    "function-answers": function_answers,
    "sweeper-silent": sweeper_silent,
    "person-must-act": person_must_act,
}
