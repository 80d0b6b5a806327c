"""Cloud Build: builds that are queued, work for a while, and push what they made.

Not: what a build makes (`dockerfile.py`), nor what is refused of it (`checks.py`). Sans I/O.
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.build.checks import check
from local_cloud.build.dockerfile import Derived, read_build
from local_cloud.build.documents import message, results
from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler
from local_cloud.logging.values import instant_text
from local_cloud.pubsub.values import Message
from local_cloud.registry.images import Images, Reference, registry_resource

_METHOD: Final = "google.devtools.cloudbuild.v1.CloudBuild."
GLOBAL: Final = "global"
"""The location of a build that names none."""
Publish = Callable[[str, Message], None]


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How long a build takes; an image of another one is pulled, changed and pushed."""

    queued_seconds: float = 3.0
    works_seconds: float = 25.0


class CloudBuildModel:
    """All builds. `publish` is told of each change of status, with the build's topic."""

    def __init__(
        self,
        scheduler: Scheduler,
        images: Images,
        publish: Publish,
        audit: Audit,
        rng: random.Random,
        settings: BuildSettings,
    ) -> None:
        self._scheduler = scheduler
        self._images = images
        self._publish = publish
        self._audit = audit
        self._rng = rng
        self._settings = settings
        self._builds: dict[str, dict[str, Any]] = {}
        """By full name, in the order of their creation."""

    def create(self, parent: str, document: Any, *, caller: str | None) -> dict[str, Any]:
        """Queue a build, and return it. Raises Refused."""
        self._audit.note(caller, f"{_METHOD}CreateBuild", parent)
        asked = check(document)
        derived = read_build(asked)
        identity = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        project = parent.split("/")[1]
        build = {
            **asked,
            "id": identity,
            "name": f"{parent}/builds/{identity}",
            "projectId": project,
            "status": "QUEUED",
            "createTime": instant_text(self._scheduler.now()),
            "logUrl": f"https://console.cloud.google.com/cloud-build/builds/{identity}"
            f"?project={project}",
        }
        build.setdefault(
            "serviceAccount",
            f"projects/{project}/serviceAccounts/1@cloudbuild.gserviceaccount.com",
        )
        self._builds[build["name"]] = build
        self._tell(build)
        self._scheduler.call_later(self._settings.queued_seconds, lambda: self._work(build))
        self._scheduler.call_later(
            self._settings.queued_seconds + self._settings.works_seconds,
            lambda: self._end(build, derived),
        )
        return dict(build)

    def get(self, name: str, *, caller: str | None) -> dict[str, Any]:
        """Return a build. Raises Refused(NOT_FOUND)."""
        self._audit.note(caller, f"{_METHOD}GetBuild", name)
        if name not in self._builds:
            raise Refused("NOT_FOUND", "Requested entity was not found.")
        return dict(self._builds[name])

    def list(self, parent: str, *, caller: str | None) -> list[dict[str, Any]]:
        """Return the builds of a location, the newest first."""
        self._audit.note(caller, f"{_METHOD}ListBuilds", parent)
        found = [dict(one) for name, one in self._builds.items() if name.startswith(f"{parent}/")]
        return found[::-1]

    def _work(self, build: dict[str, Any]) -> None:
        build |= {"status": "WORKING", "startTime": instant_text(self._scheduler.now())}
        self._tell(build)

    def _end(self, build: dict[str, Any], derived: Derived) -> None:
        build["finishTime"] = instant_text(self._scheduler.now())
        try:
            build |= {"status": "SUCCESS", "results": self._made(build, derived)}
        except Refused as refused:
            detail = f"Build step failure: build step 0 failed: {refused.message}"
            failure = {"type": "USER_BUILD_STEP", "detail": detail}
            build |= {"status": "FAILURE", "failureInfo": failure, "statusDetail": detail}
        self._tell(build)

    def _made(self, build: dict[str, Any], derived: Derived) -> dict[str, Any]:
        """Pull, derive and push as the build's account. Raises Refused for an unknown base."""
        account = build["serviceAccount"].rpartition("/")[2]
        base, tagged = Reference.parse(derived.base), Reference.parse(derived.tag)
        self._audit.note(account, "Docker-GetManifest", registry_resource(base.repository))
        image = self._images.resolve(derived.base)
        self._audit.note(account, "Docker-PutManifest", registry_resource(tagged.repository))
        pushed = self._images.derive(
            image, tagged.repository, env=derived.env, labels=derived.labels, tag=tagged.tag
        )
        return results(derived.tag, pushed.digest)

    def _tell(self, build: dict[str, Any]) -> None:
        topic = build.get("options", {}).get("pubsubTopic")
        if topic:
            self._publish(topic, message(build))
