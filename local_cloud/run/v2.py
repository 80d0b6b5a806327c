"""The v2 wire of Cloud Run, as the official `google.cloud.run_v2` REST clients speak it.

No compare-and-swap: an etag is accepted whatever it says, as the real service has been seen to
do (reference/gcp.md, finding 1). Operations are answered done; poll the service, not them.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.run import v2_documents, v2_written
from local_cloud.run.model import RunModel
from local_cloud.run.resources import Service, ServiceKey

_API = "google.cloud.run.v2"
_TYPE = "type.googleapis.com/google.cloud.run.v2.Service"
_PARENT = "/v2/projects/{project}/locations/{region}/services"
_ROLE = "roles/run.invoker"
_PAGE_SIZE = 100
T = TypeVar("T")


def v2_router(model: RunModel) -> Router:
    """Serve services (get, list, create, patch, delete, IAM policy), revisions (get, list)."""
    door = _Door(model)
    routes = Router()
    routes.add("GET", _PARENT, door.list_services)
    routes.add("POST", _PARENT, door.create)
    routes.add("GET", _PARENT + "/{name}", door.get)
    routes.add("PATCH", _PARENT + "/{name}", door.patch)
    routes.add("DELETE", _PARENT + "/{name}", door.delete)
    routes.add("GET", _PARENT + "/{name}:getIamPolicy", door.get_policy)
    routes.add("POST", _PARENT + "/{name}:setIamPolicy", door.set_policy)
    routes.add("GET", _PARENT + "/{name}/revisions", door.list_revisions)
    routes.add("GET", _PARENT + "/{name}/revisions/{revision}", door.get_revision)
    return routes


class _Door:
    def __init__(self, model: RunModel) -> None:
        self._model = model

    def get(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.GetService")
        return ApiResponse.of(v2_documents.of_service(self._model.service(key)))

    def list_services(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        self._note(request, values, "Services.ListServices")
        services = self._model.services(values["project"], values["region"])
        return _page(request, "services", services, v2_documents.of_service)

    def create(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        self._note(request, values, "Services.CreateService")
        _real_write(request)
        name = request.first("serviceId") or request.first("service_id")
        key = ServiceKey(values["project"], values["region"], name)
        fields = v2_written.masked(request.json(), "", {})
        document = v2_written.as_v1(fields, key, None)
        return _operation(key, self._model.create(key, document, request.caller))

    def patch(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.UpdateService")
        _real_write(request)
        service = self._model.service(key)
        mask = request.first("updateMask") or request.first("update_mask")
        fields = v2_written.masked(request.json(), mask, v2_documents.writable(service))
        document = v2_written.as_v1(fields, key, service)
        return _operation(key, self._model.replace(key, document, request.caller))

    def delete(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.DeleteService")
        return _operation(key, self._model.delete(key))

    def get_policy(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.GetIamPolicy")
        return ApiResponse.of(_policy(self._model.service(key)))

    def set_policy(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.SetIamPolicy")
        bindings = request.json().get("policy", {}).get("bindings", [])
        other = [b["role"] for b in bindings if b.get("role") != _ROLE]
        if other:
            raise Refused("UNIMPLEMENTED", f"{other[0]}: the local cloud only knows {_ROLE}.")
        self._model.set_invokers(key, {m for b in bindings for m in b.get("members", ())})
        return ApiResponse.of(_policy(self._model.service(key)))

    def list_revisions(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Revisions.ListRevisions")
        self._model.service(key)
        names = [revision.name for revision in self._model.revisions(key)]
        return _page(request, "revisions", names, lambda name: self._revision(key, name))

    def get_revision(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = _key(values)
        resource = f"{key.resource}/revisions/{values['revision']}"
        self._model.audit.note(request.caller, f"{_API}.Revisions.GetRevision", resource)
        return ApiResponse.of(self._revision(key, values["revision"]))

    def _revision(self, key: ServiceKey, name: str) -> dict[str, Any]:
        addressed = name in self._model.served_percents(key)
        return v2_documents.of_revision(self._model.revision(key, name), addressed=addressed)

    def _note(self, request: ApiRequest, values: dict[str, str], method: str) -> ServiceKey:
        key = _key(values)
        resource = key.resource if key.name else key.parent
        self._model.audit.note(request.caller, f"{_API}.{method}", resource)
        return key


def _key(values: dict[str, str]) -> ServiceKey:
    return ServiceKey(values["project"], values["region"], values.get("name", ""))


def _real_write(request: ApiRequest) -> None:
    for name in ("validateOnly", "allowMissing", "forceNewRevision"):
        if request.first(name) in ("true", "True", "1"):
            raise Refused("UNIMPLEMENTED", f"{name} is not part of the local cloud.")


def _operation(key: ServiceKey, service: Service) -> ApiResponse:
    snapshot = {"@type": _TYPE, **v2_documents.of_service(service)}
    # Stable for the same write, so that a simulation can be replayed.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([key.resource, service.version]))
    name = f"{key.parent}/operations/{number}"
    return ApiResponse.of({"name": name, "metadata": snapshot, "done": True, "response": snapshot})


def _page(
    request: ApiRequest, field: str, items: list[T], render: Callable[[T], dict[str, Any]]
) -> ApiResponse:
    size = int(request.first("pageSize") or 0) or _PAGE_SIZE
    start = int(request.first("pageToken") or 0)
    found: dict[str, Any] = {field: [render(item) for item in items[start : start + size]]}
    if start + size < len(items):
        found["nextPageToken"] = str(start + size)
    return ApiResponse.of(found)


def _policy(service: Service) -> dict[str, Any]:
    members = sorted(service.invokers)
    bindings = [{"role": _ROLE, "members": members}] if members else []
    return {"version": 1, "bindings": bindings, "etag": "ACAB"}
