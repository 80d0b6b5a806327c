"""Workflows to be played: expressions where they may stand, and files with something changed."""

import functools
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.conformance.cases import all_cases
from tests.conformance.runner import source_of
from tests.fuzz.expressions import Drawing

ROOT: Final = Path(__file__).parents[2]
CHARACTERS_MAX: Final = 20_000
"""A case of a limit may be far larger; what is wrong with large files, small ones show too."""
PRELUDE: Final[list[Any]] = [
    {"a": [1, "two", None, {"key": 3.5}]},
    {"n": 42},
    {"f": -2.5},
    {"s": "text, éa漢"},
    {"b": True},
    {"l": [3, 1, 2]},
    {"m": {"key": "value", "inner": {"a": [1]}, "9": 9}},
    {"z": None},
    {"raw": '${text.encode("bytes")}'},
]
_TWICE: Final = {"params": ["x", {"y": 2}], "steps": [{"r": {"return": "${x * y}"}}]}
_PIECES: Final = (
    *("- ", ": ", "${", "}", "[", "]", "{", "}", '"', "'", "\n", "  ", "\t", "#", "&a ", "*a", "|"),
    *("end", "break", "continue", "next: end", "steps:", "for:", "parallel:", "try:", "raise: x"),
    *(
        "null",
        "~",
        "yes",
        "1e999",
        "9" * 40,
        "\ud800",
        "\x00",
        "\ufeff",
        "\u2028",
        "é",
        "!!python/x",
    ),
    *("${a.b[c]}", "${sys.now()}", "<<: *a", "? ", "---", "...", "%YAML 1.2", ">-"),
)


def expressions_of(rng: random.Random) -> str:
    """Return a workflow with one drawn expression in each place that takes one."""
    draw = Drawing(rng, wrong=rng.choice((0, 0, 0.05)))

    def drawn() -> str:
        return "${" + draw.expression() + "}"

    steps: list[dict[str, Any]] = [
        {"prelude": {"assign": PRELUDE}},
        {"assigned": {"try": {"assign": [{"x": drawn()}, {"m.key": drawn()}]}, "except": _keep()}},
        {
            "decided": {
                "try": {"switch": [{"condition": drawn(), "next": "end"}]},
                "except": _keep(),
            }
        },
        {
            "kept": {
                "try": {"call": "twice", "args": {"x": drawn()}, "result": "y"},
                "except": _keep(),
            }
        },
        {"looped": {"try": {"for": _loop(rng, drawn)}, "except": _keep()}},
        {"branched": {"try": {"parallel": {"for": _loop(rng, drawn)}}, "except": _keep()}},
        {"tried": {"try": {"raise": drawn()}, "retry": _retry(drawn), "except": _keep()}},
        {"waited": {"try": {"call": "http.get", "args": {"url": drawn()}}, "except": _keep()}},
        {"ended": {"return": {"value": drawn(), drawn(): 1}}},
    ]
    chosen = [steps[0], *rng.sample(steps[1:], rng.randrange(1, 4))]
    return json.dumps({"main": {"params": ["args"], "steps": chosen}, "twice": _TWICE})


def _keep() -> dict[str, Any]:
    return {"as": "e", "steps": [{"look": {"assign": [{"seen": "${e}"}]}}]}


def _loop(rng: random.Random, drawn: Any) -> dict[str, Any]:
    over = {"in": drawn()} if rng.random() < 0.5 else {"range": [1, drawn()]}
    return {"value": "v", **over, "steps": [{"inner": {"assign": [{"w": drawn()}]}}]}


def _retry(drawn: Any) -> dict[str, Any]:
    backoff = {"initial_delay": drawn(), "max_delay": 5, "multiplier": 2}
    return {"predicate": "${retry.always}", "max_retries": 2, "backoff": backoff}


@functools.cache
@functools.cache
def corpus() -> tuple[str, ...]:
    """Return real workflows to be changed: ours, and those of the conformance cases."""
    ours = [path.read_text("utf-8") for path in sorted((ROOT / "workflows").rglob("*.yaml"))]
    cases = [source_of(one.fields) for one in all_cases() if "workflow" in one.fields]
    return (*ours, *(text for text in cases if len(text) <= CHARACTERS_MAX))


def mutated(rng: random.Random, text: str, others: Sequence[str]) -> str:
    """Change a text in one to four places, mostly in one: what is changed much only does not deploy."""
    for _ in range(rng.choices((1, 2, 4), (6, 3, 1))[0]):
        text = rng.choice((_insert, _remove, _swap_lines, _repeat, _indent, _splice))(
            rng, text, others
        )
    return text


def _insert(rng: random.Random, text: str, _others: Sequence[str]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(_PIECES) + text[at:]


def _remove(rng: random.Random, text: str, _others: Sequence[str]) -> str:
    at = rng.randrange(len(text) + 1)
    return text[:at] + text[at + rng.randrange(1, 40) :]


def _swap_lines(rng: random.Random, text: str, _others: Sequence[str]) -> str:
    lines = text.split("\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def _repeat(rng: random.Random, text: str, _others: Sequence[str]) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    piece = lines[at : at + rng.randrange(1, 8)]
    return "\n".join([*lines[:at], *(piece * rng.choice((2, 3, 60))), *lines[at:]])


def _indent(rng: random.Random, text: str, _others: Sequence[str]) -> str:
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    lines[at] = " " * rng.randrange(12) + lines[at].lstrip()
    return "\n".join(lines)


def _splice(rng: random.Random, text: str, others: Sequence[str]) -> str:
    other = rng.choice(others).split("\n")
    lines = text.split("\n")
    at, begin = rng.randrange(len(lines)), rng.randrange(len(other))
    return "\n".join([*lines[:at], *other[begin : begin + rng.randrange(1, 15)], *lines[at:]])
