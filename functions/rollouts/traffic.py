"""Who gets how many of the requests: entries as Cloud Run lists them, and shares by revision.

One revision may own several entries (gcloud keeps a tag as its own 0 % entry), so shares are
sums, and entries that carry somebody else's tag are always kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

CANARY_TAG: Final = "canary"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a service's traffic. `revision` is a bare name, None for LATEST."""

    revision: str | None
    percent: int = 0
    tag: str | None = None
    url: str | None = None
    """Where the tag answers; only in what is served, never in what is written."""


Split = tuple[Entry, ...]


def shares(split: Split, latest: str | None) -> dict[str, int]:
    """Return each revision's percent, those with none left out. LATEST is `latest`'s share."""
    found: dict[str, int] = {}
    for entry in split:
        revision = entry.revision or latest
        if revision is not None and entry.percent:
            found[revision] = found.get(revision, 0) + entry.percent
    return found


def sole_revision(split: Split, latest: str | None) -> str | None:
    """Return the revision that gets everything, or None if it is not one alone."""
    found = shares(split, latest)
    return next(iter(found)) if len(found) == 1 else None


def split_of(wanted: Mapping[str, int], present: Split, *, canary_tag: str | None = None) -> Split:
    """Return the entries that give `wanted` (revision -> percent), keeping foreign tags.

    `canary_tag` names the revision that shall wear the canary tag, None for nobody. A tag on a
    LATEST entry is dropped with it: it would move to the next deployed revision by itself.
    The sum is always 100, an AssertionError otherwise.
    """
    assert sum(wanted.values()) == 100, dict(wanted)  # noqa: PLR2004
    percents = [Entry(revision, percent) for revision, percent in wanted.items() if percent]
    tags = [
        Entry(entry.revision, 0, entry.tag)
        for entry in present
        if entry.tag and entry.revision and entry.tag != CANARY_TAG
    ]
    if canary_tag is not None:
        tags.append(Entry(canary_tag, 0, CANARY_TAG))
    return tuple(percents + tags)


def tag_url(served: Iterable[Entry], tag: str) -> str | None:
    """Return where a tag answers, as the platform said it; None while it does not."""
    return next((entry.url for entry in served if entry.tag == tag and entry.url), None)


def written(split: Split) -> Split:
    """Return the entries without what only the platform says."""
    return tuple(replace(entry, url=None) for entry in split)


def show_shares(found: Mapping[str, int]) -> str:
    """Write shares for people, largest first.

    >>> show_shares({"api-b": 10, "api-a": 90})
    'api-a 90 %, api-b 10 %'
    """
    ordered = sorted(found.items(), key=lambda share: (-share[1], share[0]))
    return ", ".join(f"{revision} {percent} %" for revision, percent in ordered) or "nothing"
