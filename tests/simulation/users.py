"""Users' requests, and the truth about them that no metric tells: who really met which revision."""

import datetime as dt
from bisect import bisect_left
from collections import defaultdict

from local_cloud.run.resources import Revision, ServiceKey
from tests.flow.quality import Quality
from tests.simulation.traffic import BatchTraffic


class Users(BatchTraffic):
    """Counts what each revision really served, instant by instant."""

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self._at: defaultdict[str, list[dt.datetime]] = defaultdict(list)
        self._sum: defaultdict[str, list[int]] = defaultdict(list)

    def _meet(self, target: str, revision: Revision, quality: Quality, count: int) -> int:
        name = f"{revision.key.project}/{revision.name}"
        sums = self._sum[name]
        sums.append((sums[-1] if sums else 0) + count)
        self._at[name].append(self._cloud.scheduler.now())
        return super()._meet(target, revision, quality, count)

    def probe(self, url: str) -> tuple[int | None, float]:
        """Answer a smoke test as users are answered: now and then with an error."""
        status, seconds = super().probe(url)
        for service in self._cloud.run.services():
            for entry in service.served:
                if entry.url == url and status == 200:
                    revision = self._cloud.run.revision(service.key, entry.revision)
                    failed = self._rng.random() < self.quality(revision).error_ratio
                    return 500 if failed else 200, seconds
        return status, seconds

    def served(self, key: ServiceKey, revision: str, since: dt.datetime) -> int:
        """Return how many requests a revision really met since then."""
        name = f"{key.project}/{revision}"
        sums, first = self._sum[name], bisect_left(self._at[name], since)
        if first >= len(sums):
            return 0
        return sums[-1] - (sums[first - 1] if first else 0)
