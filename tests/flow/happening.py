"""What happens in a flow test: builds are announced, people act, time passes."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from local_cloud.kit.http import ApiRequest, Outbound
from local_cloud.pubsub.values import Message
from rollouts.record_json import parse_record
from tests.flow.install import WORKFLOW, Installed
from tests.flow.invariants import RECORD


class Happening(Installed):
    """Everything that comes from outside, in the words of who does it."""

    looks_every_seconds = 1
    """How often `until` looks."""
    _builds = 0

    @property
    def now(self) -> dt.datetime:
        return self.scheduler.now()

    def document(self, target: str = "production") -> dict[str, Any]:
        """Return the service as the API shows it."""
        key = self.key(target)
        path = f"/regions/{key.region}/apis/serving.knative.dev/v1"
        asked = ApiRequest("GET", f"{path}/namespaces/{key.project}/services/{key.name}", caller="")
        answered = self._router.handle(asked)
        assert answered is not None
        return json.loads(answered.body)  # type: ignore[no-any-return]

    def built(
        self,
        reference: str,
        *,
        status: str = "SUCCESS",
        branch: str = "main",
        build: str | None = None,
        created: dt.datetime | None = None,
    ) -> str:
        """Publish what Cloud Build publishes; return the build's id."""
        self._builds += 1
        name, _, digest = reference.partition("@")
        identity = build or f"build-{self._builds}"
        document = {
            "id": identity,
            "projectId": "barq-build",
            "status": status,
            "createTime": (created or self.now).isoformat().replace("+00:00", "Z"),
            "substitutions": {"BRANCH_NAME": branch, "COMMIT_SHA": "c0ffee" * 6},
            "images": [f"{name}:latest"],
            "results": {"images": [{"name": f"{name}:latest", "digest": digest}]},
        }
        self.publish("builds", document, {"buildId": identity, "status": status})
        self.passes(seconds=1)
        return identity

    def publish(self, topic: str, document: Any, attributes: Mapping[str, str] = {}) -> None:
        data = json.dumps(document).encode()
        self.cloud.pubsub.publish(self.topic(topic), [Message(data, attributes)])

    def by_hand(self, **argument: Any) -> str:
        """Start the workflow as a person does; return the execution's name."""
        created = self.cloud.workflows.create_execution(WORKFLOW, json.dumps(argument))
        return str(created["name"])

    def answers(self, decision: str | None, *, by: str = "ann@example.com", **body: Any) -> Any:
        """Call the approve function as a person; return what it says. None only looks.

        Unless the body says another thing, the rollout meant is the one on record.
        """
        token = self.cloud.tokens.developer_id_token(by, "https://approve.test")
        headers = {"Authorization": f"Bearer {token}"}
        url = "https://approve.test"
        asked = {"service": "api", "target": "production", **body}
        if decision is not None:
            annotations = self.document(asked["target"])["metadata"]["annotations"]
            present = parse_record(annotations.get(RECORD)).rollout
            asked.setdefault("rollout", present.id if present else "none")
        if decision is None:
            request = Outbound("GET", f"{url}?{urlencode(asked)}", headers, b"")
        else:
            document = json.dumps({**asked, "decision": decision}).encode()
            request = Outbound("POST", url, headers, document)
        return json.loads(self.call("approve", request).body)

    def post(self, function: str, document: Mapping[str, Any]) -> Any:
        """Call a function as anyone with the right to may, past the workflow."""
        request = Outbound("POST", f"https://{function}.test", {}, json.dumps(document).encode())
        return json.loads(self.call(function, request).body)

    def person_writes(
        self, change: Callable[[dict[str, Any]], object], target: str = "production"
    ) -> None:
        """Change a service as gcloud does: read, change, write."""
        document = self.document(target)
        change(document)
        self.cloud.run.replace(self.key(target), document, "person@example.com")

    def person_sets_traffic(self, target: str, shares: Mapping[str, int]) -> None:
        entries = [{"revisionName": name, "percent": share} for name, share in shares.items()]
        self.person_writes(lambda service: service["spec"].update(traffic=entries), target)

    def terraform_writes(self, document: dict[str, Any], target: str = "production") -> None:
        """Write a whole object as it was once read, without any version."""
        metadata = {k: v for k, v in document["metadata"].items() if k != "resourceVersion"}
        older = {**document, "metadata": metadata}
        self.cloud.run.replace(self.key(target), older, "terraform@example.com")

    def cancels(self, execution: str) -> None:
        self.cloud.workflows.cancel_execution(execution)

    def passes(self, **duration: float) -> None:
        """Let time pass."""
        self.scheduler.run_for(dt.timedelta(**duration).total_seconds())

    def until(self, done: Callable[[], bool], *, within_minutes: float = 60) -> None:
        """Let time pass until something is so, looked at each second; fail if it never is."""
        for _ in range(int(within_minutes * 60 / self.looks_every_seconds) + 1):
            if done():
                return
            self.scheduler.run_for(self.looks_every_seconds)
        told = [event["data"]["event"] for event in self.events]
        raise AssertionError(f"not so within {within_minutes} minutes: {told}")
