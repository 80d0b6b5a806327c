"""The image registry: which images an index is made of. Reads manifests, pulls nothing.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

from typing import Any, Final

from gcp.session import Session

ACCEPT: Final = (
    "application/vnd.oci.image.index.v1+json,"
    " application/vnd.docker.distribution.manifest.list.v2+json,"
    " application/vnd.oci.image.manifest.v1+json,"
    " application/vnd.docker.distribution.manifest.v2+json"
)


class ImageRegistry:
    """Implements `ports.Registry`. `endpoint` is REGISTRY_ENDPOINT; {host} is the image's."""

    def __init__(self, session: Session, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    def children(self, repository: str, digest: str) -> frozenset[str]:
        """Return the digests of an index's children; empty for an image that is no index.

        Raises Missing if the registry does not have the digest.
        """
        host, _, name = repository.partition("/")
        url = f"{self._endpoint.replace('{host}', host)}/v2/{name}/manifests/{digest}"
        not_done = f"the manifest of {repository}@{digest} was not read"
        return children_of(self._session.call("GET", url, not_done, headers={"Accept": ACCEPT}))


def children_of(manifest: Any) -> frozenset[str]:
    """Return the digests that a manifest lists as images. Pure."""
    listed = manifest.get("manifests") if isinstance(manifest, dict) else None
    if not isinstance(listed, list):
        return frozenset()
    digests = (one.get("digest") for one in listed if isinstance(one, dict))
    return frozenset(digest for digest in digests if isinstance(digest, str))
