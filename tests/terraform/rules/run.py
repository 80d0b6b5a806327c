"""Rules for Cloud Run services and jobs."""

from typing import Any

from tests.terraform.rules.access import LABEL
from tests.terraform.rules.kit import (
    Check,
    at_most_one,
    between,
    each,
    one_of,
    pattern,
    rules,
    seconds,
    whole,
)

SERVICE = "https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services"
JOB = "https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs"
PROBES = "https://cloud.google.com/run/docs/configuring/healthchecks"
CPU = "https://cloud.google.com/run/docs/configuring/services/cpu"
VARIABLES = "https://cloud.google.com/run/docs/configuring/services/environment-variables"
NAME = pattern(r"[a-z](?:[-a-z0-9]{0,47}[a-z0-9])?", "1 to 49 of a-z, 0-9 and -, first a letter")
ENV_NAME = Check(
    lambda name: (
        name not in ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION")
        and "=" not in name
        and not name.startswith("X_GOOGLE_")
    ),
    "no =, no X_GOOGLE_, none of PORT, K_SERVICE, K_REVISION and K_CONFIGURATION",
)
EGRESS = one_of("ALL_TRAFFIC", "PRIVATE_RANGES_ONLY")
LAUNCH = one_of("ALPHA", "BETA", "GA", "UNIMPLEMENTED", "PRELAUNCH", "EARLY_ACCESS", "DEPRECATED")


def _cpus_and_memory_agree(limits: Any) -> bool:
    """4 CPUs need 2 GiB, 8 need 4 GiB, and less than one CPU takes 512 MiB at most or 1 GiB."""
    if not {"cpu", "memory"} <= set(limits):
        return True
    text = str(limits["cpu"])
    cpus = float(text[:-1]) / 1000 if text.endswith("m") else float(text)
    amount = str(limits["memory"])
    units = {"Mi": 1 / 1024, "Gi": 1.0, "M": 1 / 1073.74, "G": 0.931}
    unit = amount.lstrip("0123456789.")
    gib = float(amount.removesuffix(unit)) * units[unit]
    least = {4: 2, 6: 4, 8: 4}.get(int(cpus), 0)
    most = {1: 4, 2: 8, 4: 16, 6: 24, 8: 32}.get(int(cpus), 32 if cpus > 1 else 1)
    return bool(least <= gib <= most)


def _one_whole(service: Any) -> bool:
    shares = [one["percent"] or 0 for one in service["traffic"] or []]
    return not shares or sum(shares) == 100


def _latest_has_no_revision(target: Any) -> bool:
    latest = target["type"] == "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
    return bool(target["revision"]) is not latest


def _probe(period_max: int) -> dict[str, Check | list[Check]]:
    return {
        "initial_delay_seconds": between(0, 240),
        "period_seconds": between(1, period_max),
        "timeout_seconds": between(1, period_max),
        "failure_threshold": between(1, 1000),
        "": [
            whole(
                lambda one: (one.get("timeout_seconds") or 1) <= (one.get("period_seconds") or 10),
                "timeout_seconds is no longer than period_seconds",
            ),
            at_most_one("http_get", "tcp_socket", "grpc"),
        ],
    }


def _placed(place: str, table: dict[str, Check | list[Check]]) -> dict[str, Check | list[Check]]:
    """A block's rules where the block stands; those for the whole are asked of each block."""
    return {
        f"{place}.{path}" if path else place: (
            [each(one) for one in check] if not path and isinstance(check, list) else check
        )
        for path, check in table.items()
    }


_CONTAINERS = {
    "env": each(at_most_one("value", "value_source")),
    "env.name": ENV_NAME,
    "resources.limits": whole(_cpus_and_memory_agree, "CPUs and memory that go together"),
    "image": pattern(r"\S+", "no empty image"),
}

RULES = (
    *rules(
        "google_cloud_run_v2_service",
        SERVICE,
        {
            "": whole(_one_whole, "the shares of traffic add up to 100"),
            "name": NAME,
            "ingress": one_of(
                "INGRESS_TRAFFIC_ALL",
                "INGRESS_TRAFFIC_INTERNAL_ONLY",
                "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            ),
            "launch_stage": LAUNCH,
            "template.execution_environment": one_of(
                "EXECUTION_ENVIRONMENT_GEN1", "EXECUTION_ENVIRONMENT_GEN2"
            ),
            "template.labels": LABEL,
            "template.timeout": seconds(1, 3600),
            "template.max_instance_request_concurrency": between(1, 1000),
            "template.scaling.max_instance_count": between(1, 1000),
            "template.scaling.min_instance_count": between(0, 1000),
            "scaling.scaling_mode": one_of("AUTOMATIC", "MANUAL"),
            "template.vpc_access": each(at_most_one("connector", "network_interfaces")),
            "template.vpc_access.egress": EGRESS,
            "traffic": each(whole(_latest_has_no_revision, "a revision, or LATEST, not both")),
            "traffic.type": one_of(
                "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
            ),
            "traffic.percent": between(0, 100),
        },
    ),
    *rules(
        "google_cloud_run_v2_service", VARIABLES, _placed("template.containers", {**_CONTAINERS})
    ),
    *rules(
        "google_cloud_run_v2_service",
        PROBES,
        {
            **_placed("template.containers.startup_probe", _probe(240)),
            **_placed("template.containers.liveness_probe", _probe(3600)),
            "template.containers.ports.container_port": between(1, 65535),
        },
    ),
    *rules(
        "google_cloud_run_v2_job",
        JOB,
        {
            "name": NAME,
            "launch_stage": LAUNCH,
            "template.labels": LABEL,
            "template.task_count": between(1, 10000),
            "template.template.max_retries": between(0, 10),
            "template.template.timeout": seconds(1, 7 * 24 * 3600),
            "template.template.vpc_access": each(at_most_one("connector", "network_interfaces")),
            "template.template.vpc_access.egress": EGRESS,
        },
    ),
    *rules(
        "google_cloud_run_v2_job",
        VARIABLES,
        _placed("template.template.containers", {**_CONTAINERS}),
    ),
    *rules(
        "google_cloud_run_v2_(?:service|job)",
        CPU,
        {"template.containers.resources.limits": Check(bool, "cpu and memory, not empty")},
    ),
)
