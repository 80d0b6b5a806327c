"""The users of the targets: so many requests a second, and how each image answers them."""

import datetime as dt
import math
import random
from collections import Counter

from local_cloud.cloud import LocalCloud
from local_cloud.kit.traffic import ServedRequest
from local_cloud.run.resources import Revision, ServiceKey
from local_cloud.run.virtual import NOT_LISTENING, not_listening
from tests.flow.quality import Fared, Quality, fare, latencies

__all__ = ["Quality", "Traffic", "image_name"]

USUAL = Quality()
NO_INSTANCE = "The request was aborted because there was no available instance."


class Traffic:
    """Serves every target `rps` requests each second, split as Cloud Run splits them."""

    every_seconds = 1.0
    """How long a stretch of time each call of `serve` serves, at its end."""

    def __init__(self, rng: random.Random, rps: int) -> None:
        self.qualities: dict[str, Quality] = {}
        """By digest."""
        self.by_revision: dict[str, Quality] = {}
        """A revision with other settings may behave otherwise than its image does."""
        self.rps = rps
        self.rps_of: dict[str, int] = {}
        """By target, where it is not `rps`."""
        self.requests: Counter[tuple[str, str, bool]] = Counter()
        """By target, image and whether they failed, once they have ended."""
        self.platform_fails: dict[str, float] = {}
        """By target: an error ratio that every revision has, such as a database that is down."""
        self._rng = rng
        self._cloud: LocalCloud
        self._first: dict[Revision, dt.datetime] = {}
        self._hanging: Counter[Revision] = Counter()
        self._open: dict[str, dict[Revision, int]] = {}
        self._images: dict[Revision, tuple[str, str]] = {}
        """Name and digest of each that a request met."""

    def attach(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    def quality(self, revision: Revision) -> Quality:
        if revision.name in self.by_revision:
            return self.by_revision[revision.name]
        image = revision.images.get(revision.ingress_container.name)
        return self.qualities.get(image.digest, USUAL) if image else USUAL

    def starts(self, revision: Revision) -> tuple[str, str] | None:
        return (NOT_LISTENING, not_listening()) if self.quality(revision).crashes else None

    def serve(self, target: str, key: ServiceKey) -> None:
        """Serve the requests of `every_seconds`, those alike at once."""
        busy = {}
        for name, count in self._routed(target, key).items():
            revision = self._cloud.run.revision(key, name)
            assert revision.state == "ready", f"a request met {name}, which is {revision.state}"
            now = self._cloud.scheduler.now()
            age = (now - self._first.setdefault(revision, now)).total_seconds()
            quality = self._quality_of_met(revision).at(age)
            busy[revision] = self._meet(target, revision, quality, count)
        self._tell_open(target, busy)

    def _quality_of_met(self, revision: Revision) -> Quality:
        if revision.name in self.by_revision:
            return self.by_revision[revision.name]
        return self.qualities.get(self._image_of_met(revision)[1], USUAL)

    def _image_of_met(self, revision: Revision) -> tuple[str, str]:
        """Return the name and digest of a revision's image: those of a ready one stay."""
        if revision not in self._images:
            image = revision.images.get(revision.ingress_container.name)
            self._images[revision] = image_name(revision), image.digest if image else ""
        return self._images[revision]

    def _routed(self, target: str, key: ServiceKey) -> dict[str, int]:
        """Return how many requests each revision meets."""
        count = self.rps_of.get(target, self.rps)
        if not count:
            return {}
        served = [one for one in self._cloud.run.service(key).served if one.percent]
        if len(served) == 1:
            return {served[0].revision: count}
        routed: dict[str, int] = {}
        for _ in range(count):
            name = self._cloud.run.route(*key)
            assert name is not None, "a request met a service without a revision"
            routed[name] = routed.get(name, 0) + 1
        return routed

    def _meet(self, target: str, revision: Revision, quality: Quality, count: int) -> int:
        """Have requests meet a revision; return how many of those that ended were open at once."""
        ratio = max(quality.error_ratio, self.platform_fails.get(target, 0.0))
        fared = self._fared(quality, count, ratio)
        image, now = self._image_of_met(revision)[0], self._cloud.scheduler.now()
        self.requests[target, image, True] += fared.failed + fared.refused
        self.requests[target, image, False] += fared.fine
        busy = fared.failed * quality.latency_seconds
        for seconds, alike in self._latencies(quality, fared.fine).items():
            # Only metrics tell of these: nothing reads a log entry of theirs.
            self._cloud.monitoring.record(self._served(revision, 200, seconds), alike)
            busy += alike * seconds
        for _ in range(fared.failed):
            self._cloud.run.request_served(self._served(revision, 500, quality.latency_seconds))
        for _ in range(fared.refused):
            self._cloud.run.request_served(self._refused(revision, quality.refused_status, now))
        if fared.hanging:
            self._hang(target, revision, fared.hanging, quality.hang_seconds)
        return math.ceil(busy / self.every_seconds)

    def _fared(self, quality: Quality, count: int, error_ratio: float) -> Fared:
        return fare(quality, count, error_ratio, self._rng)

    def _latencies(self, quality: Quality, count: int) -> dict[float, int]:
        return latencies(quality, count, self._rng)

    def _hang(self, target: str, revision: Revision, count: int, seconds: float) -> None:
        self._hanging[revision] += count

        def end() -> None:
            self._hanging[revision] -= count
            self.requests[target, image_name(revision), True] += count
            for _ in range(count):
                self._cloud.run.request_served(self._served(revision, 504, seconds))

        self._cloud.scheduler.call_later(seconds, end)

    def _tell_open(self, target: str, busy: dict[Revision, int]) -> None:
        """Tell how many requests each revision of a target has open, where that changed."""
        told = self._open.setdefault(target, {})
        for revision in {**told, **busy}:
            count = busy.get(revision, 0) + self._hanging[revision]
            if told.get(revision) != count:
                self._cloud.run.requests_open(revision.key, revision.name, count)
                told[revision] = count

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
            self._cloud.run.request_served(self._served(revision, status, quality.latency_seconds))
            return status, quality.latency_seconds
        return None, 0.0

    def _refused(self, revision: Revision, status: int, now: dt.datetime) -> ServedRequest:
        return self._request(revision, status, now, 0.0, instance_id=None, text=NO_INSTANCE)

    def _served(self, revision: Revision, status: int, seconds: float) -> ServedRequest:
        began = self._cloud.scheduler.now() - dt.timedelta(seconds=seconds)
        return self._request(revision, status, began, seconds)

    def _request(
        self,
        revision: Revision,
        status: int,
        began: dt.datetime,
        seconds: float,
        *,
        instance_id: str | None = "i",
        text: str = "",
    ) -> ServedRequest:
        project, region, service = revision.key
        return ServedRequest(
            project,
            region,
            service,
            revision.name,
            instance_id,
            "GET",
            "https://api.test/",
            status,
            began,
            seconds,
            text=text,
        )


def image_name(revision: Revision) -> str:
    """Return the name that the test gave to a revision's image."""
    image = revision.images.get(revision.ingress_container.name)
    return image.env.get("VERSION", "placeholder") if image else "no image"
