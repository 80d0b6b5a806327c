"""The tables of docs/workflows/reference.md and the transcript of alone.md, made from the code.

    python -m docs.workflows.generate

rewrites them in place. A test compares.
"""

import argparse
import ast
import contextlib
import inspect
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from local_cloud.workflows.__main__ import main as workflows
from local_cloud.workflows.alone import flags
from local_cloud.workflows.language import choices

ROOT: Final = Path(__file__).resolve().parents[2]
REFERENCE: Final = ROOT / "docs" / "workflows" / "reference.md"
PROCEDURE: Final = ROOT / "docs" / "workflows" / "alone.md"
QUICK_START: Final = ("run", "docs/workflows/hello.yaml", "--data", '["Ann", "Bob"]', "--fast")
_BLOCK: Final = "<!-- {0}: generated -->\n{1}<!-- end of {0} -->\n"


def blocks(document: Path) -> dict[str, str]:
    """Return every generated block of a document by its name."""
    if document == PROCEDURE:
        return {"transcript": transcript()}
    verbs = {f"flags of {verb}": _flags(found) for verb, found in _verbs().items()}
    return {**verbs, "choices": _choices()}


def filled(document: Path) -> str:
    """Return a document's text with its generated blocks as they should be."""
    text = document.read_text("utf-8")
    for name, content in blocks(document).items():
        first, last = f"<!-- {name}: generated -->\n", f"<!-- end of {name} -->\n"
        before, found, rest = text.partition(first)
        _, closed, after = rest.partition(last)
        assert found, f"{name} has no beginning in {document}"
        assert closed, f"{name} has no end in {document}"
        text = before + _BLOCK.format(name, content) + after
    return text


def transcript() -> str:
    """Return what the quick start looks like, run just now. Times are virtual."""
    out, err = io.StringIO(), io.StringIO()
    with _inside(ROOT), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert workflows(QUICK_START) == 0
    words = " ".join(f"'{word}'" if '"' in word else word for word in QUICK_START)
    steps = err.getvalue().splitlines()
    said = [*steps[:-1], out.getvalue().rstrip(), steps[-1]]
    lines = [f"$ {flags.PROGRAM} {words}", *map(_steady, said)]
    return "```console\n" + "\n".join(lines) + "\n```\n"


def _steady(line: str) -> str:
    """Return a line without the part of a second that the machine took."""
    line = re.sub(r"^( +\d+)\.\d{3} ", r"\g<1>.000 ", line)
    line = re.sub(r" \(\d+ ms\)$", "", line)
    return re.sub(r"(\d)\.\d+ s(\)?)$", r"\g<1> s\g<2>", line)


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _verbs() -> dict[str, argparse.ArgumentParser]:
    # argparse has no public way to its verbs.
    (found,) = (
        action
        for action in flags.parser()._actions  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
    )
    return dict(found.choices)


def _flags(verb: argparse.ArgumentParser) -> str:
    actions = [one for one in verb._actions if one.dest != "help"]  # noqa: SLF001
    rows = [
        (", ".join(f"`{name}`" for name in _names(one)), _default(one), one.help or "")
        for one in actions
    ]
    return _table(("flag", "default", "means"), rows)


def _names(action: argparse.Action) -> list[str]:
    value = "" if action.nargs == 0 or not action.metavar else f" {action.metavar}"
    return [name + value for name in action.option_strings] or [str(action.metavar)]


def _default(action: argparse.Action) -> str:
    if not action.option_strings:
        return ""
    if isinstance(action.default, bool):
        return "on" if action.default else "off"
    return "none" if action.default in (None, "", []) else f"`{action.default}`"


def _choices() -> str:
    meanings = _meanings()
    rows = [
        (f"`{name}`", ", ".join(f"`{value}`" for value in values), meanings[name])
        for name, values in choices.options().items()
    ]
    return _table(("choice", "values, the default first", "means"), rows)


def _meanings() -> dict[str, str]:
    """Return what the source says below each choice, without the number of its question."""
    (found,) = ast.parse(inspect.getsource(choices.Choices)).body
    assert isinstance(found, ast.ClassDef)
    told: dict[str, str] = {}
    for field, below in zip(found.body, found.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(ast.Constant(str(text))):
                told[name] = re.sub(r"^[\d, ]+: ", "", " ".join(text.split()))
    return told


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(one) for one in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!`)<(?!=)", "&lt;", text).replace("|", "\\|")


if __name__ == "__main__":
    for page in (REFERENCE, PROCEDURE):
        page.write_text(filled(page), "utf-8")
