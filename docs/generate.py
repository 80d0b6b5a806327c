#!/usr/bin/env python3
"""Writes the reference pages that are made from the code. Not: the pages that people write.

docs/generate.py            writes every page that differs
docs/generate.py --check    writes nothing; exits 1 and names the pages that differ
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "functions")]

from docs.concepts.states_page import page as states_page  # noqa: E402 - as below.
from rollouts import settings  # noqa: E402 - the functions are a source tree, not a package.
from rollouts.delivery_schema import json_schema  # noqa: E402

DELIVERY: Final = "docs/reference/delivery.md"
SCHEMA: Final = "docs/reference/delivery.schema.json"
# The file at the top is for its users to change: pages and tests speak of this one.
EXAMPLE: Final = "docs/examples/delivery.yaml"
STATES: Final = "docs/concepts/states.md"

TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "services.<name>": (
        "A service",
        """\
The name is yours; it stands in every command, event and message. `targets` is a map of at least
one target; a delivery walks it from top to bottom. `notifications` is a list, and so is
`freeze`.""",
    ),
    "services.<name>.targets.<name>": (
        "A target",
        """\
One Cloud Run service, and how carefully it is delivered to. No two targets may be the same Cloud
Run service. `deadline` must be at least as long as all steps with their `window` and
four minutes each, because totals are minutes late; `check_every` must leave at most 5,000 looks
in it, and be no longer than the shortest window. A list of windows has at most as many entries as
there are steps; its last one holds for all further.""",
    ),
    "services.<name>.targets.<name>.approval": (
        "Approval",
        "Who must say yes before the first request goes to a canary.",
    ),
    "services.<name>.targets.<name>.verify": (
        "Smoke test",
        "What the canary is asked on its own URL while it still has no traffic.",
    ),
    "services.<name>.targets.<name>.analysis": (
        "Analysis",
        """\
How the canary is judged: beside stable, and by absolute limits, which are off unless set. A list
for the steps has at most as many entries as there are steps; its last holds for all further.""",
    ),
    "delivery.yaml": (
        "The line",
        """\
At the top of the file; a service and a target take it too. `freeze` is a list beside it. What is
further up holds for all below. Both are read as they are now: a rollout that is under way waits
for them too.""",
    ),
    "freeze[]": (
        "Freeze",
        """\
A window of time in which no canary gets a new share: [freezes](../concepts/freezes.md).""",
    ),
    "services.<name>.notifications[]": (
        "Notifications",
        """\
Who is told: [notifications](../concepts/notifications.md). Each row names exactly one of `slack`,
`webhook`, `email` and `pagerduty`; `to` and `from` stand beside `email` alone, and `events` of a
PagerDuty row are of those that trigger it. One channel may stand in several rows, and is told
what any of them wants. URLs, keys and passwords are secrets and never stand in this file.""",
    ),
}

HEAD: Final = """\
# delivery.yaml

<!-- Made by docs/generate.py from functions/rollouts/settings.py; `make golden` makes it anew. -->

This file says what Barq delivers, where to, and how carefully. It is the one file you edit.
It travels with the functions. Its content is checked when the functions read it: everything that
is wrong is told at once, and nothing falls back silently.

```yaml
{example}```

Editors check it as you type: its first line names the [schema](delivery.schema.json).
A schema cannot say everything. The order of `steps`, the longest and shortest duration, names of
time zones, the ends of a freeze, the targets and the events of a notification, and what
`deadline`, `check_every` and `warm_up` ask of other settings are checked by the functions alone.

- A **duration** is written as `30s`, `5m`, `1h30m`, `24h` or `7d`.
- A **percent** is a whole number from 0 to 100. A **ratio** is a number from 0.0 to 1.0.
- A limit that is `off` is not judged.
- A rollout keeps the policy that it began with. A change here holds for the next one, but for
  `freeze` and `stop_the_line`.

A wrong setting is told by name, value, rule and example:

```text
services.api.targets.production.steps is [50, 10]: must be rising whole percents, each once, \
that end in 100, such as [10, 50, 100].
```
"""


def pages(root: Path = ROOT) -> dict[str, str]:
    """Return every page by its path below `root`."""
    example = (root / EXAMPLE).read_text("utf-8")
    return {
        DELIVERY: delivery_page(example),
        SCHEMA: json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
        STATES: states_page(),
    }


def delivery_page(example: str) -> str:
    """Return the page of every setting. `example` is a whole delivery.yaml."""
    parts = [HEAD.format(example=example)]
    for path, group in settings.GROUPS.items():
        title, words = TITLES[path]
        parts.append(f"\n## {title}: `{path}`\n\n{words}\n\n{_table(group)}")
    return "".join(parts)


def _table(group: settings.Group) -> str:
    lines = ["| setting | must be | default | example | meaning |", "|---|---|---|---|---|"]
    for name, setting in group.items():
        cells = (
            f"`{name}`",
            setting.kind.rule.replace("<", "&lt;"),
            _default(setting),
            f"`{setting.kind.example}`",
            setting.doc.replace("<", "&lt;"),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _default(setting: settings.Setting) -> str:
    if setting.default is settings.REQUIRED:
        return "required"
    return "none" if setting.default is settings.UNSET else f"`{_shown(setting.default)}`"


def _shown(value: Any) -> str:
    """Write a default as one writes it in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Write the pages, or with `--check` say which differ. Return the exit status."""
    found = pages(root)
    stale = [name for name, text in found.items() if _read(root / name) != text]
    for name in stale:
        if "--check" in arguments:
            sys.stderr.write(f"error: {name} is not what the code says\n hint: make golden\n")
        else:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(found[name], "utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return 1 if stale and "--check" in arguments else 0


def _read(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
