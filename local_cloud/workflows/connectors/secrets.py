"""Secret Manager's helpers, which spare base64: `accessString` and `addVersionString`.

Source: https://cloud.google.com/workflows/docs/reference/googleapis/secretmanager/Overview.
"""

import base64
import binascii
from typing import Any, Final
from urllib.parse import quote

from local_cloud.workflows.connectors import settings as connector_settings
from local_cloud.workflows.connectors.requests import Request
from local_cloud.workflows.connectors.session import Session, Steps
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import as_text
from local_cloud.workflows.stdlib.registry import Procedure, parameters, text

_ROOT: Final = "https://secretmanager.googleapis.com/v1/"
ACCESS: Final = "googleapis.secretmanager.v1.projects.secrets.versions.accessString"
ADD: Final = "googleapis.secretmanager.v1.projects.secrets.addVersionString"
IN_EXPRESSIONS: Final = frozenset((ACCESS, ADD))
"""Source: the page above says it of both helpers."""


def _secret(execution: Any, secret_id: Any, project_id: Any) -> str:
    project = project_id or execution.host.environment["GOOGLE_CLOUD_PROJECT_ID"]
    return f"projects/{quote(as_text(project))}/secrets/{quote(text(secret_id))}"


def _access(
    execution: Any, secret_id: Any, version: Any, project_id: Any, connector_params: Any
) -> Steps:
    """A version may be a number or an alias."""
    session = Session(execution, connector_settings.read(connector_params))
    wanted = quote(as_text("latest" if version is None else version))
    name = f"{_secret(execution, secret_id, project_id)}/versions/{wanted}"
    answer = yield from session.send(Request("GET", f"{_ROOT}{name}:access"))
    try:
        data = base64.b64decode(answer["payload"].get("data", ""), validate=True)
    except (KeyError, TypeError, AttributeError, binascii.Error):
        raise fault("ResponseTypeError", "the answer is not a secret's version") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise fault("ValueError", "the secret's data is not UTF-8 text") from None


def _add(
    execution: Any, secret_id: Any, data: Any, project_id: Any, connector_params: Any
) -> Steps:
    session = Session(execution, connector_settings.read(connector_params))
    url = f"{_ROOT}{_secret(execution, secret_id, project_id)}:addVersion"
    encoded = base64.b64encode(text(data).encode("utf-8", "replace")).decode("ascii")
    body = {"payload": {"data": encoded}}
    return (yield from session.send(Request("POST", url, body=body)))


PROCEDURES: Final[dict[str, Procedure]] = {
    ACCESS: Procedure(
        parameters("secret_id", version="latest", project_id=None, connector_params=None), _access
    ),
    ADD: Procedure(parameters("secret_id", "data", project_id=None, connector_params=None), _add),
}
