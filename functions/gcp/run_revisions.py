"""Cloud Run revisions: readiness by the official v2 client, the resolved digest from v1.

The v2 message of google-cloud-run 0.16.2 has no field for resolved digests: `Revision` lacks the
`container_statuses` that `Instance` has, and its client drops what it does not know. v1 tells
them by container name, so that is read once a revision is Ready.
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from google.api_core import exceptions as api_errors
from google.cloud import run_v2
from google.cloud.run_v2.types import Condition, Revision

from gcp.lazily import Lazy
from gcp.service_document import ingress_container
from gcp.session import Session
from gcp.vendor_errors import translated
from rollouts.errors import Missing
from rollouts.images import digest_of
from rollouts.policy import ServiceRef
from rollouts.seen import Readiness, RevisionSeen

TIMEOUT_SECONDS: Final = 20.0
_READINESS: Final[Mapping[int, Readiness]] = {
    Condition.State.CONDITION_SUCCEEDED: "ready",
    Condition.State.CONDITION_FAILED: "failed",
}


class RunRevisions:
    """Implements `ports.Revisions`.

    One call while a revision is not Ready, two from then on. `v2_endpoint` is RUN_V2_ENDPOINT,
    `endpoint` is RUN_ENDPOINT.
    """

    def __init__(self, session: Session, v2_endpoint: str, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint
        self._client = Lazy(
            lambda: run_v2.RevisionsClient(
                transport="rest", client_options={"api_endpoint": v2_endpoint}
            )
        )

    def read(self, ref: ServiceRef, revision: str) -> RevisionSeen | None:
        """Read a revision by its bare name; None if there is none (yet)."""
        not_done = f"the revision {revision} of {ref} was not read"
        with translated(not_done):
            try:
                found = self._client().get_revision(
                    name=f"projects/{ref.project}/locations/{ref.region}"
                    f"/services/{ref.service}/revisions/{revision}",
                    retry=None,
                    timeout=TIMEOUT_SECONDS,
                )
            except api_errors.NotFound:
                return None
        readiness, reason = readiness_of(found)
        image = _ingress_image(found, revision)
        resolved = digest_of(image)
        if readiness == "ready":
            resolved = self._resolved(ref, revision, not_done) or resolved
        return RevisionSeen(revision, readiness, reason, image, resolved)

    def _resolved(self, ref: ServiceRef, revision: str, not_done: str) -> str | None:
        endpoint = self._endpoint.replace("{region}", ref.region)
        path = f"namespaces/{quote(ref.project, safe='')}/revisions/{quote(revision, safe='')}"
        url = f"{endpoint}/apis/serving.knative.dev/v1/{path}"
        try:
            return resolved_digest(self._session.call("GET", url, not_done))
        except Missing:
            return None


def readiness_of(revision: Revision) -> tuple[Readiness, str]:
    """Return whether a revision is Ready, and the platform's own words while it is not.

    Judged by the revision's own condition: a failed one leaves the service's failed as well,
    whatever serves there. Source: reference/gcp.md, section 10, 5.
    """
    ready = next((one for one in revision.conditions if one.type_ == "Ready"), None)
    if ready is None:
        return "pending", ""
    readiness = _READINESS.get(ready.state, "pending")
    return readiness, "" if readiness == "ready" else _words(ready)


def resolved_digest(document: Mapping[str, Any]) -> str | None:
    """Return the digest that the ingress container's image resolved to; None if not told yet.

    `document` is a v1 revision. Looked up by container name, and never `status.imageDigest`: that
    one is empty as soon as there is a sidecar. Source: reference/gcp.md, section 1.
    """
    containers = document["spec"].get("containers", ())
    ingress = ingress_container(containers, str(document["metadata"]["name"]))
    others = {one.get("name") for one in containers if one is not ingress}
    statuses = document.get("status", {}).get("containerStatuses", ())
    # The platform names a container that was given no name, in the status alone.
    name = ingress.get("name")
    own = [s for s in statuses if (s.get("name") == name if name else s.get("name") not in others)]
    if len(own) != 1:
        return None
    reference = str(own[0].get("imageDigest", ""))
    return digest_of(reference if "@" in reference else f"@{reference}")


def _ingress_image(revision: Revision, name: str) -> str:
    containers = [{"image": one.image, "ports": list(one.ports)} for one in revision.containers]
    return str(ingress_container(containers, name)["image"])


def _words(condition: Condition) -> str:
    reasons = [condition.revision_reason.name, condition.reason.name]
    reason = next((one for one in reasons if not one.endswith(("_UNDEFINED", "UNKNOWN"))), "")
    return ": ".join(filter(None, (reason, condition.message)))
