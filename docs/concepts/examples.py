"""Makes the parts of docs/concepts/verdict.md that a command or a formula says. Not: the prose.

python -m docs.concepts.examples    writes the page anew

A part stands between `<!-- made: NAME -->` and `<!-- end -->`.
"""

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs.concepts import tables
from tools import backtest

PAGE: Final = Path(__file__).parent / "verdict.md"
COMMAND: Final = (
    "python -m tools.backtest docs/concepts/backtest_example.csv"
    " --policy docs/examples/delivery.yaml --target production"
)
_PART: Final = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def backtest_example() -> str:
    """Return the documented command and what it says, run at the top of the repository."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = backtest.main(shlex.split(COMMAND)[3:])
    return f"```text\n$ {COMMAND}\n{said.getvalue()}$ echo $?\n{status}\n```\n"


PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "alone": tables.alone,
    "outages": tables.outages,
    "first_step": tables.first_step,
    "counts": tables.counts,
    "backtest": backtest_example,
}


def page(text: str) -> str:
    """Return the page with each part as it is now. Raises KeyError for a part of another name."""
    return _PART.sub(lambda found: found[1] + PARTS[found[2]]() + found[3], text)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
