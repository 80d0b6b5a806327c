"""`python -m local_cloud.workflows check FILE`: what the service would refuse at deployment."""

import sys
from collections.abc import Sequence
from pathlib import Path

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source


def main(arguments: Sequence[str]) -> int:
    """Return the exit status: 0 deploys, 1 does not, 2 wrong usage."""
    if len(arguments) != 2 or arguments[0] != "check":  # noqa: PLR2004 - the verb and a file.
        sys.stderr.write("usage: python -m local_cloud.workflows check FILE\n")
        return 2
    path = Path(arguments[1])
    try:
        compile_source(path.read_text(encoding="utf-8"))
    except OSError as error:
        sys.stderr.write(f"error: {path} cannot be read: {error.strerror}\n")
        return 2
    except UnicodeDecodeError:
        sys.stderr.write(f"error: {path} is not UTF-8 text\n")
        return 1
    except BuildFailed as failed:
        for problem in failed.problems:
            place = problem.position
            where = f":{place.line}:{place.column}" if place else ""
            sys.stderr.write(f"{path}{where}: {problem.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
