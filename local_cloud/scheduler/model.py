"""Cloud Scheduler, in process: jobs that call a URL by the clock.

Source: google/cloud/scheduler/v1/*.proto: one execution at a time, a start that comes meanwhile
is late; 2xx acknowledges; retries with backoff until the next start. Not here: Pub/Sub and App
Engine targets, OAuth tokens.
"""

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Sender
from local_cloud.kit.scheduler import Scheduler, Timer
from local_cloud.kit.tokens import Tokens
from local_cloud.scheduler import checks
from local_cloud.scheduler.calling import code_of, request_of
from local_cloud.scheduler.cron import parse_cron
from local_cloud.scheduler.values import Job, LiveJob, SchedulerSettings

_API: Final = "google.cloud.scheduler.v1.CloudScheduler."
Done = Callable[[int], None]
"""Gets the google.rpc.Code of an attempt."""


@dataclass(slots=True)
class _Running:
    """A job with what the clock still holds for it."""

    live: LiveJob
    timer: Timer | None = None
    busy: bool = False
    """An execution, with its retries, is under way: the next one waits for its end."""
    began: dt.datetime | None = None
    """When the execution's first attempt was sent."""


class CloudSchedulerModel:
    """All jobs of one cloud. Every method raises Refused."""

    def __init__(
        self,
        scheduler: Scheduler,
        sender: Sender,
        tokens: Tokens,
        audit: Audit,
        rng: random.Random,
        settings: SchedulerSettings | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._sender = sender
        self._tokens = tokens
        self._audit = audit
        self._rng = rng
        self.settings = settings or SchedulerSettings()
        self._jobs: dict[str, _Running] = {}

    def create(self, job: Job, *, caller: str | None = None) -> LiveJob:
        """Create a job. A name that ends in `/` gets an id of the service's own."""
        if job.name.endswith("/jobs/"):
            job = replace(job, name=f"{job.name}{self._rng.getrandbits(64):020d}")
        self._audit.note(caller, _API + "CreateJob", job.name)
        checks.job(job)
        if job.name in self._jobs:
            raise Refused("ALREADY_EXISTS", f"Job {job.name} already exists.")
        running = _Running(LiveJob(job, self._scheduler.now()))
        self._jobs[job.name] = running
        self._plan(running)
        return running.live

    def get(self, name: str, *, caller: str | None = None) -> LiveJob:
        self._audit.note(caller, _API + "GetJob", name)
        return self._found(name).live

    def list(self, location: str, *, caller: str | None = None) -> list[LiveJob]:
        """Return the jobs of `projects/P/locations/R`, by name."""
        self._audit.note(caller, _API + "ListJobs", location)
        checks.location(location)
        found = [name for name in self._jobs if name.startswith(f"{location}/jobs/")]
        return [self._jobs[name].live for name in sorted(found)]

    def update(self, job: Job, *, caller: str | None = None) -> LiveJob:
        """Put a job in the place of the one with its name. A paused one stays so."""
        self._audit.note(caller, _API + "UpdateJob", job.name)
        running = self._found(job.name)
        checks.job(job)
        running.live.job, running.live.updated = job, self._scheduler.now()
        if running.live.state == "ENABLED" and not running.busy:
            self._plan(running)
        return running.live

    def delete(self, name: str, *, caller: str | None = None) -> None:
        """Forget a job. A request that is out is not called back."""
        self._audit.note(caller, _API + "DeleteJob", name)
        self._still(self._found(name))
        del self._jobs[name]

    def pause(self, name: str, *, caller: str | None = None) -> LiveJob:
        self._audit.note(caller, _API + "PauseJob", name)
        running = self._in_state(name, "ENABLED")
        if running.timer is not None:  # Also that of a retry: its execution is over.
            running.busy = False
        self._still(running)
        running.live.state, running.live.due = "PAUSED", None
        return running.live

    def resume(self, name: str, *, caller: str | None = None) -> LiveJob:
        self._audit.note(caller, _API + "ResumeJob", name)
        running = self._in_state(name, "PAUSED")
        running.live.state = "ENABLED"
        if not running.busy:
            self._plan(running)
        return running.live

    def run(self, name: str, *, caller: str | None = None) -> LiveJob:
        """Send the request now, also of a paused job, and beside one that is out."""
        self._audit.note(caller, _API + "RunJob", name)
        running = self._found(name)
        self._send(running, self._scheduler.now(), lambda _: None)
        return running.live

    def _plan(self, running: _Running) -> None:
        """Wait for the next start by the schedule."""
        now = self._scheduler.now()
        job = running.live.job
        due = parse_cron(job.schedule, job.time_zone).after(now)
        assert due is not None, "a schedule that never comes is refused"
        self._wait(running, due, lambda: self._start(running, due))

    def _wait(self, running: _Running, due: dt.datetime, action: Callable[[], None]) -> None:
        self._still(running)
        running.live.due = due
        seconds = max(0.0, (due - self._scheduler.now()).total_seconds())

        def now_due() -> None:
            running.timer = None
            action()

        running.timer = self._scheduler.call_later(seconds, now_due)

    def _still(self, running: _Running) -> None:
        if running.timer is not None:
            running.timer.cancel()
            running.timer = None

    def _start(self, running: _Running, due: dt.datetime) -> None:
        """Begin an execution."""
        running.busy, running.began = True, self._scheduler.now()
        self._attempt(running, due, 1)

    def _attempt(self, running: _Running, due: dt.datetime, number: int) -> None:
        self._send(running, due, lambda code: self._done(running, due, number, code))

    def _done(self, running: _Running, due: dt.datetime, number: int, code: int) -> None:
        """Try again, or wait for the next start; one that fell due meanwhile is begun at once."""
        live, now = running.live, self._scheduler.now()
        if self._jobs.get(live.job.name) is not running:
            return
        next_start = parse_cron(live.job.schedule, live.job.time_zone).after(due)
        assert next_start is not None
        if live.state == "PAUSED":
            running.busy = False
            return
        again = now + dt.timedelta(seconds=live.job.retry.backoff_seconds(number))
        if code and self._may_retry(running, number, again) and again < next_start:
            self._wait(running, again, lambda: self._attempt(running, due, number + 1))
            return
        running.busy = False
        if next_start <= now:
            self._wait(running, now, lambda: self._start(running, now))
        else:
            self._plan(running)

    def _may_retry(self, running: _Running, number: int, again: dt.datetime) -> bool:
        """Whether there is another attempt: until both limits are reached, if both are set."""
        assert running.began is not None
        retry = running.live.job.retry
        return number <= retry.count or again < running.began + dt.timedelta(
            seconds=retry.duration_seconds_max
        )

    def _send(self, running: _Running, due: dt.datetime, done: Done) -> None:
        live = running.live
        request = request_of(live.job, due, self._tokens)
        live.attempted = self._scheduler.now()

        def answered(answer: Inbound | NoAnswer) -> None:
            live.status = code_of(answer)
            done(live.status)

        self._sender.send(request, answered)
        if self._rng.random() < self.settings.twice_ratio:
            self._sender.send(request, lambda _: None)

    def _found(self, name: str) -> _Running:
        if name not in self._jobs:
            raise Refused("NOT_FOUND", "Job not found.")
        return self._jobs[name]

    def _in_state(self, name: str, state: str) -> _Running:
        running = self._found(name)
        if running.live.state != state:
            raise Refused("FAILED_PRECONDITION", f"Job.state must be {state} for this operation.")
        return running
