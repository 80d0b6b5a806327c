"""Local images: a repository's digests and tags, and what each of them runs.

Not a registry that can be pushed to over the wire: `push` is a call, and reads are all that
`api.py` offers.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from local_cloud.kit.errors import Refused
from local_cloud.registry import content

HOST_SUFFIX = "-docker.pkg.dev"
_REFERENCE = re.compile(r"(?P<repository>[^@]+?)(:(?P<tag>[\w][\w.-]{0,127}))?(@(?P<digest>.+))?")


@dataclass(frozen=True, slots=True)
class Image:
    """A runnable image. `digest` is its own, also where an index led to it."""

    digest: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    workdir: Path | None
    """Where the command runs; None if the image has no files."""
    manifest: bytes = b""


@dataclass(frozen=True, slots=True)
class PushedImage:
    """What a push answers: `digest` is the one that a build announces."""

    repository: str
    digest: str
    child_digest: str | None
    """The runnable image behind an index; None if `digest` is itself runnable."""

    @property
    def reference(self) -> str:
        return f"{self.repository}@{self.digest}"


@dataclass(frozen=True, slots=True)
class Reference:
    """An image string, taken apart. A digest wins over a tag; neither means `latest`."""

    repository: str
    tag: str
    digest: str | None

    @staticmethod
    def parse(text: str) -> "Reference":
        """Raises Refused(INVALID_ARGUMENT)."""
        found = _REFERENCE.fullmatch(text)
        if not found:
            raise Refused("INVALID_ARGUMENT", f"Image '{text}' is not a valid image reference.")
        return Reference(found["repository"], found["tag"] or "latest", found["digest"])


def registry_resource(repository: str) -> str:
    """Return the resource name of the Artifact Registry repository that an image lies in."""
    host, _, path = repository.partition("/")
    project, _, rest = path.partition("/")
    location = host.removesuffix(HOST_SUFFIX) if host.endswith(HOST_SUFFIX) else "-"
    return f"projects/{project}/locations/{location}/repositories/{rest.partition('/')[0]}"


class Images:
    """All images of the local cloud.

    With `store`, a push copies the files there, so that later edits do not change what an image
    runs; without, an image runs from the directory it was pushed from.
    """

    def __init__(self, store: Path | None = None) -> None:
        self._store = store
        self._manifests: dict[str, tuple[str, bytes]] = {}
        self._runnable: dict[str, Image] = {}
        self._digests: dict[str, set[str]] = {}
        self._tags: dict[tuple[str, str], str] = {}

    def push(
        self,
        repository: str,
        *,
        directory: Path | None,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        workdir: str = "",
        tag: str | None = None,
        index: bool = False,
    ) -> PushedImage:
        """Make an image of a directory and a command. Safe to repeat: same content, same digest.

        `workdir` is relative to the directory. With `index`, the announced digest is that of an
        OCI index, as builds with provenance or several platforms have it. `tag` moves there.
        """
        variables = dict(env or {})
        document = content.manifest(directory, command, variables, workdir)
        child = content.sha256(document)
        root = self._keep(child, directory)
        place = root / workdir if root else None
        image = Image(child, tuple(command), variables, place, document)
        return self._add(repository, image, tag, index=index)

    def derive(
        self,
        base: Image,
        repository: str,
        *,
        env: Mapping[str, str],
        labels: Mapping[str, str],
        tag: str,
    ) -> PushedImage:
        """Make an image of another one's files and command, with more environment and labels."""
        variables = {**base.env, **env}
        document = content.derived(base.manifest, base.command, variables, labels)
        image = replace(base, digest=content.sha256(document), env=variables, manifest=document)
        return self._add(repository, image, tag, index=False)

    def _add(self, repository: str, image: Image, tag: str | None, *, index: bool) -> PushedImage:
        child = announced = image.digest
        self._manifests[child] = (content.MANIFEST, image.manifest)
        self._runnable[child] = image
        if index:
            listing = content.index(image.manifest)
            announced = content.sha256(listing)
            self._manifests[announced] = (content.INDEX, listing)
            self._runnable[announced] = self._runnable[child]
        self._digests.setdefault(repository, set()).update({child, announced})
        if tag is not None:
            self._tags[repository, tag] = announced
        return PushedImage(repository, announced, child if index else None)

    def forget(self, reference: str) -> None:
        """Delete a digest, as a cleanup policy does. What runs it goes on."""
        parsed = Reference.parse(reference)
        self._digests[parsed.repository].discard(parsed.digest or "")

    def resolve(self, reference: str) -> Image:
        """Return the runnable image behind a reference; an index leads to its child.

        Raises Refused(NOT_FOUND) with Cloud Run's words.
        Source: https://github.com/google-github-actions/deploy-cloudrun/issues/465
        """
        parsed = Reference.parse(reference)
        digest = parsed.digest or self._tags.get((parsed.repository, parsed.tag))
        if digest is None or digest not in self._digests.get(parsed.repository, ()):
            raise Refused("NOT_FOUND", f"Image '{reference}' not found.")
        return self._runnable[digest]

    def manifest(self, repository: str, ref: str) -> tuple[str, bytes]:
        """Return a manifest's media type and bytes, by tag or digest. Raises Refused(NOT_FOUND)."""
        digest = ref if ":" in ref else self._tags.get((repository, ref))
        if digest is None or digest not in self._digests.get(repository, ()):
            raise Refused("NOT_FOUND", f'Failed to fetch "{ref}"')
        return self._manifests[digest]

    def repositories(self) -> list[str]:
        return sorted(self._digests)

    def _keep(self, digest: str, directory: Path | None) -> Path | None:
        if directory is None or self._store is None:
            return directory
        root = self._store / digest.removeprefix("sha256:")[:16]
        if not root.exists():
            unfinished = root.with_suffix(".part")
            shutil.rmtree(unfinished, ignore_errors=True)
            for path in content.files(directory):
                target = unfinished / path.relative_to(directory)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
            unfinished.mkdir(parents=True, exist_ok=True)
            unfinished.rename(root)
        return root
