"""The v1 wire of Cloud Run: Knative's REST paths, with compare-and-swap on `resourceVersion`.

In reality the region is in the host name (`REGION-run.googleapis.com`). The local door has one
port, so the region is a path prefix instead: a client's endpoint for europe-west1 is
`http://127.0.0.1:PORT/regions/europe-west1`, and nothing else of it differs.
"""

from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.run import documents
from local_cloud.run.model import RunModel
from local_cloud.run.resources import ServiceKey

_API = "google.cloud.run.v1"
_BASE = "/regions/{region}/apis/serving.knative.dev/v1/namespaces/{project}"


def v1_router(model: RunModel) -> Router:
    """Serve services (get, list, create, replace, delete) and revisions (get, list)."""
    door = _Door(model)
    routes = Router()
    routes.add("GET", _BASE + "/services", door.list_services)
    routes.add("POST", _BASE + "/services", door.create)
    routes.add("GET", _BASE + "/services/{name}", door.get)
    routes.add("PUT", _BASE + "/services/{name}", door.replace)
    routes.add("DELETE", _BASE + "/services/{name}", door.delete)
    routes.add("GET", _BASE + "/revisions", door.list_revisions)
    routes.add("GET", _BASE + "/revisions/{name}", door.get_revision)
    return routes


class _Door:
    def __init__(self, model: RunModel) -> None:
        self._model = model
        self._shown: dict[ServiceKey, tuple[str, int, ApiResponse]] = {}
        """Each service as it was last read, with its uid and version."""

    def get(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.GetService")
        service = self._model.service(key)
        uid, version, shown = self._shown.get(key, ("", 0, None))
        if shown is None or (uid, version) != (service.uid, service.version):
            shown = ApiResponse.of(documents.of_service(service))
            self._shown[key] = service.uid, service.version, shown
        return shown

    def list_services(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        self._note(request, values, "Services.ListServices")
        services = self._model.services(values["project"], values["region"])
        return ApiResponse.of(documents.list_of("Service", map(documents.of_service, services)))

    def create(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        self._note(request, values, "Services.CreateService")
        document = request.json()
        metadata = document.get("metadata") if isinstance(document, dict) else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        key = ServiceKey(values["project"], values["region"], str(name or ""))
        return ApiResponse.of(
            documents.of_service(self._model.create(key, document, request.caller))
        )

    def replace(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.ReplaceService")
        service = self._model.replace(key, request.json(), request.caller)
        return ApiResponse.of(documents.of_service(service))

    def delete(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        key = self._note(request, values, "Services.DeleteService")
        service = self._model.delete(key)
        details = {"name": key.name, "kind": "services", "uid": service.uid}
        return ApiResponse.of(
            {"apiVersion": "v1", "kind": "Status", "status": "Success", "details": details}
        )

    def list_revisions(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        self._note(request, values, "Revisions.ListRevisions")
        wanted = request.first("labelSelector").removeprefix("serving.knative.dev/service=")
        items = [
            self._revision(service.key, revision.name)
            for service in self._model.services(values["project"], values["region"])
            if wanted in ("", service.key.name)
            for revision in self._model.revisions(service.key)
        ]
        return ApiResponse.of(documents.list_of("Revision", items))

    def get_revision(self, request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        name = values["name"]
        # A revision's name begins with its service's; the longest such service is the one.
        services = self._model.services(values["project"], values["region"])
        owner = next(
            (s.key for s in services if any(r.name == name for r in self._model.revisions(s.key))),
            ServiceKey(values["project"], values["region"], name.rpartition("-")[0] or name),
        )
        self._model.audit.note(
            request.caller, f"{_API}.Revisions.GetRevision", f"{owner.resource}/revisions/{name}"
        )
        return ApiResponse.of(self._revision(owner, name))

    def _revision(self, key: ServiceKey, name: str) -> dict[str, object]:
        revision = self._model.revision(key, name)
        addressed = name in self._model.served_percents(key)
        return documents.of_revision(revision, addressed=addressed)

    def _note(self, request: ApiRequest, values: dict[str, str], method: str) -> ServiceKey:
        key = ServiceKey(values["project"], values["region"], values.get("name", ""))
        resource = key.resource if key.name else key.parent
        self._model.audit.note(request.caller, f"{_API}.{method}", resource)
        return key
