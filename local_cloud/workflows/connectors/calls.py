"""The procedure behind every connector that discovery describes."""

from typing import Any

from local_cloud.workflows.connectors import executions, requests
from local_cloud.workflows.connectors import settings as connector_settings
from local_cloud.workflows.connectors.documents import Method
from local_cloud.workflows.connectors.session import Session, Steps
from local_cloud.workflows.connectors.special import EXECUTIONS_CREATE
from local_cloud.workflows.connectors.waiting import until_done, waiting_for
from local_cloud.workflows.stdlib.registry import Procedure


def procedure(method: Method) -> Procedure:
    """Return a method as a function of the language."""
    wanted = requests.parameters(method)

    def run(execution: Any, *values: Any) -> Steps:
        given = {one.name: value for one, value in zip(wanted, values, strict=True)}
        settings = connector_settings.read(given["connector_params"])
        session = Session(execution, settings, method.scopes)
        if method.short_name in EXECUTIONS_CREATE:
            given["body"] = executions.created_document(given["body"])
        first = yield from session.send(requests.request(method, given))
        if settings.skip_polling:
            return first
        root = requests.root(method, given.get("location"))
        if method.short_name in EXECUTIONS_CREATE:
            waiting = executions.waiting(execution, root, method.path.partition("/")[0])
        else:
            whole = execution.choices.finished_operation == "operation"
            waiting = waiting_for(method, root, whole=whole)
        return first if waiting is None else (yield from until_done(session, waiting, first))

    return Procedure(wanted, run)
