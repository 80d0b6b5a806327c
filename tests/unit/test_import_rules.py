"""Holds the repository to the rules of `import_rules.py`, and each rule to planted breaches.

A rule that cannot fail protects nothing.
"""

import re
from pathlib import Path

import pytest

from tests.unit.import_rules import (
    RULES,
    clocks,
    core_builtins,
    core_imports,
    effects_import_no_handler,
    functions_know_no_other_place,
    functions_name_no_emulator,
    functions_read_the_environment_in_one_place,
    functions_stand_on_their_own,
    health_service_imports,
    local_cloud_imports,
    mountable_health_imports,
    nothing_names_the_example,
    sources,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule):
    broken = rule(ROOT)

    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


@pytest.mark.parametrize(
    "folder", ["functions/rollouts", "functions/gcp", "local_cloud", "health_service"]
)
def test_the_rules_look_at_real_files(folder):
    """A folder that was renamed would keep every rule."""
    assert sources(ROOT, folder)


def test_the_rules_look_at_every_function():
    """`functions/` has folders below it, which alone would make it look well."""
    described = (ROOT / "functions" / "installation.yaml").read_text("utf-8")
    named = set(re.findall(r"source: (\w+\.py)", described))

    assert len(named) >= 9
    assert {f"functions/{name}" for name in named} <= {
        source.path for source in sources(ROOT, "functions")
    }


PLANTED = [
    (core_imports, "functions/rollouts/a.py", "import os"),
    (core_imports, "functions/rollouts/a.py", "import os.path as p"),
    (core_imports, "functions/rollouts/a.py", "from time import time"),
    (core_imports, "functions/rollouts/a.py", "from random import Random"),
    (core_imports, "functions/rollouts/a.py", "import urllib.request"),
    (core_imports, "functions/rollouts/a.py", "from urllib import request"),
    (core_imports, "functions/rollouts/a.py", "import asyncio"),
    (core_imports, "functions/rollouts/a.py", "from google.cloud import run_v2"),
    (core_imports, "functions/rollouts/a.py", "import yaml"),
    (core_imports, "functions/rollouts/a.py", "from gcp import ports"),
    (core_imports, "functions/rollouts/a.py", "from functions.gcp import ports"),
    (core_imports, "functions/rollouts/a.py", "from ..gcp import ports"),
    (core_imports, "functions/rollouts/deep/a.py", "def f():\n    import logging"),
    (core_imports, "functions/rollouts/a.py", "if TYPE_CHECKING:\n    import requests"),
    (core_builtins, "functions/rollouts/a.py", "x = open('f').read()"),
    (core_builtins, "functions/rollouts/a.py", "say = print"),
    (core_builtins, "functions/rollouts/a.py", "t = __import__('t' + 'ime')"),
    (effects_import_no_handler, "functions/gcp/a.py", "import plan"),
    (effects_import_no_handler, "functions/gcp/a.py", "from functions.status import main"),
    (effects_import_no_handler, "functions/gcp/a.py", "from functions import deploy"),
    (effects_import_no_handler, "functions/rollouts/a.py", "from .. import rollback"),
    (functions_stand_on_their_own, "functions/plan.py", "from local_cloud.kit import http"),
    (functions_stand_on_their_own, "functions/gcp/a.py", "import health_service"),
    (functions_stand_on_their_own, "functions/a.py", "importlib.import_module('tests.fakes')"),
    (local_cloud_imports, "local_cloud/a.py", "from functions.rollouts import judging"),
    (local_cloud_imports, "local_cloud/run/a.py", "from rollouts.record import Record"),
    (local_cloud_imports, "local_cloud/run/a.py", "import gcp.run"),
    (local_cloud_imports, "local_cloud/run/a.py", "import shift_traffic"),
    (local_cloud_imports, "local_cloud/a.py", "importlib.import_module('roll' + 'outs.record')"),
    (local_cloud_imports, "local_cloud/a.py", "from health_service.app import create_app"),
    (health_service_imports, "health_service/a.py", "from local_cloud.kit import http"),
    (health_service_imports, "health_service/a.py", "import rollouts"),
    (mountable_health_imports, "health_service/health/a.py", "import asyncpg"),
    (
        mountable_health_imports,
        "health_service/health/a.py",
        "from health_service.settings import Settings",
    ),
    (clocks, "functions/rollouts/a.py", "import datetime\nx = datetime.datetime.now()"),
    (clocks, "functions/plan.py", "import datetime as dt\nx = dt.datetime.now(dt.UTC)"),
    (clocks, "functions/plan.py", "from datetime import datetime as D\nx = D.utcnow()"),
    (clocks, "functions/plan.py", "import datetime as dt\nx = dt.date.today()"),
    (clocks, "local_cloud/run/a.py", "import time as t\nt.sleep(1)"),
    (clocks, "local_cloud/run/a.py", "from time import sleep\nsleep(1)"),
    (clocks, "local_cloud/a.py", "import time\ndef f(now=time.time): ..."),
    (clocks, "local_cloud/a.py", "import time\nx = getattr(time, 'ti' + 'me')()"),
    (clocks, "local_cloud/a.py", "from datetime import datetime\nD = datetime\nx = D.now()"),
    (clocks, "local_cloud/a.py", "from time import *"),
    (clocks, "health_service/app.py", "import time\nx = time.time_ns()"),
    (functions_know_no_other_place, "functions/plan.py", "if os.environ['PLACE'] == 'local': ..."),
    (functions_know_no_other_place, "functions/plan.py", "x = os.environ.get('BARQ_LOCAL')"),
    (functions_know_no_other_place, "functions/plan.py", "if is_local(): ..."),
    (functions_know_no_other_place, "functions/plan.py", "if settings.runLocal: ..."),
    (
        functions_know_no_other_place,
        "functions/gcp/a.py",
        "if url.startswith('http://localhost'): ...",
    ),
    (functions_know_no_other_place, "functions/gcp/a.py", "x = f'http://127.0.0.1:{port}'"),
    (functions_know_no_other_place, "functions/gcp/a.py", "def f(local=False): ..."),
    (functions_know_no_other_place, "functions/gcp/a.py", "x = env == 'lo' + 'cal'"),
    (functions_know_no_other_place, "functions/gcp/a.py", "x = b'local'"),
    (functions_know_no_other_place, "functions/gcp/a.py", "class LocalRun: ..."),
    (
        functions_read_the_environment_in_one_place,
        "functions/plan.py",
        "import os\nif os.environ.get('K_SERVICE'): ...",
    ),
    (
        functions_read_the_environment_in_one_place,
        "functions/gcp/a.py",
        "import os as o\no.getenv('X')",
    ),
    (functions_read_the_environment_in_one_place, "functions/a.py", "from os import environ as e"),
    (functions_read_the_environment_in_one_place, "functions/a.py", "getattr(os, 'env' + 'iron')"),
    (functions_name_no_emulator, "functions/plan.py", "# as the emulator does"),
    (functions_name_no_emulator, "functions/requirements.txt", "local_cloud==1"),
    (functions_name_no_emulator, "functions/gcp/a.py", "x = 'PUBSUB_EMULATOR_HOST'"),
    (nothing_names_the_example, "workflows/rollout.yaml", "service: fleet"),
    (nothing_names_the_example, "functions/plan.py", "# the Fleet service"),
    (nothing_names_the_example, "local_cloud/fleet.py", "x = 1"),
]


@pytest.mark.parametrize(("rule", "path", "text"), PLANTED)
def test_a_planted_breach_is_found_where_it_stands(tmp_path, rule, path, text):
    plant(tmp_path, path, text)

    broken = rule(tmp_path)

    assert broken, f"{rule.__name__} misses {text!r}"
    assert all(found.startswith(f"{path}:") for found in broken)


INNOCENT = [
    ("functions/rollouts/a.py", "import datetime as dt\nfrom dataclasses import dataclass, field"),
    ("functions/rollouts/a.py", "from urllib.parse import quote\nimport collections.abc"),
    ("functions/rollouts/a.py", "from collections.abc import Mapping\nfrom . import record"),
    ("functions/rollouts/a.py", "from rollouts.record import Record\nimport rollouts.policy"),
    ("functions/rollouts/a.py", "def f(clock): return clock.now()"),
    ("functions/rollouts/a.py", "class Incident:\n    open: bool\nx = incident.open"),
    ("functions/rollouts/a.py", "from enum import StrEnum\nclass Gate(StrEnum): OPEN = 'open'"),
    ("functions/plan.py", '"""In local time, as the developer\'s laptop shows it."""\n# local'),
    ("functions/plan.py", "from gcp import run\nfrom rollouts import planning\nimport status"),
    ("functions/gcp/world.py", "import os\nx = dict(os.environ)"),
    ("functions/plan.py", "import locale\nx = allocated, localized"),
    (
        "functions/gcp/a.py",
        "import datetime as dt\nfrom rollouts import record\nx = dt.datetime.now()",
    ),
    ("local_cloud/run/a.py", "from local_cloud.run import status, deploy\nfrom . import plan"),
    ("local_cloud/kit/scheduler.py", "import datetime as dt\nx = dt.datetime.now(dt.UTC)"),
    ("local_cloud/run/a.py", "import time\nbegan = time.monotonic()"),
    ("local_cloud/fronts/deep/a.py", "import time\ntime.sleep(1)"),
    ("local_cloud/a.py", "import datetime as dt\nx = dt.datetime.fromisoformat(text), now()"),
    ("health_service/a.py", "from health_service import checks\nimport starlette"),
    ("health_service/a.py", "MESSAGE = 'BARQ Fleet Management'"),
]


@pytest.mark.parametrize(("path", "text"), INNOCENT)
def test_what_is_allowed_is_left_alone(tmp_path, path, text):
    plant(tmp_path, path, text)

    assert [found for rule in RULES for found in rule(tmp_path)] == []


def test_every_rule_has_a_planted_breach():
    assert {rule for rule, _, _ in PLANTED} == set(RULES)


def test_a_breach_is_told_once_with_its_place_and_its_rule(tmp_path):
    plant(tmp_path, "local_cloud/run/model.py", "x = 1\nfrom rollouts import record, policy\n")

    [told] = local_cloud_imports(tmp_path)

    assert told == (
        "local_cloud/run/model.py:2: imports rollouts;"
        " the local cloud shares no code with what it runs"
    )


def plant(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True)
    file.write_text(text, "utf-8")
