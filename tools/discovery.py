"""Reduces Google's discovery documents to what connectors of the local Workflows need.

    python -m tools.discovery DOCUMENTS FOLDER

DOCUMENTS is `googleapiclient/discovery_cache/documents` of an installed google-api-python-client
(install it in an environment of its own: it is no dependency of this project). FOLDER gets one
file for each of SERVICES. No descriptions and no schemas of messages: a method is its wire form.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

SERVICES: Final = (
    "artifactregistry.v1",
    "bigquery.v2",
    "bigquerydatatransfer.v1",
    "cloudbuild.v1",
    "cloudfunctions.v1",
    "cloudfunctions.v2",
    "cloudresourcemanager.v3",
    "cloudscheduler.v1",
    "cloudtasks.v2",
    "container.v1",
    "dataflow.v1b3",
    "documentai.v1",
    "eventarc.v1",
    "firestore.v1",
    "forms.v1",
    "language.v1",
    "logging.v2",
    "monitoring.v3",
    "pubsub.v1",
    "run.v1",
    "run.v2",
    "secretmanager.v1",
    "sheets.v4",
    "spanner.v1",
    "sqladmin.v1",
    "storage.v1",
    "storagetransfer.v1",
    "translate.v2",
    "translate.v3",
    "workflowexecutions.v1",
    "workflowexecutions.v1beta",
    "workflows.v1",
    "workflows.v1beta",
)
ONLY: Final = {"compute.v1": ("instances.", "zoneOperations.")}
"""Services of which only the methods below these resources are kept: the whole is huge."""
_CLOUD_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_LONG_RUNNING: Final = frozenset(("done", "error", "metadata", "name", "response"))
_WITH_STATUS: Final = frozenset(("name", "operationType", "selfLink", "status"))


def reduced(document: Mapping[str, Any], only: Sequence[str] = ("",)) -> dict[str, Any]:
    """Return the reduced form of a discovery document."""
    methods = dict(_methods(document, ""))
    schemas = document.get("schemas", {})
    found = {
        "service": document["name"],
        "version": document["version"],
        "revision": document["revision"],
        "rootUrl": document["rootUrl"],
        "servicePath": document["servicePath"],
        "operations": _operations(methods),
        "methods": {
            name: _method(method, schemas)
            for name, method in sorted(methods.items())
            if name.startswith(tuple(only))
        },
    }
    return {key: value for key, value in found.items() if value is not None}


def _methods(part: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, method in part.get("methods", {}).items():
        yield prefix + name, method
    for name, resource in part.get("resources", {}).items():
        yield from _methods(resource, f"{prefix}{name}.")


def _operations(methods: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Return the path at which a long-running operation is read by its name."""
    for name, method in sorted(methods.items()):
        if name.lower().endswith("operations.get") and method["path"].endswith("{+name}"):
            return str(method["path"])
    return None


def _method(method: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    response = method.get("response", {}).get("$ref")
    scopes = method.get("scopes", [])
    upload = method.get("mediaUpload", {}).get("protocols", {}).get("simple", {}).get("path")
    found = {
        "verb": method["httpMethod"],
        "path": method["path"],
        "parameters": {
            name: _parameter(parameter)
            for name, parameter in sorted(method.get("parameters", {}).items())
        },
        "body": method.get("request", {}).get("$ref"),
        "response": response,
        "waits": _waits(method["httpMethod"], schemas.get(response, {})),
        "upload": upload.lstrip("/") if upload else None,
        "scopes": sorted(scopes) if _CLOUD_PLATFORM not in scopes else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    found = {"in": parameter["location"], "type": parameter["type"]}
    if parameter.get("required"):
        found["required"] = True
    if parameter.get("repeated"):
        found["repeated"] = True
    return found


def _waits(verb: str, schema: Mapping[str, Any]) -> str | None:
    """Return the kind of operation that a method answers with, if it starts one.

    "operation": google.longrunning, read by name until `done`. "status": an operation that has a
    link to itself and is DONE in the end, as Compute Engine and Cloud SQL have it. "job": BigQuery.
    """
    if verb == "GET":
        return None
    fields = frozenset(schema.get("properties", {}))
    if fields >= _LONG_RUNNING:
        return "operation"
    if fields >= _WITH_STATUS:
        return "status"
    return "job" if schema.get("id") == "Job" and "jobReference" in fields else None


def written(form: Mapping[str, Any]) -> str:
    """Return the text of a file: a method a line, so that a change reads as one."""
    head = {key: value for key, value in form.items() if key != "methods"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    methods = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(method, separators=(',', ':'))}"
        for name, method in form["methods"].items()
    )
    return "\n".join(("{", *lines, ' "methods": {', methods, " }", "}")) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Return the exit status: 0 written, 1 a document is missing, 2 wrong usage."""
    if len(arguments) != 2:  # noqa: PLR2004 - where from, and where to.
        sys.stderr.write("usage: python -m tools.discovery DOCUMENTS FOLDER\n")
        return 2
    source, folder = map(Path, arguments)
    for name in (*SERVICES, *ONLY):
        try:
            document = json.loads((source / f"{name}.json").read_text(encoding="utf-8"))
        except OSError as error:
            sys.stderr.write(f"error: {name} cannot be read: {error.strerror}\n")
            return 1
        text = written(reduced(document, ONLY.get(name, ("",))))
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
