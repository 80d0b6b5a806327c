"""What a trigger's build leaves behind: an image in the registry, a message on the builds topic.

Nothing is built: an image is a directory's content, a command and an environment. The API that
builds are started with is `local_cloud/build/`.
"""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from local_cloud.build.documents import build_document, message
from local_cloud.cloud import LocalCloud
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
        self._cloud.publish_build(self._topic, message(document))
        return build
