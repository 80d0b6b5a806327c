"""The users of the targets: so many requests a second, and how each image answers them."""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass

from local_cloud.cloud import LocalCloud
from local_cloud.kit.traffic import ServedRequest
from local_cloud.run.resources import Revision, ServiceKey
from local_cloud.run.virtual import NOT_LISTENING, not_listening


@dataclass(frozen=True)
class Quality:
    """How an image behaves once it runs."""

    error_ratio: float = 0.0
    latency_seconds: float = 0.05
    crashes: bool = False
    unhealthy: bool = False


class Traffic:
    """Serves every target `rps` requests each second, split as Cloud Run splits them."""

    def __init__(self, rng: random.Random, rps: int) -> None:
        self.qualities: dict[str, Quality] = {}
        """By digest."""
        self.by_revision: dict[str, Quality] = {}
        """A revision with other settings may behave otherwise than its image does."""
        self.rps = rps
        self.rps_of: dict[str, int] = {}
        """By target, where it is not `rps`."""
        self.requests: Counter[tuple[str, str, bool]] = Counter()
        """By target, image and whether they failed."""
        self.platform_fails: dict[str, float] = {}
        """By target: an error ratio that every revision has, such as a database that is down."""
        self._rng = rng
        self._cloud: LocalCloud

    def attach(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    def quality(self, revision: Revision) -> Quality:
        if revision.name in self.by_revision:
            return self.by_revision[revision.name]
        image = revision.images.get(revision.ingress_container.name)
        return self.qualities.get(image.digest, Quality()) if image else Quality()

    def starts(self, revision: Revision) -> tuple[str, str] | None:
        return (NOT_LISTENING, not_listening()) if self.quality(revision).crashes else None

    def serve(self, target: str, key: ServiceKey) -> None:
        """Serve one second's requests, those alike at once."""
        names = Counter(
            self._cloud.run.route(*key) for _ in range(self.rps_of.get(target, self.rps))
        )
        for name, count in names.items():
            assert name is not None, "a request met a service without a revision"
            revision = self._cloud.run.revision(key, name)
            assert revision.state == "ready", f"a request met {name}, which is {revision.state}"
            quality = self.quality(revision)
            ratio = max(quality.error_ratio, self.platform_fails.get(target, 0.0))
            failed = sum(self._rng.random() < ratio for _ in range(count))
            self._note(target, revision, failed, count - failed)

    def _note(self, target: str, revision: Revision, failed: int, fine: int) -> None:
        image = image_name(revision)
        self.requests[target, image, True] += failed
        self.requests[target, image, False] += fine
        if fine:  # Only metrics tell of these: nothing reads a log entry of theirs.
            self._cloud.monitoring.record(self._served(revision, 200), fine)
        for _ in range(failed):
            self._cloud.run.request_served(self._served(revision, 500))

    def probe(self, url: str) -> tuple[int | None, float]:
        """Answer a smoke test; it is a request like any other to the platform."""
        for service in self._cloud.run.services():
            tagged = [entry.revision for entry in service.served if entry.url == url]
            live = self._cloud.run.route(*service.key) if service.url == url else None
            name = tagged[0] if tagged else live
            if name is None:
                continue
            revision = self._cloud.run.revision(service.key, name)
            quality = self.quality(revision)
            status = 503 if quality.unhealthy else 200
            self._cloud.run.request_served(self._served(revision, status))
            return status, quality.latency_seconds
        return None, 0.0

    def _served(self, revision: Revision, status: int) -> ServedRequest:
        seconds = self.quality(revision).latency_seconds
        key = revision.key
        return ServedRequest(
            project=key.project,
            region=key.region,
            service=key.name,
            revision=revision.name,
            instance_id="i",
            method="GET",
            url="https://api.test/",
            status=status,
            began=self._cloud.scheduler.now() - dt.timedelta(seconds=seconds),
            latency_seconds=seconds,
        )


def image_name(revision: Revision) -> str:
    """Return the name that the test gave to a revision's image."""
    image = revision.images.get(revision.ingress_container.name)
    return image.env.get("VERSION", "placeholder") if image else "no image"
