"""`python -m local_cloud.workflows`: the local Workflows alone. `run`, `serve` and `check`.

Exit status: 0 it worked, 1 the workflow failed or does not deploy, 2 wrong usage; of `run` also
124 for its timeout, and 128 and the signal's number (130 for Ctrl-C) when it was cancelled.
"""

import os
import sys
from collections.abc import Sequence

from local_cloud.workflows.alone import flags
from local_cloud.workflows.alone.wrong import Wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; return the exit status."""
    given = flags.parser().parse_args(arguments)
    # Each verb imports what it needs: a check must not load what serves.
    try:
        if given.verb == "check":
            from local_cloud.workflows.alone.check import check  # noqa: PLC0415

            return check(given)
        if given.verb == "serve":
            from local_cloud.workflows.alone.serve import serve  # noqa: PLC0415

            return serve(given)
        from local_cloud.workflows.alone.run import run  # noqa: PLC0415

        return run(given)
    except Wrong as wrong:
        sys.stderr.write(wrong.text())
        return 2
    except BrokenPipeError:
        # Who read the output has gone, as `head` does. Python would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)  # Ctrl-C before anything ran.
