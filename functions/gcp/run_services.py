"""Cloud Run services: the one place that writes to them. Admin API v1, plain REST.

v1 and not v2, because only v1's `metadata.resourceVersion` is a compare-and-swap that holds
(reference/gcp.md, finding 1). It is the call that `gcloud run services update-traffic` makes.
"""

import functools
from urllib.parse import quote

from gcp import service_document
from gcp.session import Session
from rollouts.policy import ServiceRef
from rollouts.seen import Change, ServiceSeen, hides


class RunServices:
    """Implements `ports.Services`. One HTTP call a read, one a write.

    `endpoint` is RUN_ENDPOINT; {region} in it is the service's region.
    """

    def __init__(self, session: Session, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    def read(self, ref: ServiceRef) -> ServiceSeen:
        """Read a service. Raises Missing, and BadRecord if its record cannot be read."""
        raw = self._session.call("GET", self._url(ref), f"the service {ref} was not read")
        return service_document.seen_of(ref, raw)

    def write(self, seen: ServiceSeen, change: Change) -> None:
        """Write `change` on top of `seen`. Raises Conflict if somebody wrote since.

        A Transient may come after the write took effect, when its answer got lost: whoever
        calls again reads first, and then finds the change done.
        """
        known = seen.record if hides(seen, change) else None
        body = service_document.apply(seen.raw, change, seen.generation, known)
        not_done = f"the service {seen.ref} was not written"
        self._session.call("PUT", self._url(seen.ref), not_done, body=body)

    def _url(self, ref: ServiceRef) -> str:
        endpoint = self._endpoint.replace("{region}", ref.region)
        return f"{endpoint}/apis/serving.knative.dev/v1/{_path(ref)}"


@functools.lru_cache(maxsize=256)
def _path(ref: ServiceRef) -> str:
    return f"namespaces/{quote(ref.project, safe='')}/services/{quote(ref.service, safe='')}"
