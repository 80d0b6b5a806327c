"""What `run` is given: a workflow, others that it may execute, and an argument."""

import argparse
import json
from dataclasses import dataclass

from local_cloud.workflows.alone import sources
from local_cloud.workflows.alone.wrong import Wrong
from local_cloud.workflows.language import json_text

_HINT = 'quote it for your shell, such as --data \'{"name": "Ann"}\''


@dataclass(frozen=True, slots=True)
class Input:
    """A workflow's id, its file as the command line names it, and what stands in it."""

    workflow: str
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Inputs:
    own: Input
    others: tuple[Input, ...]
    argument: str | None
    """JSON; None is an execution without an argument."""


def inputs_of(given: argparse.Namespace) -> Inputs:
    """Read everything that the flags name. Raises Wrong."""
    if [given.file, given.data].count(sources.STANDARD_INPUT) > 1:
        raise Wrong("standard input cannot be both the workflow and its argument")
    own = Input(sources.id_for(given.file), given.file, sources.read(given.file))
    others = tuple(
        Input(one.workflow, str(one.path), sources.read(str(one.path)))
        for one in map(sources.named, given.deploy)
    )
    names = [own.workflow, *(one.workflow for one in others)]
    for name in names:
        if names.count(name) > 1:
            raise Wrong(f"two files are the workflow {name}", "name one: --deploy other-id=FILE")
    return Inputs(own, others, argument_of(given.data))


def argument_of(data: str) -> str | None:
    """Return what `--data` says as JSON, None for "". Raises Wrong for what is not JSON."""
    if not data:
        return None
    file = data.removeprefix("@") if data.startswith("@") else ""
    text = sources.read(file or data) if file or data == sources.STANDARD_INPUT else data
    try:
        json_text.decode(text)
    except json_text.NotJson as error:
        where = ":".join(part for part in (file, _place(text)) if part)
        raise Wrong(f"the argument is not JSON ({where or error})", _HINT) from error
    return text


def _place(text: str) -> str:
    """Return where a text stops being JSON, as line:column; "" if that is not the trouble."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"{error.lineno}:{error.colno}"
    except (ValueError, RecursionError):
        pass
    return ""
