"""Writes docs/workflows/conformance.md: how many cases there are, by chapter and evidence.

python -m tests.conformance.page
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import yaml

from tests.conformance.cases import TAGS, Case, all_cases, chapters

PAGE: Final = Path(__file__).parents[2] / "docs" / "workflows" / "conformance.md"
_LISTS: Final = Path(__file__).parent / "coverage.yaml"
_REFUSING: Final = frozenset({"deploy", "error", "error_includes", "payload"})
_STRENGTH: Final = "DSOGEMU"
"""Of evidence, the strongest first."""
_HEAD: Final = """\
# The local Workflows, case by case

A reference page, written by `python -m tests.conformance.page` from `tests/conformance/cases`: change those instead.

{count} cases are played on the engine in virtual time, {refusing} of them about what is refused or fails. Each is one fact of
the language, its library or its APIs, with where that is written; `tests/conformance/README.md` says how a case is read.

## On whose word

A case may have several sources; it counts once in the second column, by the strongest of them.

"""
_CHAPTERS: Final = """
## By chapter

"""
_SAMPLES: Final = """
## Official samples whose facts are played

Their facts, not their text: {names}.
"""
_LACKING: Final = """
## What no case can tell

- **No case has run on Google Cloud.** A fact that only a real execution would show is here as its evidence has it. The {open}
  cases with nothing but an open question rest on our choice. Many of those questions are settings, and both answers have cases.
- **Texts of errors** are exact only where the service's own output is known ({observed} cases). Elsewhere a case asks for the
  tag, and for a message at the start of deployment errors.
- **`gke.*`** is not there: the local cloud has no clusters. **`http.request` with CONNECT or TRACE** is refused; only the
  samples' schema names them.
- **Connectors** are tried by a few methods of each kind of waiting; the other methods follow from Google's discovery documents.
- **SystemError** is what the service calls its own faults; there is no way to ask for one.
- **Speed, durability and many executions at once** are not facts of the language: see
  [the measurements](../benchmarks/workflows.md).
"""


def page() -> str:
    """Return the page."""
    cases = all_cases()
    names = sorted({name for one in cases for name in one.samples()} - {"jsonschema"})
    counts = {
        "count": len(cases),
        "refusing": sum(bool(_REFUSING & set(one.fields)) for one in cases),
        "open": sum(_strongest(one) == "U" for one in cases),
        "observed": sum("O" in one.tags() for one in cases),
    }
    return (
        _HEAD.format(**counts)
        + _by_evidence(cases)
        + _CHAPTERS
        + _by_chapter(cases)
        + _covered()
        + _SAMPLES.format(names=", ".join(f"`{name}`" for name in names))
        + _LACKING.format(**counts)
    )


def _strongest(case: Case) -> str:
    return min(case.tags(), key=_STRENGTH.index)


def _by_evidence(cases: Iterable[Case]) -> str:
    named = Counter(tag for case in cases for tag in set(case.tags()))
    strongest = Counter(_strongest(case) for case in cases)
    rows = [f"| {TAGS[tag]} [{tag}] | {strongest[tag]} | {named[tag]} |" for tag in _STRENGTH]
    return "\n".join(["| evidence | at best | named by |", "|---|--:|--:|", *rows]) + "\n"


def _by_chapter(cases: Iterable[Case]) -> str:
    lines = [
        "| chapter | cases | " + " | ".join(f"[{tag}]" for tag in _STRENGTH) + " |",
        "|---|" + "--:|" * (len(_STRENGTH) + 1),
    ]
    for stem, title in chapters().items():
        mine = [case for case in cases if case.chapter == stem]
        counts = Counter(tag for case in mine for tag in set(case.tags()))
        cells = " | ".join(str(counts[tag] or "") for tag in _STRENGTH)
        lines.append(f"| {title} | {len(mine)} | {cells} |")
    return "\n".join(lines) + "\n"


def _covered() -> str:
    lists = yaml.safe_load(_LISTS.read_text())
    counts = {
        "fields of a step": len(lists["step_fields"]),
        "functions": sum(len(group["names"]) for group in lists["functions"]),
        "error tags": len(lists["error_tags"]),
        "operators": len(lists["operators"]),
        "limits": len(lists["limits"]),
    }
    listed = ", ".join(f"{count} {what}" for what, count in counts.items())
    limits = ", ".join(lists["limits"])
    return (
        f"\nEach of these has its cases, which a test holds: {listed}.\n\nThe limits: {limits}.\n"
    )


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
