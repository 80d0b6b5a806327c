"""Cloud Monitoring's distributions as histograms, whatever their bucket layout. Pure.

The layout of Cloud Run's latencies is written down nowhere, so none is assumed.
Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/TypedValue#Distribution
"""

from collections.abc import Sequence

from google.api.distribution_pb2 import Distribution

from rollouts.errors import Refused
from rollouts.intervals import Histogram


def histogram_of(value: Distribution) -> Histogram | None:
    """Return the histogram; None for a distribution without buckets.

    Bucket 0 is everything below the first bound, the last everything above the last. Trailing
    zero counts may be left out of the answer.
    """
    bounds = bounds_of(value.bucket_options)
    if not bounds:
        return None
    counts = tuple(value.bucket_counts)
    if len(counts) > len(bounds) + 1:
        raise Refused(
            f"latencies were not read: {len(counts)} bucket counts for {len(bounds)} bounds"
        )
    return Histogram(bounds, counts + (0,) * (len(bounds) + 1 - len(counts)))


def bounds_of(options: Distribution.BucketOptions) -> tuple[float, ...]:
    """Return the bounds between buckets, rising; empty if the layout is not told."""
    match options.WhichOneof("options"):
        case "explicit_buckets":
            return tuple(options.explicit_buckets.bounds)
        case "linear_buckets":
            linear = options.linear_buckets
            finite = range(linear.num_finite_buckets + 1)
            return tuple(linear.offset + linear.width * index for index in finite)
        case "exponential_buckets":
            growing = options.exponential_buckets
            finite = range(growing.num_finite_buckets + 1)
            return tuple(growing.scale * growing.growth_factor**index for index in finite)
        case _:
            return ()


def added(several: Sequence[Histogram]) -> Histogram | None:
    """Return the sum of histograms of one layout; None of none, and of unlike ones."""
    if not several or any(one.bounds_ms != several[0].bounds_ms for one in several):
        return None
    sums = map(sum, zip(*(one.counts for one in several), strict=True))
    return Histogram(several[0].bounds_ms, tuple(sums))
