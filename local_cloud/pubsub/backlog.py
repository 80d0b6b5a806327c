"""One subscription's way with its messages: deliver, wait for the acknowledgement, deliver again.

At least once: a message leaves the backlog only by an acknowledgement inside its deadline, by
its dead letter topic, or by age. It knows neither topics nor HTTP; a `Courier` carries pushed
messages, and a backlog without one waits to be pulled.
"""

import itertools
import random
from collections.abc import Callable, Sequence

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler, Timer
from local_cloud.pubsub import filter as filters
from local_cloud.pubsub.values import (
    Courier,
    Published,
    PubSubSettings,
    Received,
    RetryPolicy,
    Subscription,
)

_DOUBLINGS_MAX = 32
_BACKOFF_SECONDS_FLOOR = 0.1


class _Parcel:
    """A message on its way. `lease` is the number of the delivery that may be answered now."""

    __slots__ = ("attempts", "lease", "published", "repeated", "timer")

    def __init__(self, published: Published) -> None:
        self.published = published
        self.attempts = 0
        self.lease = 0
        self.repeated = False
        self.timer: Timer | None = None


class Backlog:
    """The messages of one subscription that are not acknowledged yet.

    `bury` gets a message (and its attempts) whose dead letter policy is exhausted, and
    answers whether the dead letter topic took it.
    """

    def __init__(
        self,
        subscription: Subscription,
        courier: Courier | None,
        bury: Callable[[Subscription, Published, int], bool],
        *,
        scheduler: Scheduler,
        rng: random.Random,
        settings: PubSubSettings,
    ) -> None:
        self.subscription = subscription
        self.courier = courier
        self._matches = filters.parse(subscription.filter)
        self._bury = bury
        self._scheduler = scheduler
        self._rng = rng
        self._settings = settings
        self._parcels: dict[_Parcel, None] = {}  # A dict keeps the order of publishing.
        self._ready: dict[_Parcel, None] = {}
        self._leased: dict[int, _Parcel] = {}
        self._leases = itertools.count(1)
        self._last_lease = 0

    def __len__(self) -> int:
        return len(self._parcels)

    def offer(self, published: Published) -> None:
        """Take a published message, unless the filter says no."""
        if not self._matches(published.message.attributes):
            return
        parcel = _Parcel(published)
        self._parcels[parcel] = None
        self._later(parcel, self._first_delay(), self._due)

    def redirect(self, subscription: Subscription, courier: Courier | None) -> None:
        """Go on with changed settings; messages that waited for a pull are now pushed."""
        self.subscription, self.courier = subscription, courier
        waiting, self._ready = self._ready, {}
        for parcel in waiting:
            self._due(parcel)

    def close(self) -> None:
        """Forget everything: the subscription is gone."""
        for parcel in list(self._parcels):
            self._forget(parcel)

    def pull(self, count_max: int) -> list[Received]:
        """Lease up to `count_max` messages until the ack deadline. Never waits."""
        received = []
        for parcel in list(itertools.islice(self._ready, count_max)):
            del self._ready[parcel]
            if parcel not in self._parcels:
                continue
            lease = self._lease(parcel)
            attempt = parcel.attempts if self.subscription.dead_letter else 0
            ack_id = f"{self.subscription.name}:{lease}"
            received.append(Received(ack_id, parcel.published, attempt))
        return received

    def acknowledge(self, ack_ids: Sequence[str]) -> None:
        """Acknowledge. An id whose deadline has passed changes nothing, and is no error."""
        for lease in self._leases_of(ack_ids):
            if lease in self._leased:
                self._acknowledged(self._leased[lease])

    def modify_ack_deadline(self, ack_ids: Sequence[str], seconds: int) -> None:
        """Begin the deadline anew, `seconds` from now; 0 is a nack."""
        for lease in self._leases_of(ack_ids):
            parcel = self._leased.get(lease)
            if parcel is None:
                continue
            if seconds == 0:
                self._failed(parcel)
            else:
                self._later(parcel, seconds, self._failed)

    def _leases_of(self, ack_ids: Sequence[str]) -> list[int]:
        """Refuse all of the ids if one of them was never given out."""
        leases = []
        for ack_id in ack_ids:
            name, _, number = ack_id.rpartition(":")
            known = name == self.subscription.name and number.isdecimal()
            if not known or int(number) > self._last_lease:
                raise Refused(
                    "INVALID_ARGUMENT",
                    f"You have passed an invalid ack ID to the service (ack_id={ack_id}).",
                )
            leases.append(int(number))
        return leases

    def _first_delay(self) -> float:
        low, high = self._settings.delay_seconds_min, self._settings.delay_seconds_max
        return self._rng.uniform(low, high) if high > 0 else 0.0

    def _later(self, parcel: _Parcel, seconds: float, action: Callable[[_Parcel], None]) -> None:
        """Run `action` for the parcel, and nothing else that was planned for it before."""
        if parcel.timer:
            parcel.timer.cancel()
            parcel.timer = None
        if seconds == 0 and self.courier is None:
            action(parcel)  # A pull right after the publish finds the message.
            return
        parcel.timer = self._scheduler.call_later(seconds, lambda: action(parcel))

    def _due(self, parcel: _Parcel) -> None:
        """Deliver now, or make it ready for a pull."""
        age = self._scheduler.now() - parcel.published.publish_time
        if age.total_seconds() > self.subscription.message_retention_seconds:
            self._forget(parcel)
        elif self._blocked(parcel):
            pass  # Its predecessor will call when it is acknowledged.
        elif self.courier is None:
            self._ready[parcel] = None
        else:
            lease = self._lease(parcel)
            self.courier(
                parcel.published, parcel.attempts, lambda taken: self._answered(lease, taken=taken)
            )

    def _blocked(self, parcel: _Parcel) -> bool:
        """Whether an earlier message with the same ordering key is still in the backlog."""
        key = parcel.published.message.ordering_key
        if not self.subscription.ordered or not key:
            return False
        same = (p for p in self._parcels if p.published.message.ordering_key == key)
        return next(same) is not parcel

    def _lease(self, parcel: _Parcel) -> int:
        parcel.attempts += 1
        parcel.lease = self._last_lease = next(self._leases)
        self._leased[parcel.lease] = parcel
        deadline = self.subscription.ack_deadline_seconds
        self._later(parcel, deadline, self._failed)
        return parcel.lease

    def _answered(self, lease: int, *, taken: bool) -> None:
        parcel = self._leased.get(lease)
        if parcel is None:
            return  # Too late: the deadline has passed, and the message is on its way again.
        if taken:
            self._acknowledged(parcel)
        else:
            self._failed(parcel)

    def _acknowledged(self, parcel: _Parcel) -> None:
        ratio = self._settings.duplicate_ratio
        if ratio > 0 and not parcel.repeated and self._rng.random() < ratio:
            parcel.repeated = True
            del self._leased[parcel.lease]
            delay = self._rng.uniform(0, self._settings.duplicate_delay_seconds_max)
            self._later(parcel, delay, self._due)
            return
        self._forget(parcel)

    def _failed(self, parcel: _Parcel) -> None:
        """A nack, no answer, or the deadline has passed."""
        self._leased.pop(parcel.lease, None)
        policy = self.subscription.dead_letter
        exhausted = policy is not None and parcel.attempts >= policy.max_delivery_attempts
        if exhausted and self._bury(self.subscription, parcel.published, parcel.attempts):
            self._forget(parcel)
        else:
            self._later(parcel, self._backoff(parcel.attempts), self._due)

    def _backoff(self, attempts: int) -> float:
        """Return the seconds until the next delivery, doubled with each failed one."""
        retry = self.subscription.retry
        if retry is None and self.courier is None:
            return 0.0
        if retry is None:
            retry = RetryPolicy(
                self._settings.push_backoff_seconds_min, self._settings.push_backoff_seconds_max
            )
        first = max(retry.minimum_backoff_seconds, _BACKOFF_SECONDS_FLOOR)
        doubled = first * 2.0 ** min(attempts - 1, _DOUBLINGS_MAX)
        return min(doubled, retry.maximum_backoff_seconds)

    def _forget(self, parcel: _Parcel) -> None:
        if parcel.timer:
            parcel.timer.cancel()
        self._parcels.pop(parcel, None)
        self._ready.pop(parcel, None)
        self._leased.pop(parcel.lease, None)
        self._release(parcel.published.message.ordering_key)

    def _release(self, key: str) -> None:
        """Deliver the next message of an ordering key, if it has been waiting for its turn."""
        if not self.subscription.ordered or not key:
            return
        for parcel in self._parcels:
            if parcel.published.message.ordering_key == key:
                self._later(parcel, 0, self._due)
                return
