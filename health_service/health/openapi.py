"""The three routes and all their answers for an OpenAPI 3.1 document.

Not a document of its own: `add_to` brings it into that of the application around it, such as
FastAPI's `app.openapi()`, which knows nothing of what is mounted.
"""

import itertools
import re
from typing import Any, Final, TypeAlias

Document: TypeAlias = dict[str, Any]

SCHEME: Final = "googleIdentity"
_TAG: Final = "health"
_JSON: Final = "application/json"


def add_to(document: Document, prefix: str) -> Document:
    """Add the routes below `prefix` to a document, in place, and return it. Safe to repeat.

    Their operationIds are `health_live` and so on; those that are taken, as by another prefix, have
    the prefix in them. Raises ValueError if the document has something else under a name that is
    needed.
    """
    components = document.setdefault("components", {})
    for kept, added in (
        (document.setdefault("paths", {}), _free(document, prefix)),
        (components.setdefault("schemas", {}), schemas()),
        (components.setdefault("securitySchemes", {}), security_schemes()),
    ):
        for name, value in added.items():
            if kept.setdefault(name, value) != value:
                raise ValueError(f"{name} is in the document already, and is something else")
    return document


def paths(prefix: str, name: str = "health") -> Document:
    """Return the path items of a router that is mounted at `prefix`, such as `/health`.

    `name`: what each operationId begins with.
    """
    base = prefix.rstrip("/")
    whole = "The instance, its container and every check"
    return {
        f"{base}/live": _path(f"{name}_live", "Whether the process answers", _LIVE),
        f"{base}/ready": _path(f"{name}_ready", "Whether requests are wanted", _READY),
        f"{base}/detailed": _path(f"{name}_detailed", whole, _DETAILED, _IDENTITY),
    }


def _free(document: Document, prefix: str) -> Document:
    """Return the paths with operationIds that no other path of the document has."""
    own = paths(prefix)
    taken = _ids({path: item for path, item in document["paths"].items() if path not in own})
    of_prefix = "_".join(["health", *re.findall("[A-Za-z0-9]+", prefix)])
    numbered = (f"{of_prefix}_{number}" for number in itertools.count(2))
    names = itertools.chain(["health", of_prefix], numbered)
    return next(free for free in (paths(prefix, name) for name in names) if not taken & _ids(free))


def _ids(items: Document) -> set[str]:
    operations = [one for item in items.values() for one in item.values() if isinstance(one, dict)]
    return {one["operationId"] for one in operations if "operationId" in one}


def schemas() -> Document:
    """Return what the paths refer to, for `components.schemas`."""
    return dict(_SCHEMAS)


def security_schemes() -> Document:
    """Return what `/detailed` refers to, for `components.securitySchemes`."""
    words = "An ID token of Google's, for the audience of this service."
    scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": words}
    return {SCHEME: scheme}


def _path(name: str, summary: str, responses: Document, more: Document | None = None) -> Document:
    get = {
        "operationId": name,
        "summary": summary,
        "tags": [_TAG],
        "responses": responses,
        **(more or {}),
    }
    bodiless = {
        status: {key: value for key, value in response.items() if key != "content"}
        for status, response in responses.items()
    }
    words = f"{summary}, without a body"
    head = {**get, "operationId": f"{name}_head", "summary": words, "responses": bodiless}
    return {"get": get, "head": head}


def _answer(words: str, schema: str, headers: Document | None = None) -> Document:
    ref = {"$ref": f"#/components/schemas/{schema}"}
    answer = {"description": words, "content": {_JSON: {"schema": ref}}}
    return {**answer, "headers": headers} if headers else answer


def _header(words: str, **schema: object) -> Document:
    return {"description": words, "required": True, "schema": schema}


def _object(properties: Document, **more: object) -> Document:
    """Make the schema of an object that has all these properties and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def _part(words: str, **properties: Document) -> Document:
    """Make the schema of a part of the container, each fact of which may be missing or null."""
    return {"type": ["object", "null"], "description": words, "properties": properties}


def _number(words: str, kind: str = "number", **more: object) -> Document:
    return {"type": [kind, "null"], "minimum": 0, "description": words, **more}


def _text(words: str) -> Document:
    return {"type": "string", "description": words}


_REFUSED_METHOD: Final = {
    "405": _answer(
        "Another method than GET and HEAD.",
        "HealthError",
        {"Allow": _header("What is allowed.", type="string", const="GET, HEAD")},
    )
}
_LIVE: Final = {"200": _answer("The process answers.", "HealthAlive"), **_REFUSED_METHOD}
_READY: Final = {
    "200": _answer("Every critical check passed.", "HealthReady"),
    **_REFUSED_METHOD,
    "503": _answer("It starts, it shuts down, or a critical check failed.", "HealthNotReady"),
}
_DETAILED: Final = {
    "200": _answer("Ready or not: `status` says which.", "HealthDetails"),
    "401": _answer(
        "No identity, or one that proves nothing.",
        "HealthError",
        {"WWW-Authenticate": _header("What is asked for.", type="string", const="Bearer")},
    ),
    "403": _answer("This identity may not read it, or nobody may.", "HealthError"),
    **_REFUSED_METHOD,
    "503": _answer(
        "The identity was not checked: the keys for that cannot be read.",
        "HealthError",
        {"Retry-After": _header("Seconds.", type="integer", minimum=1)},
    ),
}
# `{}`: an application may leave it open to everybody.
_IDENTITY: Final[Document] = {"security": [{SCHEME: []}, {}]}

_WHO: Final = {"version": _text("Of the service."), "revision": _text("On Cloud Run.")}
_STATUS: Final = {"type": "string", "enum": ["ready", "not ready"]}
_SOURCE: Final = {"type": ["string", "null"], "description": "Who counts it or sets it."}
_CHECK: Final = {
    "name": _text("Of the check."),
    "critical": {"type": "boolean", "description": "Whether it decides readiness."},
    "healthy": {"type": "boolean"},
    "why": _text("What is wrong; empty if nothing is."),
    "elapsed_ms": {"type": "number", "minimum": 0, "description": "How long the run took."},
    "details": {"type": "object", "description": "What the check tells beside it."},
}
_PARTS: Final = {
    "cpu": _part(
        "Processor time of the container; null if it was not read.",
        limit_cores=_number("Cores that it may use."),
        limit_source=_SOURCE,
        used_cores=_number("Mean number of cores in use since an earlier look."),
        used_source=_SOURCE,
        used_ratio=_number("Used of allowed, 0.0 to 1.0, or a little more."),
        throttled_ratio=_number("Share of periods in which it was held back.", maximum=1),
        seconds=_number("Processor seconds so far."),
    ),
    "memory": _part(
        "Memory of the container; null if it was not read.",
        limit_bytes=_number("At which it is killed.", "integer"),
        limit_source=_SOURCE,
        used_bytes=_number("With files that are cached.", "integer"),
        working_set_bytes=_number("Without those that can be dropped at once.", "integer"),
        used_source=_SOURCE,
        used_ratio=_number("Used of allowed, 0.0 to 1.0."),
    ),
    "disk": _part(
        "The file system that is written to; null if it was not read.",
        path=_text("Where it is."),
        in_memory={"type": ["boolean", "null"], "description": "Whether its files are memory."},
        total_bytes=_number("Its size.", "integer"),
        used_bytes=_number("What is in use.", "integer"),
        used_ratio=_number("Used of what may be used, 0.0 to 1.0.", maximum=1),
    ),
    "process": _part(
        "This process alone; null if it was not read.",
        memory_bytes=_number("Resident memory.", "integer"),
        cpu_seconds=_number("Processor seconds since it began."),
        threads=_number("How many.", "integer"),
        open_files=_number("File descriptors in use.", "integer"),
    ),
}
_SCHEMAS: Final = {
    "HealthAlive": _object({"status": {"type": "string", "const": "alive"}, **_WHO}),
    "HealthReady": _object({"status": {"type": "string", "const": "ready"}, **_WHO}),
    "HealthNotReady": _object(
        {
            "status": {"type": "string", "const": "not ready"},
            "failed": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/HealthFailure"},
                "minItems": 1,
            },
            **_WHO,
        }
    ),
    "HealthFailure": _object({"check": _text("Its name."), "why": _text("What is wrong.")}),
    "HealthDetails": _object(
        {
            "status": _STATUS,
            "phase": {"type": "string", "enum": ["starting", "serving", "shutting down"]},
            "service": _text("Its name."),
            **_WHO,
            "region": _text("Where it runs."),
            "environment": _text("What it is for, such as staging."),
            "uptime_seconds": {"type": "number", "minimum": 0},
            **_PARTS,
            "checks": {"type": "array", "items": {"$ref": "#/components/schemas/HealthCheck"}},
        }
    ),
    "HealthCheck": _object(_CHECK),
    "HealthError": _object({"error": _text("What was not done, and why.")}),
}
