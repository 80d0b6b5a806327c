"""The local cloud's own door, on a port of its own: nothing here is an API of Google's.

It does what else a person's machine or a build would do: push an image, announce a build, make
an identity token; and it tells what runs.
"""

import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.build.documents import build_document
from local_cloud.builds import LocalBuilds
from local_cloud.kit.audit import DEVELOPER
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.registry.images import PushedImage
from local_cloud.run.resources import Revision, Service
from local_cloud.running import RunningCloud
from local_cloud.up.database import UpDatabase
from local_cloud.up.delivery import Target

_STATUSES: Final = ("SUCCESS", "FAILURE", "INTERNAL_ERROR", "TIMEOUT", "CANCELLED", "EXPIRED")
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELDS: Final = ("announce", "branch", "env", "index", "service", "status", "version")


@dataclass(frozen=True, slots=True)
class Build:
    """What a push asks for."""

    service: str
    version: str
    env: Mapping[str, str]
    branch: str
    index: bool
    status: str
    announce: bool


def parse_build(document: Any, branches: Mapping[str, str]) -> Build:
    """Read a push; `branches` has each service's default. Raises Refused with every problem."""
    if not isinstance(document, dict):
        raise Refused("INVALID_ARGUMENT", 'The body must be a JSON object: {"version": "v2"}.')
    problems: list[str] = []
    only = next(iter(branches)) if len(branches) == 1 else None

    def take(name: str, default: Any, rule: str, right: Callable[[Any], bool]) -> Any:
        value = document.get(name, default)
        if not right(value):
            shown = "missing" if name not in document else json.dumps(value)[:80]
            problems.append(f"{name} is {shown}: must be {rule}.")
        return value

    known = ", ".join(_FIELDS)
    unknown = document.keys() - set(_FIELDS)
    problems += [f"{name} is not known: must be one of {known}." for name in unknown]
    service = take("service", only, f"one of {', '.join(branches)}", _one_of(tuple(branches)))
    build = Build(
        service=service,
        version=take("version", None, 'a tag, such as "v2"', _is_tag),
        env=take("env", {}, 'texts by name, such as {"FAULT_ERROR_RATIO": "0.3"}', _is_environment),
        branch=take("branch", branches.get(str(service), ""), 'a name, such as "main"', _is_text),
        index=take("index", False, "true or false", _is_switch),
        status=take("status", "SUCCESS", f"one of {', '.join(_STATUSES)}", _one_of(_STATUSES)),
        announce=take("announce", True, "true or false", _is_switch),
    )
    if problems:
        raise Refused("INVALID_ARGUMENT", "\n".join(sorted(problems)))
    return build


class LocalDoor:
    """Routes below `/local`. Everything happens on the cloud's loop."""

    def __init__(
        self,
        running: RunningCloud,
        builds: LocalBuilds,
        targets: Sequence[Target],
        database: UpDatabase,
    ) -> None:
        self._running = running
        self._builds = builds
        self._database = database
        self._images = {target.service: target.image for target in targets}
        self._branches = {target.service: target.branch for target in targets}
        self._pushed: dict[str, tuple[PushedImage, dict[str, Any]]] = {}

    def router(self) -> Router:
        routes = Router()
        routes.add("GET", "/local", self._overview)
        routes.add("POST", "/local/builds", self._push)
        routes.add("GET", "/local/builds/{version}", self._message)
        routes.add("GET", "/local/images/{version}", self._image)
        routes.add("GET", "/local/token", self._token)
        routes.add("POST", "/local/database", self._change_database)
        return routes

    def _push(self, request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
        asked = parse_build(request.json(), self._branches)
        image = self._builds.push(
            self._images[asked.service], asked.version, asked.env, index=asked.index
        )
        build = None
        if asked.announce:
            build = self._builds.announce(
                image, branch=asked.branch, status=asked.status, commit=asked.version
            )
        message = build_document(
            build or str(uuid.uuid4()),
            image,
            self._running.cloud.scheduler.now(),
            branch=asked.branch,
            status=asked.status,
            commit=asked.version,
        )
        self._pushed[asked.version] = image, message
        answer = {"image": image.reference, "digest": image.digest, "build": build}
        return _json(answer)

    def _message(self, _request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        """Answer with what Cloud Build would publish of a version that was pushed."""
        return _json(self._find(values["version"])[1])

    def _image(self, _request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        return _text(self._find(values["version"])[0].reference)

    def _token(self, request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
        """Stand in for `gcloud auth print-identity-token`."""
        audience = request.first("audience")
        if not audience:
            raise Refused(
                "INVALID_ARGUMENT", "audience is missing: must be the URL of the service to call."
            )
        return _text(self._running.tokens.developer_id_token(DEVELOPER, audience))

    def _change_database(self, request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
        return _json(self._database.change(request.json()))

    def _overview(self, _request: ApiRequest, _values: dict[str, str]) -> ApiResponse:
        services = self._running.cloud.run.services()
        listed = [self._service(service) for service in services]
        answer = {
            "endpoints": dict(self._running.endpoints()),
            "services": listed,
            "database": self._database.overview(),
        }
        engine = self._running.workflows
        if engine is not None:
            answer["workflows"] = {"pid": engine.pid, "log": str(engine.log_path)}
        return _json(answer)

    def _service(self, service: Service) -> dict[str, Any]:
        return {
            "name": service.key.resource,
            "url": service.url,
            "revisions": [
                self._revision(one) for one in self._running.cloud.run.revisions(service.key)
            ],
        }

    def _revision(self, revision: Revision) -> dict[str, Any]:
        running = [one for one in self._running.instances.instances() if one.revision is revision]
        return {
            "name": revision.name,
            "state": revision.state,
            "image": revision.ingress_container.image,
            "percent": self._running.cloud.run.served_percents(revision.key).get(revision.name, 0),
            "pids": [pid for instance in running for pid in instance.pids],
            "log": str(self._running.instances.log_path(revision)),
        }

    def _find(self, version: str) -> tuple[PushedImage, dict[str, Any]]:
        if version not in self._pushed:
            known = ", ".join(self._pushed) or "none yet"
            raise Refused("NOT_FOUND", f"Version {version} was not pushed; known: {known}.")
        return self._pushed[version]


def _json(document: dict[str, Any]) -> ApiResponse:
    """Answer with JSON that reads well in a terminal."""
    text = json.dumps(document, indent=2) + "\n"
    return ApiResponse(200, text.encode(), {"Content-Type": "application/json; charset=UTF-8"})


def _text(text: str) -> ApiResponse:
    return ApiResponse(200, f"{text}\n".encode(), {"Content-Type": "text/plain; charset=UTF-8"})


def _one_of(known: Sequence[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in known


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_tag(value: Any) -> bool:
    return isinstance(value, str) and _TAG.fullmatch(value) is not None


def _is_environment(value: Any) -> bool:
    return isinstance(value, dict) and all(
        _VARIABLE.fullmatch(name) and isinstance(text, str) and "\0" not in text
        for name, text in value.items()
    )


def _is_switch(value: Any) -> bool:
    return isinstance(value, bool)
