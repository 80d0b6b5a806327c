"""What executions act on and are told by, the same for all of a model."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local_cloud.kit.http import Sender
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.tokens import Tokens
from local_cloud.workflows.engine import effects as fx
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.service.store import Forgetful, Store

if TYPE_CHECKING:
    from local_cloud.workflows.service.run import Run


@dataclass(frozen=True, slots=True)
class World:
    """What runs act on. `ended` and `logged` tell the model; `watch` says who sees the steps."""

    scheduler: Scheduler
    sender: Sender
    tokens: Tokens
    rng: random.Random
    callback_base_url: str
    ended: "Callable[[Run], None]"
    logged: "Callable[[Run, fx.Log], None]"
    watch: "Callable[[Run], Watcher | None]" = lambda _: None
    choices: Choices = DEFAULT
    store: Store = field(default_factory=Forgetful)
