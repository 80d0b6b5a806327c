"""Cloud Monitoring's distributions as histograms, whatever their bucket layout. Pure.

The layout of Cloud Run's latencies is written down nowhere, so none is assumed.
Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#Distribution
"""

import functools
import math
from itertools import pairwise
from typing import Final

from google.api.distribution_pb2 import Distribution

from rollouts import layouts
from rollouts.errors import Refused
from rollouts.intervals import Histogram

BUCKETS_MAX: Final = 10_000
"""Far above any layout; below what a number out of an answer could make this process build."""


def histogram_of(value: Distribution) -> Histogram | None:
    """Return the histogram; None for a distribution without buckets.

    Bucket 0 is everything below the first bound, the last everything above the last. Trailing
    zero counts may be left out of the answer. Raises Refused for buckets that cannot be.
    """
    try:
        bounds = bounds_of(value.bucket_options)
    except OverflowError as error:
        raise Refused("a distribution was not read: a bound is beyond every number") from error
    if not bounds:
        return None
    counts = tuple(value.bucket_counts)
    if len(counts) > len(bounds) + 1:
        raise Refused(
            f"a distribution was not read: {len(counts)} bucket counts for {len(bounds)} bounds"
        )
    if min(counts, default=0) < 0 or not _rise(bounds):
        raise Refused("a distribution was not read: their buckets do not rise or count below zero")
    return Histogram(bounds, counts + (0,) * (len(bounds) + 1 - len(counts)))


def highest_of(value: Distribution) -> float | None:
    """Return what the highest of a distribution's values is at least; None without a value.

    The lower bound of the highest bucket with a value in it, or the mean if that is more: too
    few requests in flight make a hang doubtful for longer, too many would take back a good
    canary. Its range, which Google seldom tells, is exact.
    """
    if value.count <= 0:
        return None
    if value.HasField("range") and math.isfinite(value.range.max):
        return max(0.0, value.range.max)
    histogram = histogram_of(value)
    filled = [index for index, count in enumerate(histogram.counts if histogram else ()) if count]
    lowest = histogram.bounds_ms[filled[-1] - 1] if histogram and filled and filled[-1] else 0.0
    mean = value.mean if math.isfinite(value.mean) else 0.0
    return max(0.0, lowest, mean)


def bounds_of(options: Distribution.BucketOptions) -> tuple[float, ...]:
    """Return the bounds between buckets, rising; empty if the layout is not told."""
    match options.WhichOneof("options"):
        case "explicit_buckets":
            return tuple(options.explicit_buckets.bounds)
        case "linear_buckets":
            linear = options.linear_buckets
            finite = _finite(linear.num_finite_buckets)
            return tuple(linear.offset + linear.width * index for index in finite)
        case "exponential_buckets":
            growing = options.exponential_buckets
            finite = _finite(growing.num_finite_buckets)
            return layouts.growing(growing.scale, growing.growth_factor, len(finite))
        case _:
            return ()


@functools.lru_cache(maxsize=64)
def _rise(bounds: tuple[float, ...]) -> bool:
    rising = all(low < high for low, high in pairwise(bounds))
    return rising and all(map(math.isfinite, bounds))


def _finite(buckets: int) -> range:
    if buckets > BUCKETS_MAX:
        raise Refused(f"a distribution was not read: {buckets} buckets, more than {BUCKETS_MAX}")
    return range(buckets + 1)
