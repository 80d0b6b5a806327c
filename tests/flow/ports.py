"""The functions' world over the local cloud's models: no sockets, virtual time.

Where an adapter can be given its transport, the real adapter runs here: services, log, registry,
events and callbacks speak JSON to the real routers, metrics speak protobuf to the real methods.
"""

import datetime as dt
import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import grpc
import requests
from google.api_core import exceptions as api_errors
from google.cloud import monitoring_v3
from requests.structures import CaseInsensitiveDict

from gcp.callbacks import CallbackWaker
from gcp.decision_log import LoggedDecisions
from gcp.events_rest import RestEvents
from gcp.metrics import CloudMetrics
from gcp.ports import Prober
from gcp.registry import ImageRegistry
from gcp.request_log import RestRequestLog
from gcp.run_services import RunServices
from gcp.session import Session
from local_cloud.cloud import LocalCloud
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.monitoring import door as monitoring_door
from local_cloud.run.resources import ServiceKey
from rollouts.errors import Transient
from rollouts.policy import Channel, Delivery, ServiceRef
from rollouts.routing import Letter
from rollouts.seen import RevisionSeen
from rollouts.smoke import Tested
from tests.flow.faults import Faults

API = "https://api.test"


@functools.lru_cache(maxsize=64)
def _headers(*told: tuple[str, str]) -> tuple[CaseInsensitiveDict[str], str | None]:
    """Return an answer's headers, which nobody changes, and the encoding that they tell."""
    headers = CaseInsensitiveDict(told)
    return headers, requests.utils.get_encoding_from_headers(headers)


class FlowResponse(requests.Response):
    """An answer that came over no connection; it has no cookies."""

    def __init__(self, answered: ApiResponse, url: str) -> None:
        self.status_code, self.url = answered.status, url
        self._content, self._content_consumed = answered.body, True
        self.headers, self.encoding = _headers(*answered.headers.items())
        self.reason, self.history = "", []


class RouterSession:
    """What `gcp.session.Session` makes: here a call of the local cloud's router."""

    def __init__(self, router: Router, function: str, caller: str, faults: Faults) -> None:
        self._router = router
        self._function = function
        self._caller = caller
        self._faults = faults
        self.calls: list[tuple[str, str]] = []

    def request(self, method: str, url: str, **given: Any) -> requests.Response:
        parts = urlsplit(url)
        self.calls.append((method, parts.path))
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(parts.query) if parts.query else ():
            query[name] = (*query.get(name, ()), value)
        body = given.get("json")
        asked = ApiRequest(
            method,
            parts.path,
            query,
            {name.lower(): value for name, value in (given.get("headers") or {}).items()},
            json.dumps(body).encode() if body is not None else b"",
            self._caller,
        )
        return self._faults.around(
            self._function, method, parts.path, lambda: self._answer(asked, url)
        )

    def _answer(self, asked: ApiRequest, url: str) -> requests.Response:
        answered = self._router.handle(asked)
        assert answered is not None, f"no route for {asked.method} {asked.path}"
        return FlowResponse(answered, url)

    def close(self) -> None:
        """Nothing is open."""


class InProcessMetrics:
    """The two calls of the official client that the adapter makes."""

    def __init__(self, cloud: LocalCloud, caller: str, faults: Faults) -> None:
        self._faults = faults
        self._methods = {one.name: one for one in monitoring_door.methods(cloud.monitoring)}
        self._caller = caller

    def _call(self, name: str, message: Any) -> Any:
        if self._faults.monitoring_down:
            raise api_errors.ServiceUnavailable("planted")
        try:
            return self._methods[name].call(message, self._caller)
        except Refused as refused:
            code = getattr(grpc.StatusCode, refused.code)
            raise api_errors.from_grpc_status(code, refused.message) from None

    def get_metric_descriptor(self, name: str, **_: Any) -> Any:
        asked = monitoring_v3.GetMetricDescriptorRequest(name=name)
        return self._call("GetMetricDescriptor", type(asked).pb(asked))

    def list_time_series(self, request: Any, **_: Any) -> Any:
        answer = self._call("ListTimeSeries", type(request).pb(request))
        assert not answer.next_page_token
        return [monitoring_v3.TimeSeries.wrap(one) for one in answer.time_series]


class ModelRevisions:
    def __init__(self, cloud: LocalCloud, faults: Faults) -> None:
        self._cloud = cloud
        self._faults = faults

    def read(self, ref: ServiceRef, revision: str) -> RevisionSeen | None:
        key = ServiceKey(ref.project, ref.region, ref.service)
        try:
            found = self._cloud.run.revision(key, revision)
        except Refused:
            return None
        image = found.images.get(found.ingress_container.name)
        digest = image.digest if image else None
        return RevisionSeen(
            name=found.name,
            readiness=found.state,
            reason=found.message or found.reason,
            image=found.ingress_container.image,
            resolved=self._faults.resolves_to.get(digest or "", digest),
        )


class ModelExecutions:
    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    def alive(self, execution: str) -> bool:
        try:
            found = self._cloud.workflows.get_execution(execution)
        except Refused:
            return False
        return str(found["state"]) in ("ACTIVE", "QUEUED")


@dataclass
class FlowProber:
    """Answers as the image behind the URL would."""

    answer: Callable[[str], tuple[int | None, float]]

    def get(self, url: str, path: str, *, audience: str, timeout: dt.timedelta) -> Tested:
        status, seconds = self.answer(url)
        error = "" if status is not None else "connection refused"
        return Tested(path, status, dt.timedelta(seconds=seconds), error)


class FlowChannels:
    """Keeps what each channel is told; one whose name stands in `broken` does not answer."""

    def __init__(self) -> None:
        self.told: list[tuple[Channel, Letter]] = []
        self.broken: set[str] = set()

    def send(self, channel: Channel, letter: Letter) -> None:
        if channel.name in self.broken:
            raise Transient(f"{channel} did not answer")
        self.told.append((channel, letter))

    def pages(self) -> list[Mapping[str, Any]]:
        """Return what PagerDuty was told."""
        found = [letter for channel, letter in self.told if channel.kind == "pagerduty"]
        return [letter for letter in found if isinstance(letter, Mapping)]

    def texts(self, name: str = "team") -> list[str]:
        """Return the messages of one chat."""
        documents = [found for channel, found in self.told if channel.name == name]
        return [str(found["text"]) for found in documents if isinstance(found, Mapping)]


class FlowClock:
    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud

    def now(self) -> dt.datetime:
        return self._cloud.scheduler.now()


class FlowWorld:
    """One function's world. Each function has its own identity, as in the cloud."""

    def __init__(
        self,
        cloud: LocalCloud,
        router: Router,
        delivery: Delivery,
        *,
        name: str,
        account: str,
        topic: str,
        prober: Prober,
        channels: FlowChannels,
        faults: Faults,
    ) -> None:
        self.http = RouterSession(router, name, account, faults)
        session = Session(lambda: self.http)  # type: ignore[arg-type, return-value]
        self.delivery = delivery
        self.clock = FlowClock(cloud)
        self.services = RunServices(session, f"{API}/regions/{{region}}")
        self.revisions = ModelRevisions(cloud, faults)
        self.registry = ImageRegistry(session, API)
        self.prober = prober
        self.metrics = CloudMetrics(lambda: InProcessMetrics(cloud, account, faults))
        self.request_log = RestRequestLog(session, API)
        self.decisions = LoggedDecisions(session, API, topic.split("/")[1])
        self.events = RestEvents(session, API, topic)
        self.executions = ModelExecutions(cloud)
        self.waker = CallbackWaker(session, API)
        self.channels = channels
