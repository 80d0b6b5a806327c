"""The locations of Workflows."""

from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.pages import Asked, listed, page

# Source: https://cloud.google.com/workflows/docs/locations, from memory; a workflow may well be
# deployed to a location that is not here, such as those of tests.
NAMES: Final = (
    *("africa-south1", "asia-east1", "asia-east2", "asia-northeast1", "asia-northeast2"),
    *("asia-northeast3", "asia-south1", "asia-south2", "asia-southeast1", "asia-southeast2"),
    *("australia-southeast1", "australia-southeast2", "europe-central2", "europe-north1"),
    *("europe-southwest1", "europe-west1", "europe-west10", "europe-west12", "europe-west2"),
    *("europe-west3", "europe-west4", "europe-west6", "europe-west8", "europe-west9"),
    *("me-central1", "me-central2", "me-west1", "northamerica-northeast1"),
    *("northamerica-northeast2", "southamerica-east1", "southamerica-west1", "us-central1"),
    *("us-east1", "us-east4", "us-east5", "us-south1", "us-west1", "us-west2", "us-west3"),
    "us-west4",
)


def location(project: str, name: str) -> dict[str, Any]:
    """Return a Location. Raises Refused(NOT_FOUND)."""
    if name not in NAMES:
        raise Refused("NOT_FOUND", f"Location 'projects/{project}/locations/{name}' was not found")
    return {
        "name": f"projects/{project}/locations/{name}",
        "locationId": name,
        "displayName": name,
        "labels": {"cloud.googleapis.com/region": name},
    }


def locations(project: str, asked: Asked) -> dict[str, Any]:
    every = [location(project, name) for name in NAMES]
    items, token = page(every, asked, ("locations", project), default=100, most=1000)
    return listed("locations", items, token)
