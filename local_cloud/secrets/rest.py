"""The REST door: secretmanager.googleapis.com v1, as gcloud and Terraform speak it.

Source: the `google.api.http` annotations of google/cloud/secretmanager/v1/service.proto.
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.http import ApiRequest, ApiResponse, Handler, Router
from local_cloud.pubsub.values import rfc3339
from local_cloud.secrets.checksum import crc32c
from local_cloud.secrets.model import SecretManagerModel, invalid
from local_cloud.secrets.values import Secret, State, Version

_SECRETS: Final = "/v1/projects/{project}/secrets"
_SECRET: Final = _SECRETS + "/{secret}"
_VERSION: Final = _SECRET + "/versions/{version}"
_VERBS: Final[Mapping[str, State]] = {
    "enable": "ENABLED",
    "disable": "DISABLED",
    "destroy": "DESTROYED",
}
_PAGE_MAX: Final = 25_000


def router(model: SecretManagerModel) -> Router:
    """Return the routes of secrets and versions."""
    door = _Door(model)
    routes = Router()
    routes.add("GET", _SECRETS, door.list_secrets)
    routes.add("POST", _SECRETS, door.create)
    routes.add("GET", _SECRET, door.get)
    routes.add("DELETE", _SECRET, door.delete)
    routes.add("POST", _SECRET + ":addVersion", door.add)
    routes.add("GET", _SECRET + "/versions", door.list_versions)
    routes.add("GET", _VERSION, door.get_version)
    routes.add("GET", _VERSION + ":access", door.access)
    for verb, state in _VERBS.items():
        routes.add("POST", f"{_VERSION}:{verb}", door.set_state(state))
    return routes


class _Door:
    def __init__(self, model: SecretManagerModel) -> None:
        self._model = model

    def create(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        wanted = _object(request.json(), "secret")
        identity = request.first("secretId") or request.first("secret_id")
        labels = _object(wanted.get("labels") or {}, "secret.labels")
        replication = _object(wanted.get("replication") or {}, "secret.replication")
        created = self._model.create(
            _parent(values), identity, replication, labels, caller=request.caller
        )
        return ApiResponse.of(_secret_document(created))

    def get(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return ApiResponse.of(
            _secret_document(self._model.get(_name(values), caller=request.caller))
        )

    def list_secrets(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        found = self._model.secrets(_parent(values), caller=request.caller)
        return _page(request, "secrets", [_secret_document(one) for one in found])

    def delete(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        self._model.delete(_name(values), caller=request.caller)
        return ApiResponse.of({})

    def add(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        payload = _object(_object(request.json(), "body").get("payload") or {}, "payload")
        try:
            data = base64.b64decode(str(payload.get("data") or ""), validate=True)
        except binascii.Error:
            raise invalid("Invalid value at 'payload.data' (TYPE_BYTES).") from None
        told = payload.get("dataCrc32c")
        if told is not None and str(told) != str(crc32c(data)):
            raise invalid("The checksum of the data does not match payload.data_crc32c.")
        added = self._model.add(
            _name(values), data, checked=told is not None, caller=request.caller
        )
        return ApiResponse.of(_version_document(*added))

    def list_versions(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        secret, found = self._model.versions(_name(values), caller=request.caller)
        return _page(request, "versions", [_version_document(secret, one) for one in found])

    def get_version(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        found = self._model.version(_name(values), values["version"], caller=request.caller)
        return ApiResponse.of(_version_document(*found))

    def access(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        secret, found = self._model.access(_name(values), values["version"], caller=request.caller)
        payload = {
            "data": base64.b64encode(found.data).decode(),
            "dataCrc32c": str(crc32c(found.data)),
        }
        return ApiResponse.of({"name": secret.version_name(found), "payload": payload})

    def set_state(self, state: State) -> Handler:
        def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
            name, version = _name(values), values["version"]
            changed = self._model.set_state(name, version, state, caller=request.caller)
            return ApiResponse.of(_version_document(*changed))

        return handle


def _parent(values: Mapping[str, str]) -> str:
    return f"projects/{values['project']}"


def _name(values: Mapping[str, str]) -> str:
    return f"{_parent(values)}/secrets/{values['secret']}"


def _secret_document(secret: Secret) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": secret.name,
        "replication": dict(secret.replication),
        "createTime": rfc3339(secret.created),
        "etag": '"1"',
    }
    if secret.labels:
        found["labels"] = dict(secret.labels)
    return found


def _version_document(secret: Secret, version: Version) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": secret.version_name(version),
        "createTime": rfc3339(version.created),
        "state": version.state,
        "etag": f'"{version.state.lower()}"',
    }
    if version.checked:
        found["clientSpecifiedPayloadChecksum"] = True
    if version.destroyed is not None:
        found["destroyTime"] = rfc3339(version.destroyed)
    return found


def _page(request: ApiRequest, field: str, items: list[dict[str, Any]]) -> ApiResponse:
    size, first = request.first("pageSize", "0"), request.first("pageToken") or "0"
    if not (size.isdigit() and first.isdigit()):
        raise invalid("Invalid page size or page token.")
    start = int(first)
    end = start + (min(int(size), _PAGE_MAX) or _PAGE_MAX)
    answer: dict[str, Any] = {field: items[start:end]} if items else {}
    if end < len(items):
        answer["nextPageToken"] = str(end)
    return ApiResponse.of({**answer, "totalSize": len(items)})


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"Invalid value at '{where}': expected an object.")
    return value
