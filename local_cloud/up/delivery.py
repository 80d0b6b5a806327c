"""The delivery file, before anything starts: what is wrong with it, and which targets it has.

What is right is judged by the functions' own parser, run as a program: nothing of it is
imported here, so the local cloud cannot agree with the functions' mistakes.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from local_cloud.run.resources import ServiceKey

_WRONG: Final = 3
_PARSER: Final = f"""
import pathlib, sys
from gcp.world import load_delivery
from rollouts.errors import BadSettings
try:
    load_delivery(pathlib.Path(sys.argv[1]))
except BadSettings as error:
    print(error.message)
    sys.exit({_WRONG})
"""
_ERROR_RATIO: Final = 0.05
_REQUESTS_MIN: Final = 20


class WrongDelivery(Exception):
    """The file cannot be used; the text says why, for a person."""


@dataclass(frozen=True, slots=True)
class Target:
    """One target of the file, as far as the local cloud needs it."""

    service: str
    name: str
    key: ServiceKey
    image: str
    branch: str
    approval: bool
    error_ratio_max: float
    requests_min: int

    @property
    def variable(self) -> str:
        """The name of the variable that holds its URL."""
        return f"BARQ_{self.service}_{self.name}_URL".replace("-", "_").upper()


def check(path: Path, functions: Path) -> None:
    """Have the functions' own parser read the file. Raises WrongDelivery with every problem."""
    done = subprocess.run(  # noqa: S603 - this interpreter and a fixed script.
        [sys.executable, "-c", _PARSER, str(path.resolve())],
        cwd=functions,
        env={"PYTHONPATH": str(functions), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _WRONG:
        problems = "".join(f"  {line}\n" for line in done.stdout.splitlines())
        raise WrongDelivery(
            f"error: {path} is wrong; nothing was started\n{problems}"
            " hint: change it; docs/reference/delivery.md lists every setting"
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise WrongDelivery(
            f"error: {path} could not be checked ({last}); nothing was started\n"
            " hint: install requirements/dev.txt into the Python that runs this"
        )


def targets(path: Path) -> tuple[Target, ...]:
    """Return the targets of a file that was checked, in its order."""
    document: dict[str, Any] = yaml.safe_load(path.read_text())
    return tuple(
        _target(service_name, service, name, given)
        for service_name, service in document["services"].items()
        for name, given in service["targets"].items()
    )


def _target(service_name: str, service: dict[str, Any], name: str, given: dict[str, Any]) -> Target:
    analysis = given.get("analysis") or {}
    needed = analysis.get("min_requests", _REQUESTS_MIN)
    ratio = analysis.get("max_error_ratio", _ERROR_RATIO)
    return Target(
        service=service_name,
        name=name,
        key=ServiceKey(given["project"], given["region"], given["service"]),
        image=service["image"],
        branch=(service.get("branches") or ["main"])[0],
        approval=(given.get("approval") or {}).get("by") == "manual",
        # `off` is read by YAML as False.
        error_ratio_max=ratio if isinstance(ratio, float) else _ERROR_RATIO,
        # An alert watches the last step, and what comes after it.
        requests_min=needed[-1] if isinstance(needed, list) else needed,
    )
