"""Writes docs/concepts/states.md from the state machine of the code: picture and tables.

Not: docs/concepts/rollout.md, which tells the same life in words.
"""

from collections.abc import Iterable
from typing import Final, get_args

from rollouts.record import FINAL, State
from rollouts.transitions import TRANSITIONS, UNFINISHED

HEAD: Final = """\
# States and transitions

<!-- Made by docs/generate.py from functions/rollouts/transitions.py: `make golden` does it. -->

*Concept. What a rollout can be, and every way from one state to the next. In words: \
[the life of a rollout](rollout.md).*

The state stands in the service's annotation `rollout.barq.dev/record`, and in a line for people in
`rollout.barq.dev/summary`. There is one place that writes them: `functions/gcp/compare_and_swap.py`
reads the service, lets the core decide on what it read, sees that the decision is one of the
transitions below with the traffic that belongs to it, and writes record and traffic together, on
the very version that was read. If someone wrote first, it reads and decides anew. What is no
transition is not written.

"""
MEANS: Final[dict[State, tuple[str, str]]] = {
    "deploying": ("0 %, no tag", "the revision being Ready, at most `ready_within`"),
    "deployed": ("0 %, tag `canary`", "a passed smoke test"),
    "verified": (
        "0 %, tag `canary`",
        "the first shift; before it an approval, if the policy asks for one, and an open line",
    ),
    "shifting": ("its step's share", "a verdict: its window, and enough of its totals"),
    "promoted": ("100 %", "nothing; an alert may still roll back within `watch`"),
    "rolled_back": ("0 %, no tag", "nothing more than the written split being served"),
    "stopped": (
        "what it had, or what someone gave it",
        "a person; the sweeper, if Barq itself stopped it and nobody wrote since",
    ),
    "superseded": ("0 %", "nothing: another rollout took its place"),
}
_TRAFFIC: Final = {
    "kept": "stays",
    "stable": "stable 100 %",
    "step": "the step's share",
    "canary": "canary 100 %",
}


def page() -> str:
    """Return the whole page."""
    return HEAD + _picture() + "\n" + _states() + "\n" + _transitions()


def _picture() -> str:
    """Draw the arrows; one from the whole of what is under way where each of it has that way."""
    inside, outside = list[str](), list[str]()
    for one in TRANSITIONS:
        whole = set(UNFINISHED) <= set(one.before)
        if one.after is None:
            continue
        for before in one.before or ("[*]",):
            if before == one.after or (whole and before in UNFINISHED):
                continue
            arrow = f"    {before} --> {one.after}: {one.name}"
            among = {before, one.after} <= set(UNFINISHED)
            (inside if among else outside).append(arrow)
        if whole:
            outside.append(f"    under_way --> {one.after}: {one.name}")
    lines = ["```mermaid", "stateDiagram-v2", "    state under_way {"]
    lines += [f"    {arrow}" for arrow in inside]
    lines += ["    }", *outside, "```"]
    same = ", ".join(f"`{one.name}`" for one in TRANSITIONS if one.after is None)
    return "\n".join(lines) + f"\n\nNot drawn, because they lead to the same state: {same}.\n"


def _states() -> str:
    lines = ["| state | the canary has | what is waited for |", "|---|---|---|"]
    for state in get_args(State):
        has, waits = MEANS[state]
        name = f"**`{state}`**" if state in FINAL else f"`{state}`"
        lines.append(f"| {name} | {has} | {waits} |")
    return "\n".join(lines) + "\n\nBold: the rollout has ended.\n"


def _transitions() -> str:
    lines = ["| transition | from | to | traffic | when | event |", "|---|---|---|---|---|---|"]
    for one in TRANSITIONS:
        before = _several(one.before) or "no rollout of this id"
        after = f"`{one.after}`" if one.after else "the same"
        cells = (f"`{one.name}`", before, after, _TRAFFIC[one.traffic], one.when)
        lines.append("| " + " | ".join(cells) + f" | {_several(one.events)} |")
    return "\n".join(lines) + "\n"


def _several(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
