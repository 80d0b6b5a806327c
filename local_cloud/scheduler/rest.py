"""The REST door: cloudscheduler.googleapis.com v1, as gcloud and Terraform speak it.

Source: the `google.api.http` annotations of google/cloud/scheduler/v1/cloudscheduler.proto.
"""

from collections.abc import Callable
from typing import Any, Final

from local_cloud.kit.http import ApiRequest, ApiResponse, Handler, Router
from local_cloud.scheduler.checks import invalid
from local_cloud.scheduler.documents import job_document, merged, read_job
from local_cloud.scheduler.model import CloudSchedulerModel
from local_cloud.scheduler.values import LiveJob

_LOCATION: Final = "/v1/projects/{project}/locations/{location}"
_JOB: Final = _LOCATION + "/jobs/{job}"
PAGE_MAX: Final = 500


def router(model: CloudSchedulerModel) -> Router:
    """Return the routes of jobs."""
    routes = Router()
    routes.add("POST", _LOCATION + "/jobs", _create(model))
    routes.add("GET", _LOCATION + "/jobs", _list(model))
    routes.add("GET", _JOB, _on_job(model.get))
    routes.add("PATCH", _JOB, _patch(model))
    routes.add("DELETE", _JOB, _delete(model))
    for verb in ("pause", "resume", "run"):
        routes.add("POST", f"{_JOB}:{verb}", _on_job(getattr(model, verb)))
    return routes


def _parent(values: dict[str, str]) -> str:
    return f"projects/{values['project']}/locations/{values['location']}"


def _name(values: dict[str, str]) -> str:
    return f"{_parent(values)}/jobs/{values['job']}"


def _create(model: CloudSchedulerModel) -> Handler:
    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        job = read_job(request.json(), f"{_parent(values)}/jobs/")
        if not job.name.startswith(f"{_parent(values)}/jobs/"):
            raise invalid(f"Job.name must be in {_parent(values)}: {job.name}.")
        return _shown(model.create(job, caller=request.caller))

    return handle


def _list(model: CloudSchedulerModel) -> Handler:
    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        size, first = request.first("pageSize", "0"), request.first("pageToken") or "0"
        if not (size.isdigit() and first.isdigit()):
            raise invalid("Invalid page size or page token.")
        found = model.list(_parent(values), caller=request.caller)
        end = int(first) + (min(int(size), PAGE_MAX) or PAGE_MAX)
        answer: dict[str, Any] = {"jobs": [job_document(one) for one in found[int(first) : end]]}
        if end < len(found):
            answer["nextPageToken"] = str(end)
        return ApiResponse.of(answer if found else {})

    return handle


def _patch(model: CloudSchedulerModel) -> Handler:
    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        patch = request.json()
        if not isinstance(patch, dict):
            raise invalid("Invalid value at 'job': expected an object.")
        present = job_document(model.get(_name(values), caller=request.caller))
        document = merged(present, patch, request.first("updateMask"))
        return _shown(model.update(read_job(document, _name(values)), caller=request.caller))

    return handle


def _delete(model: CloudSchedulerModel) -> Handler:
    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        model.delete(_name(values), caller=request.caller)
        return ApiResponse.of({})

    return handle


def _on_job(method: Callable[..., LiveJob]) -> Handler:
    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return _shown(method(_name(values), caller=request.caller))

    return handle


def _shown(live: LiveJob) -> ApiResponse:
    return ApiResponse.of(job_document(live))
