"""How the local Cloud Run behaves where the real one has a limit, a delay or is unknown."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunSettings:
    """The defaults are the real service's, as far as anyone knows them.

    Source: reference/gcp.md, sections 0, 1 and "Uncertain".
    """

    writes_per_minute: int = 60
    """Admin API writes per project and region; beyond them RESOURCE_EXHAUSTED."""
    served_split_seconds: float = 0.0
    """From a written split to the served one. Google only says "not instantaneous"."""
    reconcile_seconds: float = 0.0
    """From a write to the platform's own, which sets the status and bumps the version again."""
    annotations_bump_generation: bool = False
    """Whether a write that only touches metadata is a new generation. Kubernetes says no."""
    new_revision_may_get_traffic: bool = True
    """Whether one write may create a revision and name it in `traffic`, as `gcloud run deploy
    --tag` does."""
    traffic_write_clears_failed_deployment: bool = True
    """Whether a service is Ready again after a traffic-only write that follows a deployment
    which failed. Reported, not confirmed."""
    revisions_max: int = 1000
    """Older revisions without traffic and tag are deleted beyond this many."""
    annotations_bytes_max: int = 262_144
    tag_and_service_length_max: int = 46
