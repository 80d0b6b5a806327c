"""The registry's wire: reading manifests, as Docker and OCI registries answer it.

Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
"""

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.registry import content
from local_cloud.registry.images import Images

_HOST_SUFFIX = "-docker.pkg.dev"


def router(images: Images, audit: Audit) -> Router:
    """Serve `GET` and `HEAD /v2/{name}/manifests/{ref}`; the host is not part of `name`."""
    routes = Router()

    def read(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        name, ref = values["name"], values["ref"]
        repository = _repository(images, name)
        audit.note(
            request.caller,
            "Docker-GetManifest",
            _resource(repository, name, request.headers.get("host", "")),
        )
        try:
            media_type, body = images.manifest(repository or name, ref)
        except Refused as refusal:
            error = {
                "code": "MANIFEST_UNKNOWN",
                "message": f'{refusal.message} from request "{request.path}".',
            }
            return ApiResponse.of({"errors": [error]}, 404)
        headers = {
            "Content-Type": media_type,
            "Docker-Content-Digest": content.sha256(body),
            "Docker-Distribution-API-Version": "registry/2.0",
        }
        if request.method == "HEAD":
            return ApiResponse(200, b"", headers | {"Content-Length": str(len(body))})
        return ApiResponse(200, body, headers)

    # `{ref}` would stop at the colon of a digest.
    for method in ("GET", "HEAD"):
        routes.add(method, "/v2/{name+}/manifests/{ref+}", read)
    return routes


def _repository(images: Images, name: str) -> str | None:
    """Return the pushed repository whose path on its host is `name`."""
    for repository in images.repositories():
        if repository == name or repository.partition("/")[2] == name:
            return repository
    return None


def _resource(repository: str | None, name: str, host: str) -> str:
    known = host if host.endswith(_HOST_SUFFIX) else (repository or "").partition("/")[0]
    location = known.removesuffix(_HOST_SUFFIX) if known.endswith(_HOST_SUFFIX) else "-"
    project, _, rest = name.partition("/")
    return f"projects/{project}/locations/{location}/repositories/{rest.partition('/')[0]}"
