"""Cloud Monitoring's distributions as histograms, whatever their bucket layout. Pure.

The layout of Cloud Run's latencies is written down nowhere, so none is assumed.
Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#Distribution
"""

import math
from itertools import pairwise
from typing import Final

from google.api.distribution_pb2 import Distribution

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
        raise Refused("latencies were not read: a bound is beyond every number") from error
    if not bounds:
        return None
    counts = tuple(value.bucket_counts)
    if len(counts) > len(bounds) + 1:
        raise Refused(
            f"latencies were not read: {len(counts)} bucket counts for {len(bounds)} bounds"
        )
    rising = all(low < high for low, high in pairwise(bounds))
    if min(counts, default=0) < 0 or not rising or not all(map(math.isfinite, bounds)):
        raise Refused("latencies were not read: their buckets do not rise or count below zero")
    return Histogram(bounds, counts + (0,) * (len(bounds) + 1 - len(counts)))


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
            return tuple(growing.scale * growing.growth_factor**index for index in finite)
        case _:
            return ()


def _finite(buckets: int) -> range:
    if buckets > BUCKETS_MAX:
        raise Refused(f"latencies were not read: {buckets} buckets, more than {BUCKETS_MAX}")
    return range(buckets + 1)
