"""The image registry: which images an index is made of. Reads manifests, pulls nothing.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

import re
from typing import Any, Final

import requests

from gcp.session import Session
from rollouts.errors import Refused

ACCEPT: Final = (
    "application/vnd.oci.image.index.v1+json,"
    " application/vnd.docker.distribution.manifest.list.v2+json,"
    " application/vnd.oci.image.manifest.v1+json,"
    " application/vnd.docker.distribution.manifest.v2+json"
)
_HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?")
_GOOGLES: Final = re.compile(r"(?:[a-z0-9-]+\.)+pkg\.dev|(?:[a-z0-9-]+\.)*gcr\.io")


class ImageRegistry:
    """Implements `ports.Registry`. `endpoint` is REGISTRY_ENDPOINT; {host} is the image's.

    delivery.yaml names the host, and `session` carries this function's token: with {host} only
    Google's own registries see it. Any other is asked by `plain`, as anybody may ask.
    """

    def __init__(self, session: Session, endpoint: str, plain: Session | None = None) -> None:
        self._session = session
        self._endpoint = endpoint
        self._plain = plain or Session(requests.Session)

    def children(self, repository: str, digest: str) -> frozenset[str]:
        """Return the digests of an index's children; empty for an image that is no index.

        Raises Missing if the registry does not have the digest.
        """
        host, _, name = repository.partition("/")
        not_done = f"the manifest of {repository}@{digest} was not read"
        if not _HOST.fullmatch(host):
            raise Refused(f"{not_done}: {host!r} is no host of a registry")
        url = f"{self._endpoint.replace('{host}', host)}/v2/{name}/manifests/{digest}"
        trusted = "{host}" not in self._endpoint or is_googles(host)
        session = self._session if trusted else self._plain
        return children_of(session.call("GET", url, not_done, headers={"Accept": ACCEPT}))


def is_googles(host: str) -> bool:
    """Whether a host is of Artifact or Container Registry. One with a port is not. Pure."""
    return _GOOGLES.fullmatch(host.lower()) is not None


def children_of(manifest: Any) -> frozenset[str]:
    """Return the digests that a manifest lists as images. Pure."""
    listed = manifest.get("manifests") if isinstance(manifest, dict) else None
    if not isinstance(listed, list):
        return frozenset()
    digests = (one.get("digest") for one in listed if isinstance(one, dict))
    return frozenset(digest for digest in digests if isinstance(digest, str))
