"""The image's content as processes: its files only, and no package but those in its lock.

A stand-in for the container where there is none: this machine's Python and C library, not the
base image's. `.venv/bin/hadolint` reads the Dockerfile.
"""

import http.client
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from local_cloud.run.launch import free_port
from tools.dockerfile import FOLDER, lay_out, stages

pytestmark = pytest.mark.processes
HADOLINT = Path(sys.executable).parent / "hadolint"
LAST = stages((FOLDER / "Dockerfile").read_text("utf-8"))[-1]
# What only Alembic loads, and only while it runs.
NOT_IMPORTABLE = ("health_service.__main__", "health_service.migrations.env")
IMPORT_ALL = f"""
import importlib, pkgutil, health_service
for found in pkgutil.walk_packages(health_service.__path__, "health_service."):
    if found.name not in {NOT_IMPORTABLE}:
        importlib.import_module(found.name)
        print(found.name)
"""
SERVING = """
import sys, health_service.__main__, health_service.app, health_service.server
print(*sorted({name.split(".")[0] for name in sys.modules}), sep="\\n")
"""


@dataclass(frozen=True)
class Image:
    """The laid-out files; `packages` holds what the lock names, by links into this environment."""

    root: Path
    packages: Path

    def popen(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        # -S: without this environment's own packages, so that one that is not locked is missing.
        return subprocess.Popen(
            [sys.executable, "-S", *arguments],
            cwd=self.root / LAST.all("WORKDIR")[-1].lstrip("/"),
            env={"PYTHONPATH": str(self.packages), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with self.popen(*arguments) as process:
            out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def link_packages(names: list[str], folder: Path) -> None:
    """Make `folder` what `pip install --no-deps --target` of these packages would make."""
    folder.mkdir()
    for name in names:
        package = metadata.distribution(name)
        for top in {file.parts[0] for file in package.files or []} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(package.locate_file(top)))


def locked(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z][a-z0-9-]*)==(\S+)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    root = tmp_path_factory.mktemp("image")
    lay_out(FOLDER, root)
    pins = (root / "service/health_service/requirements.txt").read_text("utf-8")
    link_packages(list(locked(pins)), root / "packages")
    return Image(root, root / "packages")


def test_this_environment_has_the_locked_versions(image):
    """Otherwise the tests here would speak of other packages than the image's."""
    pins = locked((FOLDER / "requirements.txt").read_text("utf-8"))

    assert {name: metadata.version(name) for name in pins} == pins


def test_every_module_can_be_imported_with_the_locked_packages_alone(image):
    status, out, err = image.run("-c", IMPORT_ALL)

    assert (status, err) == (0, "")
    assert {"health_service.app", "health_service.migrate"} <= set(out.split())


def test_a_package_that_is_not_locked_is_missed(image):
    """The environment of the tests has it, and so would a careless stand-in."""
    status, _, err = image.run("-c", "import pytest")

    assert status == 1
    assert "No module named 'pytest'" in err


def test_a_locked_package_less_is_missed(image, tmp_path):
    pins = locked((FOLDER / "requirements.txt").read_text("utf-8"))
    link_packages([name for name in pins if name != "mako"], tmp_path / "packages")

    status, _, err = Image(image.root, tmp_path / "packages").run("-c", IMPORT_ALL)

    assert status == 1
    assert "No module named 'mako'" in err


def test_what_serves_loads_nothing_of_what_migrates(image):
    """The migrations' packages are in the image so that one digest does both; no start pays."""
    status, out, err = image.run("-c", SERVING)

    assert (status, err) == (0, "")
    loaded = set(out.split())
    assert "starlette" in loaded
    assert loaded & {"alembic", "sqlalchemy", "mako", "greenlet"} == set()


def test_the_images_command_serves_and_ends_with_status_0(image):
    port = free_port()
    command = json.loads(LAST.all("CMD")[-1])
    process = image.popen(*command, PORT=str(port), HOST="127.0.0.1")
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["event"] == "service.started"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/health/live")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        process.terminate()
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_the_same_image_migrates(image):
    """Alembic looks for its migrations in files, not by import: they have to be there."""
    status, out, err = image.run("-m", "health_service.migrate", "--sql")

    assert (status, err) == (0, "")
    assert "CREATE TABLE" in out.upper()


def hadolint(text: str, folder: Path) -> list[str]:
    """Return the codes of hadolint's findings, whatever their severity."""
    result = subprocess.run(
        [HADOLINT, "--format", "json", "-"],
        input=text,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return [finding["code"] for finding in json.loads(result.stdout)]


def test_hadolint_finds_nothing_and_is_told_to_overlook_nothing(tmp_path):
    text = (FOLDER / "Dockerfile").read_text("utf-8")

    assert "hadolint ignore" not in text
    assert hadolint(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FROM x:latest\n", "DL3007"),
        ("FROM x\n", "DL3006"),
        ("FROM x:1\nUSER root\n", "DL3002"),
        ("FROM x:1\nRUN pip install y\n", "DL3013"),
    ],
)
def test_hadolint_can_find_something(tmp_path, text, code):
    assert code in hadolint(text, tmp_path)
