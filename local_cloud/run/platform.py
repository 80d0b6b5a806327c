"""What Cloud Run does by itself after a write: revisions, readiness, and the served split.

Keeps the services and revisions. Judges no caller: that is `model.py`.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler
from local_cloud.registry.images import Images
from local_cloud.run import secret_variables, status, traffic, written
from local_cloud.run.resources import Revision, ServedTarget, Service, ServiceKey
from local_cloud.run.settings import RunSettings

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_REVISION_LENGTH_MAX = 63


class Reports(Protocol):
    """What a runner of instances tells the model, and may ask it."""

    def revision_ready(self, key: ServiceKey, name: str) -> None: ...

    def revision_failed(self, key: ServiceKey, name: str, reason: str, message: str) -> None: ...

    def keeps_warm(self, revision: Revision) -> bool: ...


class Instances(Protocol):
    """Runs revisions."""

    def attach(self, reports: Reports) -> None:
        """Learn where to report; called once, when the model is made."""

    def start(self, revision: Revision) -> None:
        """Begin to start a new revision, for its health check at deployment. Reports later."""

    def stop(self, revision: Revision) -> None:
        """Stop what runs of a revision that was deleted. Safe if nothing does."""


class Addresses(Protocol):
    """Names the URLs of services."""

    def url(self, key: ServiceKey, tag: str | None) -> str:
        """Return the URL of a service, or of one of its tags; always the same for the same."""


class RunAppAddresses:
    """URLs as Google words them. Nothing listens there."""

    def url(self, key: ServiceKey, tag: str | None) -> str:
        prefix = f"{tag}---" if tag else ""
        return f"https://{prefix}{key.name}-{key.project}.{key.region}.run.app"


class Platform:
    """All services and revisions, and the reconciliation of each status with its spec."""

    def __init__(
        self,
        scheduler: Scheduler,
        images: Images,
        instances: Instances,
        rng: random.Random,
        settings: RunSettings,
        read_secret: secret_variables.ReadSecret,
    ) -> None:
        self.addresses: Addresses = RunAppAddresses()
        self.services: dict[ServiceKey, Service] = {}
        self.revisions: dict[ServiceKey, dict[str, Revision]] = {}
        self.changed: Callable[[ServiceKey], None] = lambda _key: None
        self._scheduler = scheduler
        self._images = images
        self._instances = instances
        self._rng = rng
        self._settings = settings
        self._read_secret = read_secret
        self._held: set[ServiceKey] = set()
        self._version = rng.getrandbits(40)
        self._order = 0
        instances.attach(self)

    def deploy(self, service: Service) -> None:
        """Make the revision that the template asks for, or take up the one it already is."""
        key, revisions = service.key, self.revisions[service.key]
        name = service.template["metadata"].get("name") or self._revision_name(service)
        self._order += 1
        service.latest_created, service.forgiven = name, ""
        if name in revisions:
            revisions[name].order = self._order
            if revisions[name].state == "ready":
                service.latest_ready = name
            return
        revision = Revision(
            key=key,
            name=name,
            order=self._order,
            generation=service.generation,
            template=service.template,
            containers=written.read_containers(service.template["spec"]["containers"]),
            uid=self.uid(),
            created=self._scheduler.now(),
            creator=service.modifier,
        )
        revisions[name] = revision
        self._scheduler.call_later(0, lambda: self._start(revision))

    def forgive(self, service: Service) -> None:
        newest = self.revisions[service.key].get(service.latest_created)
        if newest is not None and newest.state == "failed":
            service.forgiven = newest.name

    def wrote(self, service: Service) -> None:
        self._bump(service)
        self._collect(service)
        key = service.key
        self._scheduler.call_later(
            self._settings.reconcile_seconds, lambda: self._reconcile(key, service.uid)
        )
        self.changed(key)

    def remove(self, key: ServiceKey) -> None:
        """Forget a service; its revisions stop."""
        del self.services[key]
        for revision in self.revisions.pop(key).values():
            self._instances.stop(revision)
        self.changed(key)

    def revision_ready(self, key: ServiceKey, name: str) -> None:
        """A revision passed its health check. Ignored if it is gone or has settled before."""
        revision = self._settle(key, name)
        if revision is None:
            return
        revision.state = "ready"
        service = self.services[key]
        before = self.revisions[key].get(service.latest_ready)
        if before is None or before.order < revision.order:
            service.latest_ready = name
        self._reconcile(key)

    def revision_failed(self, key: ServiceKey, name: str, reason: str, message: str) -> None:
        """A revision will never serve. `reason` as the platform words it in v1."""
        revision = self._settle(key, name)
        if revision is None:
            return
        revision.state, revision.reason, revision.message = "failed", reason, message
        self._reconcile(key)

    def served_percents(self, key: ServiceKey) -> dict[str, int]:
        """Return each revision's served share; revisions at 0 % with a tag are in it too."""
        percents: dict[str, int] = {}
        service = self.services.get(key)
        for target in service.served if service else ():
            percents[target.revision] = percents.get(target.revision, 0) + (target.percent or 0)
        return percents

    def keeps_warm(self, revision: Revision) -> bool:
        """Whether an instance stays up without requests: a share, or minimum instances."""
        percents = self.served_percents(revision.key)
        # Source: reference/gcp.md section 1: a revision's own minimum counts at 0 % as well.
        return percents.get(revision.name, 0) > 0 or (
            revision.instances_min > 0 and revision.name in percents
        )

    def hold_routes(self, key: ServiceKey) -> None:
        """From now on, no written split of this service becomes the served one."""
        self._held.add(key)

    def release_routes(self, key: ServiceKey) -> None:
        """End `hold_routes`; the newest split is served at once."""
        self._held.discard(key)
        if key in self.services:
            self._serve(key, self.services[key].planned)

    def uid(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _start(self, revision: Revision) -> None:
        if self.revisions.get(revision.key, {}).get(revision.name) is not revision:
            return
        found = {}
        for container in revision.containers:
            try:
                found[container.name] = self._images.resolve(container.image)
            except Refused as refusal:
                revision.images = found
                message = refusal.message
                self.revision_failed(revision.key, revision.name, "ContainerMissing", message)
                return
        revision.images = found
        missing = secret_variables.problems(revision, self._read_secret)
        if missing:
            reason = secret_variables.CHECK_FAILED
            self.revision_failed(revision.key, revision.name, reason, missing)
            return
        self._instances.start(revision)

    def _revision_name(self, service: Service) -> str:
        letters = "".join(self._rng.choice(_LETTERS) for _ in range(3))
        suffix = f"-{service.generation:05d}-{letters}"
        return service.key.name[: _REVISION_LENGTH_MAX - len(suffix)] + suffix

    def _settle(self, key: ServiceKey, name: str) -> Revision | None:
        revision = self.revisions.get(key, {}).get(name)
        if revision is None or revision.state != "pending":
            return None
        revision.settled = self._scheduler.now()
        return revision

    def _reconcile(self, key: ServiceKey, uid: str | None = None) -> None:
        """Bring the status to the spec, as far as the revisions allow; bumps the version."""
        service = self.services.get(key)
        if service is None or (uid is not None and service.uid != uid):
            return
        service.observed_generation = service.generation
        route = self._route(service)
        if not isinstance(route, traffic.Blocked) and route != service.planned:
            service.planned = route
            if self._settings.served_split_seconds == 0 and key not in self._held:
                service.served = route
            else:
                self._scheduler.call_later(
                    self._settings.served_split_seconds, lambda: self._serve(key, route)
                )
        self._refresh(service)

    def _route(self, service: Service) -> tuple[ServedTarget, ...] | traffic.Blocked:
        route = traffic.resolve(
            service.traffic,
            self.revisions[service.key],
            service.latest_created,
            service.latest_ready,
        )
        if isinstance(route, traffic.Blocked) or service.default_url_disabled:
            return route
        return tuple(
            replace(target, url=self.addresses.url(service.key, target.tag))
            if target.tag
            else target
            for target in route
        )

    def _serve(self, key: ServiceKey, targets: tuple[ServedTarget, ...]) -> None:
        service = self.services.get(key)
        if service is None or key in self._held or service.served == targets:
            return
        # A revision may have been collected while the split was on its way.
        if all(target.revision in self.revisions[key] for target in targets):
            service.served = targets
        self._refresh(service)

    def _refresh(self, service: Service) -> None:
        route = self._route(service)
        service.conditions = status.of_service(
            service,
            self.revisions[service.key].get(service.latest_created),
            route if isinstance(route, traffic.Blocked) else None,
            self._scheduler.now(),
        )
        self._bump(service)
        self.changed(service.key)

    def _collect(self, service: Service) -> None:
        """Delete the oldest revisions beyond the limit that nothing addresses."""
        revisions = self.revisions[service.key]
        addressed = {target.revision for target in (*service.served, *service.planned)}
        addressed |= {target.revision for target in service.traffic if target.revision}
        addressed |= {service.latest_created, service.latest_ready}
        for revision in sorted(revisions.values(), key=lambda r: r.order):
            if len(revisions) <= self._settings.revisions_max:
                return
            if revision.name not in addressed:
                del revisions[revision.name]
                self._instances.stop(revision)

    def _bump(self, service: Service) -> None:
        self._version += 1
        service.version = self._version
