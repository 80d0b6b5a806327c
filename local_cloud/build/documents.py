"""What Cloud Build tells of a build: the parts of its Build resource that readers use."""

import datetime as dt
import json
from typing import Any, Final

from local_cloud.logging.values import instant_text
from local_cloud.pubsub.values import Message
from local_cloud.registry.images import PushedImage

AGENT: Final = "service-1@gcp-sa-cloudbuild.iam.gserviceaccount.com"
"""Google's own account that publishes builds' messages."""


def results(name: str, digest: str) -> dict[str, Any]:
    """Return what a build pushed: what its `images:` listed, and nothing else.

    Source: reference/gcp.md section 4
    """
    return {"images": [{"name": name, "digest": digest, "pushTiming": {}}]}


def build_document(
    build: str,
    image: PushedImage,
    now: dt.datetime,
    *,
    branch: str,
    status: str,
    commit: str,
) -> dict[str, Any]:
    """Return a build of a trigger that has ended."""
    when = instant_text(now)
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
        "results": results(name, image.digest),
    }


def message(document: dict[str, Any]) -> Message:
    """Return what is published of a build at each change of its status.

    Source: https://cloud.google.com/build/docs/subscribe-build-notifications
    """
    attributes = {"buildId": document["id"], "status": document["status"]}
    return Message(json.dumps(document).encode(), attributes)
