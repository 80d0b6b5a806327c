"""`python -m tools.backtest FILE.csv --policy delivery.yaml --target NAME`: a rollout replayed.

Exit status: 0 promoted, 2 rolled back, 3 a person is asked, 4 the file ends before any of it,
1 when the file, the policy or the command is wrong.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

import yaml

from rollouts.backtesting import Outcome, replay, show_replay
from rollouts.delivery_file import parse_delivery
from rollouts.errors import BadInput, BadSettings
from rollouts.policy import Delivery, Policy
from rollouts.recorded_counts import Recording, read_recording

STATUSES: Final[dict[Outcome, int]] = {
    "promoted": 0,
    "rolled_back": 2,
    "asked": 3,
    "unfinished": 4,
}
WRONG: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one replay; return the exit status."""
    given = _parser().parse_args(arguments)
    problems: list[str] = []
    policy = recording = None
    try:
        policy = find_policy(_delivery(given.policy), given.target, given.service)
    except BadSettings as error:
        problems += [f"{given.policy}: {problem}" for problem in error.problems]
    hint = ""
    try:
        recording = _recording(given.file)
    except BadInput as error:
        problems += [f"{given.file}: {problem}" for problem in error.problems]
        hint = error.hint
    if policy is None or recording is None:
        return _refuse(problems, hint)
    replayed = replay(recording, policy)
    sys.stdout.write(show_replay(replayed))
    return STATUSES[replayed.outcome]


def find_policy(delivery: Delivery, target: str, service: str) -> Policy:
    """Return a target's policy. Raises BadSettings if the names do not mean exactly one."""
    found = {
        f"{one.name}/{inner.name}": inner.policy
        for one in delivery.services
        for inner in one.targets
        if inner.name == target and service in ("", one.name)
    }
    if len(found) == 1:
        return next(iter(found.values()))
    known = [f"{one.name}/{inner.name}" for one in delivery.services for inner in one.targets]
    named = f"{service}/{target}" if service else target
    raise BadSettings(
        f"the target is {named!r}: must be one of the file's service/target, such as"
        f" {', '.join(known)}."
        if not found
        else f"the target is {named!r}, of {', '.join(found)}: must be one service's, such as"
        f" --service {next(iter(found)).partition('/')[0]}."
    )


def _delivery(file: Path) -> Delivery:
    try:
        document = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise BadSettings(f"the file is not readable ({_line(error)}): must be YAML.") from error
    return parse_delivery(document)


def _recording(file: Path) -> Recording:
    """Read a CSV file. Raises BadInput."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, strict=True)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise BadInput(f"the file is not readable ({_line(error)}): must be CSV.") from error
    first = rows[0][1] if rows else []
    return read_recording(first, rows[1:])


def _line(error: Exception) -> str:
    return str(error).replace("\n", " ")[:200]


def _refuse(problems: Sequence[str], hint: str) -> int:
    text = "".join(f"  {problem}\n" for problem in problems)
    sys.stderr.write(f"error: nothing was replayed\n{text}")
    if hint:
        sys.stderr.write(f" hint: {hint}\n")
    return WRONG


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with 1: a 2, which is usual, means a rollback here."""
        self.print_usage(sys.stderr)
        self.exit(WRONG, f"error: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m tools.backtest",
        description="Replay a rollout's counts per minute through a policy.",
        epilog="Exit status: 0 promoted, 2 rolled back, 3 a person is asked, 4 the file ends"
        " before that, 1 something is wrong. The file: docs/concepts/verdict.md.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--policy", type=Path, required=True, metavar="delivery.yaml")
    parser.add_argument("--target", required=True, metavar="NAME")
    parser.add_argument("--service", default="", metavar="NAME", help="if there are several")
    return parser


if __name__ == "__main__":
    sys.exit(main())
