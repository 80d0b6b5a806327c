"""Hunts: scenario after scenario until told to stop, a rule that does not hold, or enough.

python -m tests.simulation                         until Ctrl-C
python -m tests.simulation --seeds 0:1000          these seeds
python -m tests.simulation --rollouts 100000       until so many rollouts were seen
python -m tests.simulation --seed 123 --only 3,7   one scenario, with none but these happenings
python -m tests.simulation --bugs                  the planted bugs, each caught or not
"""

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "functions"), str(ROOT)]

from tests.simulation.drawing import draw  # noqa: E402 - the path comes first.
from tests.simulation.hunting import Hunt  # noqa: E402
from tests.simulation.run import run  # noqa: E402
from tests.simulation.shrink import Shrinker, told  # noqa: E402


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", default="", help="a range such as 0:1000")
    parser.add_argument("--rollouts", type=int, default=0, help="stop after so many")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep-going", action="store_true", help="play on after a broken rule")
    parser.add_argument("--seed", type=int, help="play this one alone, and print its trace")
    parser.add_argument("--only", default="", help="numbers of happenings, such as 3,7,9")
    parser.add_argument("--bugs", action="store_true", help="plant bugs; each must be caught")
    parser.add_argument("--json", type=Path, help="write the totals there")
    return parser.parse_args()


def _one(seed: int, only: str) -> int:
    scenario = draw(seed)
    if only:
        scenario = scenario.only({int(number) for number in only.split(",")})
    outcome = run(scenario)
    sys.stdout.write("\n".join(outcome.trace) + "\n")
    sys.stdout.write(f"{outcome.failure or 'every rule held'}\n")
    return 1 if outcome.failure else 0


def _bugs() -> int:
    from tests.simulation.planted import BUGS, catch  # noqa: PLC0415 - it reaches into everything.

    missed = 0
    for bug in BUGS:
        began = time.monotonic()
        caught = catch(bug)
        missed += caught is None
        took = time.monotonic() - began
        words = f"seed {caught.seed}: {caught.failure}" if caught else "NOT CAUGHT"
        sys.stdout.write(f"{bug.name:40} {took:5.1f} s  {words[:120]}\n")
    return 1 if missed else 0


def _hunt(arguments: argparse.Namespace) -> int:
    first, _, last = arguments.seeds.partition(":")
    seeds = range(int(first or 0), int(last) if last else 1 << 60)
    hunt = Hunt(seeds, arguments.rollouts, arguments.processes, keep_going=arguments.keep_going)
    failed = hunt.go()
    sys.stdout.write(hunt.totals.shown() + "\n")
    if arguments.json:
        arguments.json.write_text(hunt.totals.as_json())
    if failed is None:
        return 1 if hunt.totals.failed else 0
    seed, rule = failed
    sys.stderr.write(f"rule {rule} does not hold with seed {seed}; looking for the shortest\n")
    shortest = Shrinker(draw(seed), rule).shrink()
    sys.stdout.write(told(shortest, run(shortest)) + "\n")
    return 1


def main() -> int:
    arguments = _arguments()
    if arguments.bugs:
        return _bugs()
    if arguments.seed is not None:
        return _one(arguments.seed, arguments.only)
    return _hunt(arguments)


if __name__ == "__main__":
    sys.exit(main())
