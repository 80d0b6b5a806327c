"""What `up` may be told, once: the command line and the docs read this table."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
"""The repository: what is installed lies in it, wherever the command is given."""
PORT_MAX: Final = 65_535


@dataclass(frozen=True, slots=True)
class UpSettings:
    """How a local cloud is brought up. Port 0 is any free one."""

    delivery: Path
    folder: Path
    rest_port: int
    grpc_port: int
    pubsub_port: int
    local_port: int
    services_port: int
    real_time: bool
    workflows_apart: bool
    workflows_store: Path | None

    def option_of(self, port: int) -> str:
        """Return the option that chose a port, such as `--rest-port`."""
        for setting in SETTINGS:
            if setting.name.endswith("-port") and getattr(self, setting.attribute) == port:
                return setting.name
        return "another port"


@dataclass(frozen=True, slots=True)
class Setting:
    """One option of the command line. `parse` raises ValueError; None is a switch."""

    name: str
    default: str
    rule: str
    doc: str
    parse: Callable[[str], Any] | None

    @property
    def attribute(self) -> str:
        return self.name.removeprefix("--").replace("-", "_")


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= PORT_MAX:
        raise ValueError
    return number


def _file(text: str) -> Path | None:
    return None if text == "none" else Path(text)


_PORT_RULE: Final = f"a port from 0 (any free one) to {PORT_MAX}"

SETTINGS: Final = (
    Setting(
        "--delivery",
        "demo/delivery.yaml",
        "a file",
        "What is delivered, where to and how carefully. Without a `demo/` folder, the"
        " `delivery.yaml` at the top.",
        Path,
    ),
    Setting("--folder", ".barq", "a folder", "Where everything is written.", Path),
    Setting("--rest-port", "8780", _PORT_RULE, "Google's REST APIs.", _port),
    Setting("--grpc-port", "8781", _PORT_RULE, "Google's gRPC APIs, over TLS.", _port),
    Setting(
        "--pubsub-port", "8782", _PORT_RULE, "Pub/Sub for its clients' emulator switch.", _port
    ),
    Setting("--local-port", "8783", _PORT_RULE, "The local cloud's own door.", _port),
    Setting(
        "--services-port",
        "8790",
        _PORT_RULE,
        "The first service's; the others follow. One that is taken is replaced by a free one.",
        _port,
    ),
    Setting(
        "--real-time",
        "off",
        "a switch",
        "Metrics as coarse and late as Google's: periods of 60 s, seen 120 s later, alerts each"
        " 60 s. Otherwise 1 s, at once, each 1 s.",
        None,
    ),
    Setting(
        "--workflows-apart",
        "off",
        "a switch",
        "The workflow engine is a process of its own, on free ports, which can be killed alone:"
        " `/local` tells its pid. It is started again, without the executions that it had unless"
        " there is `--workflows-store`.",
        None,
    ),
    Setting(
        "--workflows-store",
        "none",
        "a file",
        "A file in which workflows and their executions outlive this process, however it ends: the"
        " next `up` with the same file goes on with them. It is made if it is not there.",
        _file,
    ),
)


def default_delivery(root: Path = ROOT) -> Path:
    """Return the demo's file, if there is a demo; its windows last seconds."""
    demo = root / "demo" / "delivery.yaml"
    return demo if demo.exists() else root / "delivery.yaml"
