"""What the local cloud and its workflow engine tell each other: JSON, a value a line.

To the engine, on its standard input: first an `Identity`, then `deploy`, `issued`, `serve`, and
`go on` once the rest of the cloud is there. From it, on its standard output: `unusable` where its
store is, and no more; `ready`, `deployed` or `refused`, `issued` for each access token of its own,
and what it notes: `call`, `log`, `state`.
"""

import dataclasses
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.identity.tokens import Issued
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.service.settings import WorkflowsSettings

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""A workflow's source travels in a line, and so does an execution with its argument."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an engine is: where it listens, and what proves that it belongs to this cloud."""

    rest_port: int
    grpc_port: int
    signing_key: str
    tls_key: str
    tls_chain: str
    seed: str
    """Differs from start to start: a new engine must not give an old execution's name."""
    settings: WorkflowsSettings


@dataclass(frozen=True, slots=True)
class Deployment:
    """A workflow, as `WorkflowsModel.deploy` takes it."""

    project: str
    location: str
    workflow: str
    source: str
    service_account: str
    env: dict[str, str]

    @property
    def name(self) -> str:
        return f"projects/{self.project}/locations/{self.location}/workflows/{self.workflow}"


def line(kind: str, value: Any) -> str:
    """Return a line without its end."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    return json.dumps([kind, value], default=_as_text)


def read(text: bytes | str) -> tuple[str, Any]:
    """Return kind and value of a line."""
    kind, value = json.loads(text)
    return kind, value


def identity(value: dict[str, Any]) -> Identity:
    settings = value["settings"]
    choices = Choices(**settings["choices"])
    return Identity(**{**value, "settings": WorkflowsSettings(**{**settings, "choices": choices})})


def issued(value: dict[str, Any]) -> Issued:
    return Issued(value["token"], value["email"], dt.datetime.fromisoformat(value["expires"]))


def _as_text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} does not travel in a line")
