"""The drill in virtual time: the real workflow file beside the real delivery, and a staging that
nobody but the drill uses.
"""

import json
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from local_cloud.build.model import BuildSettings
from local_cloud.cloud import CloudSettings
from local_cloud.kit.http import ApiRequest, Inbound, NoAnswer, Outbound
from local_cloud.run.resources import Revision
from tests.flow.flow import Flow
from tests.flow.install import ACCOUNTS, PROJECT, REGION, ROOT
from tests.flow.ports import API
from tests.flow.traffic import Quality, Traffic

# Staging as the shipped delivery.yaml has it.
DELIVERY = """
services:
  api:
    image: europe-west1-docker.pkg.dev/barq-build/shop/api
    targets:
      staging: {project: shop-staging, region: europe-west1, service: api, steps: [100], no_data: pass}
      production: {project: shop-production, region: europe-west1, service: api, steps: [50, 100], window: 1m}
"""


class FaultyTraffic(Traffic):
    """Images may bear their fault in their environment, as the health service takes it."""

    def quality(self, revision: Revision) -> Quality:
        env = self.env(revision)
        if "FAULT_ERROR_RATIO" in env:
            return Quality(error_ratio=float(env["FAULT_ERROR_RATIO"]))
        if "FAULT_NOT_READY" in env:
            return Quality(unhealthy=True)
        return super().quality(revision)

    def answer(self, revision: Revision) -> Inbound:
        """Serve one request of somebody who waits for the answer."""
        quality = self.quality(revision)
        failed = self._rng.random() < quality.error_ratio
        bad = int(self.env(revision).get("FAULT_STATUS", 500))
        served = self._served(revision, bad if failed else 200, quality.latency_seconds)
        self._cloud.run.request_served(served)
        return Inbound(served.status, (("Content-Type", "application/json"),), b"{}")

    def env(self, revision: Revision) -> Mapping[str, str]:
        image = revision.images.get(revision.ingress_container.name)
        return image.env if image else {}


class DrillFlow(Flow):
    """Barq with both workflows, and v1 delivered to both targets. Staging has no users."""

    traffic: FaultyTraffic

    def __init__(self, delivery: str = DELIVERY, *, first: str | None = "v1") -> None:
        settings = CloudSettings(builds=BuildSettings(queued_seconds=3, works_seconds=25))
        super().__init__(delivery, first=None, settings=settings)
        self.traffic.rps_of["staging"] = 0
        self._deploy_drill()
        if first:
            self.built(self.image(first))
            self.until_ended()

    def make_traffic(self, rng: random.Random, rps: int) -> FaultyTraffic:
        return FaultyTraffic(rng, rps)

    def drill(self, **argument: Any) -> str:
        """Start a drill, and return its execution's name."""
        asked = {"service": "api", "target": "staging", **argument}
        created = self.cloud.workflows.create_execution(self._drill, json.dumps(asked))
        return str(created["name"])

    def until_drilled(self, name: str, *, within_minutes: float = 40) -> None:
        self.until(lambda: self.has_ended(name), within_minutes=within_minutes)

    def drills(self, **argument: Any) -> str:
        """Hold a drill to its end."""
        name = self.drill(**argument)
        self.until_drilled(name)
        return name

    def status_of(self, target: str) -> dict[str, Any]:
        found = self.post("status", {"service": "api", "target": target})["targets"]
        return dict(found[0])

    def serving(self, target: str = "staging") -> str:
        """Return what serves every request: an image's name, and its fault if it has one."""
        service = self.cloud.run.service(self.key(target))
        (entry,) = [one for one in service.served if one.percent]
        env = self.traffic.env(self.cloud.run.revision(service.key, entry.revision))
        faults = [name for name in env if name.startswith("FAULT_")]
        return " ".join([env["VERSION"], *faults])

    def _deploy_drill(self) -> None:
        env = {
            "BARQ_FUNCTIONS": json.dumps(
                {name: f"https://{name}.test" for name in ("status", "rollback")}
            ),
            "BUILDS_TOPIC": self.topic("builds"),
            "CLOUD_BUILD_ENDPOINT": API,
        }
        self._drill = f"projects/{PROJECT}/locations/{REGION}/workflows/drill"
        self.cloud.workflows.deploy(
            PROJECT,
            REGION,
            "drill",
            (ROOT / "workflows" / "drill.yaml").read_text(),
            service_account=f"barq-drill{ACCOUNTS}",
            env=env,
        )
        self.sender.routes[f"{API}/v1/projects/{PROJECT}"] = self._api
        url = self.cloud.run.service(self.key("staging")).url
        self.sender.routes[url] = self._staging

    def _api(self, request: Outbound) -> Inbound:
        parts = urlsplit(request.url)
        query = {name: (value,) for name, value in parse_qsl(parts.query)}
        caller = self.cloud.tokens.caller(request.headers["Authorization"])
        asked = ApiRequest(request.method, parts.path, query, {}, request.body, caller)
        answered = self._router.handle(asked)
        assert answered is not None, request.url
        headers = tuple(answered.headers.items())
        return Inbound(answered.status, headers, answered.body)

    def _staging(self, request: Outbound) -> Inbound | NoAnswer:
        key = self.key("staging")
        name = self.cloud.run.route(*key)
        assert name is not None
        return self.traffic.answer(self.cloud.run.revision(key, name))
