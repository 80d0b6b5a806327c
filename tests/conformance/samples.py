"""Plays official samples from a folder with checkouts of their repositories.

    python -m tests.conformance.samples FOLDER

`FOLDER/workflows-samples` and `FOLDER/workflows-demos` are clones of those two repositories of
GoogleCloudPlatform; samples.yaml says what becomes of which sample. A sample that the folder lacks
is named, and is none that failed. Their text is not stored here: it comes from where it is published.

To add one: its repository and path as a key of samples.yaml, and beside it what a case of cases/ may
say (README.md), or why it does not deploy or run (`because`) and the error that tells so.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.conformance.cases import GIVEN, OUTCOMES, Case
from tests.conformance.runner import play

TABLE: Final = Path(__file__).parent / "samples.yaml"
REPOSITORIES: Final = ("workflows-samples", "workflows-demos")
FIELDS: Final = GIVEN | OUTCOMES | {"because"}


def table() -> dict[str, dict[str, Any]]:
    """Return what is given and expected, by the sample's repository and path."""
    document: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text())
    return document


def outcomes(folder: Path) -> Iterator[tuple[str, list[str] | None]]:
    """Yield each sample of the table with what differs, or None where the folder lacks it."""
    for name, given in table().items():
        path = folder / name
        if not path.is_file():
            yield name, None
            continue
        repository, _, rest = name.partition("/")
        fields = {key: value for key, value in given.items() if key != "because"}
        fields["workflow"] = path.read_text(encoding="utf-8")
        yield name, play(Case(repository, rest, f"[S {rest}]", fields))


def main(arguments: list[str]) -> int:
    """Print what differs and what is missing. Return 0 if samples were played, and none differs."""
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print(f"give a folder that has {' and '.join(REPOSITORIES)}", file=sys.stderr)  # noqa: T201
        return 2
    played = failed = missing = 0
    for name, problems in outcomes(Path(arguments[0])):
        played += problems is not None
        missing += problems is None
        failed += bool(problems)
        if problems is None:
            print(f"missing: {name}")  # noqa: T201
        elif problems:
            print(name + "".join(f"\n    {one}" for one in problems))  # noqa: T201
    print(f"{played - failed} as their table says, {failed} not, {missing} missing")  # noqa: T201
    return 0 if played and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
