"""The OpenAPI document against the service that serves it, by schemathesis with all of its checks.

HYPOTHESIS_PROFILE=explore makes it longer, with a seed that is not the same each time; the seed and
the requests that show a failure are printed.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from tests.processes.fleet_service import FleetService

pytestmark = pytest.mark.processes
EXPLORES = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
EXAMPLES_MAX = 300 if EXPLORES else 12
SEED = random.SystemRandom().randrange(2**32) if EXPLORES else 1


def test_the_document_is_valid_and_names_every_route(fleet: FleetService):
    document = fleet.described()

    validate(document)
    assert set(document["paths"]) == {
        "/",
        "/openapi.json",
        "/vehicles",
        "/vehicles/{id}",
        "/health/live",
        "/health/ready",
        "/health/detailed",
    }


def test_schemathesis_finds_nothing(fleet: FleetService, tmp_path: Path):
    program = Path(sys.executable).with_name("st")
    report = tmp_path / "report.json"
    run = subprocess.run(
        [
            *(program, "run", f"{fleet.url}/openapi.json"),
            *("--checks", "all", "--no-color", "--seed", str(SEED)),
            *("--max-examples", str(EXAMPLES_MAX), "--report-json-path", report),
        ],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-10_000:] + run.stderr[-2_000:]
    found = json.loads(report.read_text())
    assert found["failures"] == found["errors"] == []
    assert found["complete"]
    assert found["operations"]["tested"] == found["operations"]["total"] == 14
    assert {phase["status"] for phase in found["phases"].values()} == {"success"}
    assert found["test_cases"]["generated"] > 200
    # A service that refused everything would also fail nothing.
    created = found["valid_rates"]["POST /vehicles"]["fuzzing"]
    assert created["accepted"] > 0
