"""What discovery does not say about some methods: one table each, every row with its source."""

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Regional:
    """A service with an argument `location`, which names the host of the request."""

    host: str
    """With `{location}` in it."""
    default: str = ""
    """The location if there is none; "" is the global host of discovery."""


REGIONAL: Final = {
    # Without a location the global host answers, which knows lists only: anything else is a 404.
    # Source: https://cloud.google.com/workflows/docs/reference/googleapis/run/v1/namespaces.jobs/run
    "run.v1": Regional("{location}-run.googleapis.com"),
    # Source: the page of googleapis.documentai.v1beta2.projects.documents.process.
    "documentai.v1": Regional("{location}-documentai.googleapis.com", "us"),
}

GLOBAL_FIELDS: Final = ("alt", "fields")
"""Arguments that every method takes in its query.

Source of `alt`: the sample of googleapis.storage.v1.objects.get. `fields` is a guess: it is a
standard parameter of Google's APIs.
"""
UPLOAD_FIELDS: Final = ("uploadType",)
"""Arguments of methods that take media. Source: googleapis.storage.v1.objects.insert's sample."""

BODY_FIELDS: Final = {
    # Source: sample iterate_googleapis_translate, which gives them in `args` without a body.
    "translate.v2.translations.translate": ("q", "target", "source", "format", "model"),
}
"""Fields of the body that may stand in `args` themselves."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A method that answers with a Knative object, which is read until a condition is decided."""

    kind: Literal["Ready", "Completed"]
    path: str
    """Where the object is read; `{namespace}` and `{name}` are those in its metadata."""


_SERVING: Final = "apis/serving.knative.dev/v1/namespaces/{namespace}/"
_JOBS: Final = "apis/run.googleapis.com/v1/namespaces/{namespace}/"

CONDITIONS: Final = {
    # `jobs.run` waits for its Execution: the observed error holds its condition Completed.
    # Source: reference/workflows.md 5; that these wait is on each method's page.
    "run.v1.namespaces.jobs.run": Condition("Completed", _JOBS + "executions/{name}"),
    "run.v1.namespaces.jobs.create": Condition("Ready", _JOBS + "jobs/{name}"),
    "run.v1.namespaces.jobs.replaceJob": Condition("Ready", _JOBS + "jobs/{name}"),
    "run.v1.namespaces.services.create": Condition("Ready", _SERVING + "services/{name}"),
    "run.v1.namespaces.services.replaceService": Condition("Ready", _SERVING + "services/{name}"),
}

EXECUTIONS_CREATE: Final = frozenset(
    f"workflowexecutions.{version}.projects.locations.workflows.executions.create"
    for version in ("v1", "v1beta")
)
"""They wait for the execution, and do not let it queue.

Source: the page of googleapis.workflowexecutions.v1...executions.create; for the queue,
https://cloud.google.com/workflows/docs/troubleshooting.
"""
