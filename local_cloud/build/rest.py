"""The REST door: cloudbuild.googleapis.com v1, builds of a project and of a location.

Source: the `google.api.http` annotations of google/devtools/cloudbuild/v1/cloudbuild.proto.
"""

from typing import Any, Final

from local_cloud.build.model import GLOBAL, CloudBuildModel
from local_cloud.kit.http import ApiRequest, ApiResponse, Router

_PARENTS: Final = ("/v1/projects/{project}", "/v1/projects/{project}/locations/{location}")
_METADATA: Final = "type.googleapis.com/google.devtools.cloudbuild.v1.BuildOperationMetadata"


def router(model: CloudBuildModel) -> Router:
    """Return the routes of builds."""

    def create(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        build = model.create(_parent(values), request.json(), caller=request.caller)
        return ApiResponse.of(_operation(build))

    def get(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        name = f"{_parent(values)}/builds/{values['build']}"
        return ApiResponse.of(model.get(name, caller=request.caller))

    def listed(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        found = model.list(_parent(values), caller=request.caller)
        return ApiResponse.of({"builds": found} if found else {})

    routes = Router()
    for parent in _PARENTS:
        routes.add("POST", f"{parent}/builds", create)
        routes.add("GET", f"{parent}/builds", listed)
        routes.add("GET", f"{parent}/builds/{{build}}", get)
    return routes


def _parent(values: dict[str, str]) -> str:
    return f"projects/{values['project']}/locations/{values.get('location', GLOBAL)}"


def _operation(build: dict[str, Any]) -> dict[str, Any]:
    """Return the long-running operation that a build is told in while it begins."""
    parent = build["name"].partition("/builds/")[0]
    return {
        "name": f"{parent}/operations/{build['id']}",
        "metadata": {"@type": _METADATA, "build": build},
    }
