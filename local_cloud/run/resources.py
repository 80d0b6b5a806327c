"""Services and revisions of the local Cloud Run, as values. No behaviour beyond reading them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from local_cloud.registry.images import Image

INGRESS = "run.googleapis.com/ingress"
DEFAULT_URL_DISABLED = "run.googleapis.com/default-url-disabled"
INVOKER_IAM_DISABLED = "run.googleapis.com/invoker-iam-disabled"
SERVICE_MIN_SCALE = "run.googleapis.com/minScale"
REVISION_MIN_SCALE = "autoscaling.knative.dev/minScale"
REVISION_MAX_SCALE = "autoscaling.knative.dev/maxScale"
SESSION_AFFINITY = "run.googleapis.com/sessionAffinity"
"""On a template: "true" keeps clients with their instance, whatever the split says. Kept and
shown here, without effect. Source: https://cloud.google.com/run/docs/configuring/session-affinity
"""

ALL_USERS = "allUsers"


class ServiceKey(NamedTuple):
    """Which service. `name` is the bare service name."""

    project: str
    region: str
    name: str

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    @property
    def resource(self) -> str:
        return f"{self.parent}/services/{self.name}"


@dataclass(frozen=True, slots=True)
class Target:
    """One traffic entry as it was written. `revision` None means the newest Ready one."""

    revision: str | None
    percent: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class ServedTarget:
    """One traffic entry as it is served. `latest`: it was written without a revision's name."""

    revision: str
    percent: int | None
    tag: str | None
    latest: bool
    url: str | None = None
    """Of the tag; None without a tag or with the default URL switched off."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`status` is "True", "False" or "Unknown", as in Kubernetes."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    severity: str = ""
    changed: dt.datetime | None = None


class SecretVariable(NamedTuple):
    """A variable whose value is a version of a secret of the service's project."""

    name: str
    secret: str
    version: str
    """A number or `latest`."""
    where: str
    """The entry's path in the document, for messages."""


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a template. `port` None: a sidecar."""

    name: str
    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[SecretVariable, ...] = ()
    port: int | None = None
    startup_probe: Mapping[str, Any] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Revision:
    """A revision: never changes but for its state."""

    key: ServiceKey
    name: str
    order: int
    """Rises with each deployment: the newest is the highest."""
    generation: int
    """The service's generation that made it."""
    template: Mapping[str, Any]
    containers: tuple[Container, ...]
    uid: str
    created: dt.datetime
    creator: str
    images: Mapping[str, Image] = field(default_factory=dict)
    """By container name; a container whose image does not exist is missing here."""
    state: Literal["pending", "ready", "failed"] = "pending"
    reason: str = ""
    message: str = ""
    settled: dt.datetime | None = None
    """When it became ready or failed."""

    @property
    def ingress_container(self) -> Container:
        """The container that gets the requests."""
        return next(c for c in self.containers if c.port is not None)

    @property
    def service_account(self) -> str:
        """The identity that the containers run as."""
        given = str(self.template["spec"].get("serviceAccountName", ""))
        return given or f"{self.key.project}-compute@developer.gserviceaccount.com"

    @property
    def timeout_seconds(self) -> int:
        return int(self.template["spec"]["timeoutSeconds"])

    @property
    def requests_max(self) -> int | None:
        """How many requests it may serve at once: concurrency times maximum instances.

        None without a maximum: the real service starts more instances then (up to 100), and the
        one instance here takes them all.
        Source: https://cloud.google.com/run/docs/about-instance-autoscaling
        """
        annotations = self.template.get("metadata", {}).get("annotations", {})
        each = int(self.template["spec"]["containerConcurrency"])
        if REVISION_MAX_SCALE not in annotations or not each:
            return None
        return int(annotations[REVISION_MAX_SCALE]) * each

    @property
    def instances_min(self) -> int:
        annotations = self.template.get("metadata", {}).get("annotations", {})
        return int(annotations.get(REVISION_MIN_SCALE, 0))


@dataclass(eq=False, slots=True)
class Service:
    """A service: what was written (spec) and what is so (status)."""

    key: ServiceKey
    uid: str
    created: dt.datetime
    updated: dt.datetime
    creator: str
    modifier: str
    url: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    template: Mapping[str, Any]
    traffic: tuple[Target, ...]
    generation: int = 1
    version: int = 0
    """Behind `metadata.resourceVersion` and `etag`."""
    invokers: frozenset[str] = frozenset()
    """Members such as `allUsers` and `serviceAccount:a@b`."""

    observed_generation: int = 0
    latest_created: str = ""
    latest_ready: str = ""
    planned: tuple[ServedTarget, ...] = ()
    """The split on its way to being served."""
    served: tuple[ServedTarget, ...] = ()
    """The split that requests meet."""
    forgiven: str = ""
    """A failed revision that no longer counts against the service's readiness."""
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    @property
    def default_url_disabled(self) -> bool:
        return self.annotations.get(DEFAULT_URL_DISABLED) == "true"

    @property
    def reachable(self) -> bool:
        """Whether its URLs answer a caller outside the project's network."""
        return self.annotations.get(INGRESS, "all") == "all" and not self.default_url_disabled

    @property
    def public(self) -> bool:
        return ALL_USERS in self.invokers or self.annotations.get(INVOKER_IAM_DISABLED) == "true"

    @property
    def reconciling(self) -> bool:
        return (
            self.observed_generation != self.generation
            or not self.conditions
            or self.conditions["Ready"].status == "Unknown"
        )
