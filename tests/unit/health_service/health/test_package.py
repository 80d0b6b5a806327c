"""The package as others meet it: its page, and what it costs to import."""

import ast
import asyncio
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from health_service import health
from health_service.health import Phase
from tests.unit.health_service.health.test_openapi import judge

PAGE = Path(health.__file__).with_name("README.md")


def code():
    [found] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return found


def example():
    module: dict[str, Any] = {}
    exec(compile(code(), str(PAGE), "exec"), module)
    return module


def test_the_example_of_the_page_runs(ask):
    """In real time: it looks at a disk and at this very container."""
    module = example()
    app, lifecycle = module["app"], module["lifecycle"]

    async def main():
        before = await ask(app, "/health/ready")
        async with app.router.lifespan_context(app):
            ready = await ask(app, "/health/ready")
            detailed = await ask(app, "/health/detailed")
        after = await ask(app, "/health/ready")
        return before, ready, detailed, after, await ask(app, "/openapi.json")

    before, ready, detailed, after, document = asyncio.run(main())

    assert [before.status, ready.status, after.status] == [503, 200, 503]
    assert lifecycle.phase is Phase.STOPPING
    judge(detailed, "/health/detailed")
    queue, disk = detailed.json()["checks"]
    assert (queue["name"], queue["healthy"], queue["details"]) == ("queue", True, {"waiting": 3})
    assert (disk["name"], disk["healthy"], disk["critical"]) == ("disk", True, False)
    assert "/health/detailed" in document.json()["paths"]


def test_every_name_that_the_page_uses_is_exported():
    used = set(re.findall(r"`(By\w+|[A-Z][a-z]+)\(", PAGE.read_text("utf-8")))
    for node in ast.walk(ast.parse(code())):
        if isinstance(node, ast.ImportFrom) and node.module == "health_service.health":
            used |= {name.name for name in node.names}

    assert {"ByIdentity", "Nobody", "HealthRouter", "in_thread"} <= used
    assert used <= set(health.__all__)


def test_what_is_exported_is_there():
    assert [name for name in health.__all__ if not hasattr(health, name)] == []


def imported_by(program):
    script = textwrap.dedent(program) + "\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_package_needs_the_standard_library_alone():
    names = imported_by("import health_service.health")

    assert names - sys.stdlib_module_names - {"health_service"} <= imported_by("")
    assert not names & {"starlette", "fastapi", "psutil", "jwt", "cryptography"}


def test_a_router_that_nobody_asks_for_details_needs_no_more():
    names = imported_by("""
        import asyncio
        from health_service.health import *

        async def container():
            return {}

        async def main():
            now = asyncio.get_running_loop().time
            router = HealthRouter(
                identity=Identity("s", "1", "r", "here", "test"), checks=Checks(now),
                lifecycle=Lifecycle(), uptime=now, container=container,
                callers=ByIdentity(["anna@example.com"], "https://fleet.example.com"),
            )
            async def send(message): pass
            for path in ("/live", "/ready", "/detailed"):
                scope = {"type": "http", "method": "GET", "path": path, "headers": []}
                await router(scope, None, send)

        asyncio.run(main())
    """)

    assert not names & {"starlette", "psutil", "jwt", "cryptography", "http"}
