"""Many services of one project, each with a target and an image of its own."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local_cloud.cloud import CloudSettings
from local_cloud.run.documents import service_document
from local_cloud.run.resources import ServiceKey
from tests.flow.flow import Flow

LOG_READ = "google.logging.v2.LoggingServiceV2.ListLogEntries"
PROJECT = "shop-production"
QUOTA = 60
"""Reads of the log a minute: the default."""
_MINUTE = dt.timedelta(seconds=60)
_SERVICE = """
  {name}:
    image: europe-west1-docker.pkg.dev/barq-build/shop/{name}
    branches: [main]
    targets:
      production:
        project: shop-production
        region: europe-west1
        service: {name}
        {settings}
"""


@dataclass(frozen=True)
class Reads:
    """Reads of the project's request log, of which the quota refused some."""

    answered: int
    refused: tuple[dt.datetime, ...]


class Crowd(Flow):
    """What other flow tests say of a target is said here of a service, by its name."""

    def __init__(
        self,
        count: int,
        *,
        rps: int,
        settings: Iterable[str],
        cloud: CloudSettings | None = None,
    ) -> None:
        self.names = tuple(f"api-{number:02d}" for number in range(count))
        indented = "\n        ".join(settings)
        services = [_SERVICE.format(name=name, settings=indented) for name in self.names]
        super().__init__("services:" + "".join(services), rps=rps, settings=cloud)

    def key(self, target: str = "api-00") -> ServiceKey:
        found = self.delivery.service(target)
        assert found is not None
        ref = found.targets[0].ref
        return ServiceKey(ref.project, ref.region, ref.service)

    def pushed(self, service: str, version: str, **quality: Any) -> str:
        """Push an image of a service; its name is its service's and its version's."""
        self.repository = f"europe-west1-docker.pkg.dev/barq-build/shop/{service}"
        return self.image(f"{service} {version}", **quality)

    def reads(self) -> Reads:
        """Return what became of the reads of the log, as the default quota has it."""
        answered: list[dt.datetime] = []
        refused: list[dt.datetime] = []
        for call in self.cloud.audit.calls:
            if call.method != LOG_READ:
                continue
            within = sum(call.at - at < _MINUTE for at in answered[-QUOTA:])
            (refused if within >= QUOTA else answered).append(call.at)
        return Reads(len(answered), tuple(refused))

    def _create_targets(self, first: str | None) -> None:
        assert first is not None
        for name in self.names:
            key = self.key(name)
            self.cloud.run.create(key, service_document(key.name, self.pushed(name, first)))
            self.cloud.run.set_invokers(key, ["allUsers"])
        self.scheduler.run_for(5)
        self.until(lambda: all(service.served for service in self.cloud.run.services()))

    def _tick(self) -> None:
        self.invariants.check()
        for name in self.names:
            self.traffic.serve(name, self.key(name))
        self.scheduler.call_later(self.traffic.every_seconds, self._tick)
