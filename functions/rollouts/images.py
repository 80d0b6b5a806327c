"""Image references: a repository and a digest. What was tested is what serves."""

import re
from dataclasses import dataclass
from typing import Final

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_REPOSITORY: Final = re.compile(r"[a-z0-9]+(?:[._:/-]+[a-z0-9]+)*", re.IGNORECASE)

PLACEHOLDERS: Final = (
    "us-docker.pkg.dev/cloudrun/container/hello",
    "us-docker.pkg.dev/cloudrun/container/placeholder",
    "gcr.io/cloudrun/hello",
    "gcr.io/cloudrun/placeholder",
)
"""Images that an installer puts in before there is one of the team's own.

Source: https://cloud.google.com/run/docs/quickstarts/deploy-container
"""


@dataclass(frozen=True, slots=True)
class Image:
    """A container image by digest."""

    repository: str
    """Host, project, repository and name, without tag or digest."""
    digest: str
    """`sha256:` and 64 hex digits."""

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


def parse_image(text: object) -> Image:
    """Read `REPOSITORY@sha256:...` (a tag before the @ is dropped). Raises ValueError.

    The message says what is wrong in words that fit after the setting's name.
    """
    if not isinstance(text, str) or not text:
        raise ValueError("must be an image by digest, such as HOST/PROJECT/REPO/NAME@sha256:...")
    name, at, digest = text.partition("@")
    if not at:
        raise ValueError(
            "must name a digest, not a tag (a tag can move between test and deploy), such as"
            f" {name.partition(':')[0]}@sha256:...; `gcloud artifacts docker images describe"
            f" {text} --format='value(image_summary.digest)'` prints it"
        )
    repository = repository_of(name)
    if not DIGEST.fullmatch(digest) or not _REPOSITORY.fullmatch(repository):
        raise ValueError("must end in @sha256: and 64 hex digits")
    return Image(repository, digest)


def repository_of(reference: str) -> str:
    """Return the reference without tag and digest; a port in the host stays."""
    name = reference.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


def digest_of(reference: str) -> str | None:
    """Return the digest of a reference, or None if it has none."""
    digest = reference.partition("@")[2]
    return digest if DIGEST.fullmatch(digest) else None


def short(digest: str) -> str:
    """Return the first hex digits of a digest, as people say it."""
    return digest.removeprefix("sha256:")[:8]


def is_placeholder(reference: str) -> bool:
    """Whether this is the installer's placeholder and not an image of the team's."""
    return repository_of(reference) in PLACEHOLDERS
