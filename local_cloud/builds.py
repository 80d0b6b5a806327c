"""What Cloud Build leaves behind: an image in the registry and a message on the builds topic.

Nothing is built: an image is a directory's content, a command and an environment.
"""

import datetime as dt
import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_cloud.cloud import LocalCloud
from local_cloud.pubsub.values import Message
from local_cloud.registry.images import PushedImage


class LocalBuilds:
    """Builds of one Python package, run with `python -m PACKAGE` beside its folder."""

    def __init__(self, cloud: LocalCloud, topic: str, package: Path, stage: Path) -> None:
        self._cloud = cloud
        self._topic = topic
        self._package = package.name
        self._stage = stage
        unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(package, stage / package.name, ignore=unwanted, dirs_exist_ok=True)

    def push(
        self, repository: str, version: str, env: Mapping[str, str], *, index: bool = False
    ) -> PushedImage:
        """Push a version. The same version and environment always have the same digest."""
        return self._cloud.images.push(
            repository,
            directory=self._stage,
            command=["python", "-m", self._package],
            env={"HOST": "127.0.0.1", "SERVICE_VERSION": version, **env},
            tag=version,
            index=index,
        )

    def announce(
        self, image: PushedImage, *, branch: str = "main", status: str = "SUCCESS", commit: str = ""
    ) -> str:
        """Publish the build's end, as Cloud Build does; return the build's id."""
        build = str(uuid.uuid4())
        document = build_document(
            build, image, self._cloud.scheduler.now(), branch=branch, status=status, commit=commit
        )
        attributes = {"buildId": build, "status": status}
        message = Message(json.dumps(document).encode(), attributes)
        agent = "service-1@gcp-sa-cloudbuild.iam.gserviceaccount.com"
        self._cloud.pubsub.publish(self._topic, [message], caller=agent)
        return build


def build_document(
    build: str,
    image: PushedImage,
    now: dt.datetime,
    *,
    branch: str,
    status: str,
    commit: str,
) -> dict[str, Any]:
    """Return the parts of a Build resource that its readers use.

    Source: reference/gcp.md section 4; `results.images` names what `images:` listed.
    """
    when = now.isoformat().replace("+00:00", "Z")
    name = f"{image.repository}:{commit or 'latest'}"
    return {
        "id": build,
        "projectId": "local-builds",
        "status": status,
        "createTime": when,
        "finishTime": when,
        "substitutions": {
            "BRANCH_NAME": branch,
            "COMMIT_SHA": commit,
            "REPO_NAME": image.repository.rpartition("/")[2],
        },
        "images": [name],
        "results": {"images": [{"name": name, "digest": image.digest, "pushTiming": {}}]},
    }
