"""The rollback path starts cold in a bad moment: what it imports is part of what it promises."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[4] / "functions"
LIGHT = (
    "rollback",
    "gcp.world",
    "gcp.edge",
    "gcp.acting",
    "gcp.looking",
    "gcp.session",
    "gcp.run_services",
    "gcp.request_log",
    "gcp.events_rest",
    "gcp.callbacks",
    "gcp.compare_and_swap",
    "gcp.environment",
    "gcp.clock",
)
HEAVY = ("gcp.run_revisions", "gcp.metrics", "gcp.events", "gcp.executions")
SCRIPT = """
import importlib, json, sys
import functions_framework
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def imported(*names: str) -> list[str]:
    found = subprocess.run(
        [sys.executable, "-c", SCRIPT, *names],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(FUNCTIONS), "PATH": ""},
        timeout=60,
    )
    return list(json.loads(found.stdout))


def clients(modules: list[str]) -> list[str]:
    """Return what belongs to a client library: gRPC, generated code, or what both stand on."""
    heavy = ("grpc", "google.api_core", "google.protobuf", "google.pubsub", "proto")
    return [
        name
        for name in modules
        if name.startswith("google.cloud.")
        or name.split(".")[0] == "grpc"
        or name.startswith(heavy)
    ]


@pytest.mark.processes
def test_the_rollback_path_imports_no_client_library_and_writes_no_letters():
    found = imported(*LIGHT)

    assert clients(found) == []
    assert not {"rollouts.routing", "rollouts.mails"} & set(found)


@pytest.mark.processes
@pytest.mark.parametrize("name", HEAVY)
def test_the_others_do_and_so_the_test_above_can_fail(name):
    assert clients(imported(name)) != []
