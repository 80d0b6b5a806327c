"""Cloud Run's Admin API and routing, as a plain in-process model.

No sockets, processes, clock or environment: revisions are run by an `Instances`, addresses come
from an `Addresses`, time from the scheduler. `v1.py` and `v2.py` are its wires; they note each
call in the audit before they ask here.
"""

import random
from collections.abc import Callable, Iterable
from typing import Any

from local_cloud.kit.audit import DEVELOPER, Audit
from local_cloud.kit.draws import binomial
from local_cloud.kit.errors import Refused
from local_cloud.kit.quota import MinuteQuota
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.traffic import OpenRequests, ServedRequest
from local_cloud.registry.images import Images
from local_cloud.run import documents, traffic, written
from local_cloud.run.platform import Addresses, Instances, Platform
from local_cloud.run.resources import Revision, Service, ServiceKey
from local_cloud.run.secret_variables import ReadSecret, no_secrets
from local_cloud.run.settings import RunSettings
from local_cloud.run.written import Written


class RunModel:
    """All services of all projects and regions."""

    def __init__(
        self,
        scheduler: Scheduler,
        audit: Audit,
        images: Images,
        instances: Instances,
        rng: random.Random,
        settings: RunSettings | None = None,
        *,
        read_secret: ReadSecret = no_secrets,
    ) -> None:
        self.audit = audit
        self.settings = settings or RunSettings()
        self.on_request: list[Callable[[ServedRequest], None]] = []
        self.on_open: list[Callable[[OpenRequests], None]] = []
        self.on_service_change: list[Callable[[ServiceKey], None]] = []
        self._scheduler = scheduler
        self._rng = rng
        self._platform = Platform(scheduler, images, instances, rng, self.settings, read_secret)
        self._platform.changed = self._changed
        self._services = self._platform.services
        self._revisions = self._platform.revisions
        # What a runner reports, what can be asked at any time, and faults that a test plants.
        self.revision_ready = self._platform.revision_ready
        self.revision_failed = self._platform.revision_failed
        self.keeps_warm = self._platform.keeps_warm
        self.served_percents = self._platform.served_percents
        self.hold_routes = self._platform.hold_routes
        self.release_routes = self._platform.release_routes
        # Source: reference/gcp.md, finding 6.
        self._writes = MinuteQuota(
            scheduler,
            metric="Write requests",
            limit="Write requests per minute per region",
            service="run.googleapis.com",
            per_minute=self.settings.writes_per_minute,
        )

    def use_addresses(self, addresses: Addresses) -> None:
        """Have URLs named by `addresses`, from the next service on."""
        self._platform.addresses = addresses

    # Reading.

    def service(self, key: ServiceKey) -> Service:
        """Raises Refused(NOT_FOUND)."""
        found = self._services.get(key)
        if found is None:
            raise Refused(
                "NOT_FOUND",
                f"Resource '{key.name}' of kind 'SERVICE' in region '{key.region}' in project"
                f" '{key.project}' does not exist",
            )
        return found

    def services(self, project: str | None = None, region: str | None = None) -> list[Service]:
        """Return services in the order of their names; None means any."""
        return [
            service
            for key, service in sorted(self._services.items())
            if project in (None, key.project) and region in (None, key.region)
        ]

    def revision(self, key: ServiceKey, name: str) -> Revision:
        """Raises Refused(NOT_FOUND)."""
        found = self._revisions.get(key, {}).get(name)
        if found is None:
            raise Refused(
                "NOT_FOUND",
                f"Resource '{name}' of kind 'REVISION' in region '{key.region}' in project"
                f" '{key.project}' does not exist",
            )
        return found

    def revisions(self, key: ServiceKey) -> list[Revision]:
        """Return the revisions of a service, newest first."""
        return sorted(self._revisions.get(key, {}).values(), key=lambda r: -r.order)

    # Writing.

    def create(self, key: ServiceKey, document: Any, caller: str | None = None) -> Service:
        """Create a service from a v1 document. Raises Refused."""
        self._writes.take(f"{key.project}/{key.region}")
        want = written.read(document, key, self.settings.annotations_bytes_max)
        if key in self._services:
            raise Refused("ALREADY_EXISTS", f"Resource '{key.name}' already exists.")
        self._check_traffic(key, want)
        now = self._scheduler.now()
        service = Service(
            key=key,
            uid=self._platform.uid(),
            created=now,
            updated=now,
            creator=caller or DEVELOPER,
            modifier=caller or DEVELOPER,
            url=self._platform.addresses.url(key, None),
            labels=want.labels,
            annotations=want.annotations,
            template=want.template,
            traffic=want.traffic,
        )
        self._services[key] = service
        self._revisions[key] = {}
        self._platform.deploy(service)
        self._platform.wrote(service)
        return service

    def replace(self, key: ServiceKey, document: Any, caller: str | None = None) -> Service:
        """Replace a service by a v1 document, if its `resourceVersion` is current or absent.

        A template that differs from the present one makes a revision. Raises Refused: ABORTED
        for a stale version, ALREADY_EXISTS for a revision's name with another configuration.
        """
        self._writes.take(f"{key.project}/{key.region}")
        service = self.service(key)
        want = written.read(document, key, self.settings.annotations_bytes_max)
        self._check_version(service, want)
        new_template = want.template != service.template
        if new_template:
            self._check_revision_is_new(key, want)
        self._check_traffic(key, want)
        new_traffic = want.traffic != service.traffic
        new_metadata = (want.labels, want.annotations) != (service.labels, service.annotations)
        service.labels, service.annotations = want.labels, want.annotations
        service.template, service.traffic = want.template, want.traffic
        service.modifier, service.updated = caller or DEVELOPER, self._scheduler.now()
        if (
            new_template
            or new_traffic
            or (new_metadata and self.settings.annotations_bump_generation)
        ):
            service.generation += 1
        if new_template:
            self._platform.deploy(service)
        elif new_traffic and self.settings.traffic_write_clears_failed_deployment:
            self._platform.forgive(service)
        self._platform.wrote(service)
        return service

    def delete(self, key: ServiceKey) -> Service:
        """Delete a service with its revisions. Raises Refused(NOT_FOUND)."""
        self._writes.take(f"{key.project}/{key.region}")
        service = self.service(key)
        self._platform.remove(key)
        return service

    def set_invokers(self, key: ServiceKey, members: Iterable[str]) -> None:
        """Say who may call the service: `allUsers`, or `serviceAccount:E-MAIL` and `user:E-MAIL`.

        Safe to repeat; takes the place of what was said before.
        """
        self.service(key).invokers = frozenset(members)

    # The data path.

    def route(self, project: str, region: str, service: str, tag: str | None = None) -> str | None:
        """Pick the revision for one request, at random by the served split; None: there is none."""
        found = self._services.get(ServiceKey(project, region, service))
        if found is None:
            return None
        if tag is not None:
            return next((t.revision for t in found.served if t.tag == tag), None)
        served = [(t.revision, t.percent) for t in found.served if t.percent]
        if len(served) == 1:
            return served[0][0]
        drawn = self._rng.random() * 100
        for revision, percent in served:
            drawn -= percent
            if drawn < 0:
                return revision
        return served[-1][0] if served else None

    def route_many(self, key: ServiceKey, count: int) -> dict[str, int]:
        """Pick the revisions for `count` requests at once, as `route` would one by one."""
        found = self._services.get(key)
        routed: dict[str, int] = {}
        percents_left = 100
        for entry in found.served if found else ():
            if not entry.percent or not count:
                continue
            if entry.percent == percents_left:
                routed[entry.revision] = routed.get(entry.revision, 0) + count
                break
            some = binomial(self._rng, count, entry.percent / percents_left)
            percents_left -= entry.percent
            count -= some
            if some:
                routed[entry.revision] = routed.get(entry.revision, 0) + some
        return routed

    def may_invoke(self, key: ServiceKey, email: str | None) -> bool:
        """Whether an identity has run.routes.invoke; None is a caller without one."""
        service = self.service(key)
        members = {f"serviceAccount:{email}", f"user:{email}", "allAuthenticatedUsers"}
        return service.public or (email is not None and not members.isdisjoint(service.invokers))

    def request_served(self, request: ServedRequest) -> None:
        """Tell the observers of a request that has ended."""
        for observer in self.on_request:
            observer(request)

    def requests_open(self, key: ServiceKey, revision: str, count: int) -> None:
        """Tell the observers how many requests a revision's instance has open from now on."""
        told = OpenRequests(*key, revision, count, self._scheduler.now())
        for observer in self.on_open:
            observer(told)

    # Inside.

    def _check_version(self, service: Service, want: Written) -> None:
        current = documents.version(service)
        if want.version is not None and want.version != current:
            # Source: reference/gcp.md, finding 1.
            raise Refused(
                "ABORTED",
                f"Conflict for resource '{service.key.name}': version '{want.version}' was"
                f" specified but current version is '{current}'",
            )

    def _check_revision_is_new(self, key: ServiceKey, want: Written) -> None:
        existing = self._revisions[key].get(want.revision_name)
        if existing is not None and existing.template != want.template:
            # Source: reference/gcp.md, finding 2.
            raise Refused(
                "ALREADY_EXISTS",
                f"Revision named '{want.revision_name}' with different configuration already"
                " exists.",
            )

    def _check_traffic(self, key: ServiceKey, want: Written) -> None:
        known = set(self._revisions.get(key, ()))
        if self.settings.new_revision_may_get_traffic:
            known.add(want.revision_name)
        traffic.check(want.traffic, known, key.name, self.settings.tag_and_service_length_max)

    def _changed(self, key: ServiceKey) -> None:
        for observer in self.on_service_change:
            observer(key)
