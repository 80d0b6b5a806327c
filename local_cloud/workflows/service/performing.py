"""What an execution asks of the world, done: requests are sent, and timers run."""

import dataclasses
import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer
from local_cloud.kit.scheduler import Timer
from local_cloud.workflows.engine import effects as fx

if TYPE_CHECKING:
    from local_cloud.workflows.service.run import Run

LIFE: Final = dt.timedelta(days=365)
"""Source: https://cloud.google.com/workflows/quotas, maximum execution duration."""


class Wait:
    """An effect that ends at a time: a sleep, or the patience of whoever awaits a callback.

    Ten thousand executions have one each, so it is its own timer's action.
    """

    __slots__ = ("effect_id", "outcome", "run", "timer")

    def __init__(self, run: "Run", effect: fx.Effect, since: dt.datetime) -> None:
        """Let an effect end that was asked for at `since`."""
        assert isinstance(effect, fx.Sleep | fx.AwaitCallback | fx.Breathe)
        self.run = run
        self.effect_id = effect.id
        self.outcome: fx.Outcome = None
        if isinstance(effect, fx.AwaitCallback):
            self.outcome = fx.TimedOut()
        self.timer: Timer = run.world.scheduler.call_later(_left(run, effect, since), self)

    def __call__(self) -> None:
        self.run.resume(self.effect_id, self.outcome)


def _left(
    run: "Run", effect: fx.Sleep | fx.AwaitCallback | fx.Breathe, since: dt.datetime
) -> float:
    assert run.started is not None
    seconds = 0.0
    if isinstance(effect, fx.AwaitCallback):
        seconds = effect.timeout_seconds
    elif isinstance(effect, fx.Sleep):
        seconds = effect.seconds
    now = run.world.scheduler.now()
    # A clock that was set back must not make it longer than it was.
    passed = max(0.0, (now - since).total_seconds())
    # One microsecond more than a life: then it is seen to be over.
    life = (run.started + LIFE - now).total_seconds() + 1e-6
    return max(0.0, min(seconds - passed, life))


def send(run: "Run", effect: fx.HttpCall) -> None:
    """Send a request with the token that it asks for; the execution goes on with its answer."""
    world, request = run.world, effect.request
    try:
        token = _token(run, effect.auth)
    except Refused as refusal:
        refused = fx.AuthRefused(refusal.message)
        world.scheduler.call_later(0, partial(run.resume, effect.id, refused))
        return
    if token is not None:
        headers = {**request.headers, "Authorization": f"Bearer {token}"}
        request = dataclasses.replace(request, headers=headers)

    def done(answer: Inbound | NoAnswer) -> None:
        run.resume(effect.id, answer)

    world.sender.send(request, done)


def _token(run: "Run", auth: fx.Auth | None) -> str | None:
    account = run.revision.service_account
    if auth is None:
        return None
    if auth.kind == "OIDC":
        return run.world.tokens.id_token(account, auth.audience)
    return run.world.tokens.access_token(account)
