"""Kills what is left when the local cloud itself is killed.

A tiny shell process is told of each process group; when its standard input ends, because this
process is gone in whatever way, it kills them. It works where there is no PR_SET_PDEATHSIG, and
it reaches grandchildren too.
"""

import subprocess
from typing import Final

_SCRIPT: Final = """
groups=
while read -r sign group; do
  kept=
  for known in $groups; do [ "$known" = "$group" ] || kept="$kept $known"; done
  groups=$kept
  [ "$sign" = + ] && groups="$groups $group"
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
"""


class Guard:
    """Started with the first group, so that a local cloud without processes has no guard."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        self._tell(f"+ {group}\n")

    def forget(self, group: int) -> None:
        self._tell(f"- {group}\n")

    def close(self) -> None:
        """Let the guard go; it kills every group that was not forgotten. Safe to repeat."""
        if self._shell is None:
            return
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait()
        self._shell = None

    def _tell(self, line: str) -> None:
        if self._shell is None:
            # A session of its own: Ctrl-C in the terminal must not reach it.
            self._shell = subprocess.Popen(  # noqa: S603 - a fixed script.
                ["/bin/sh", "-c", _SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        assert self._shell.stdin is not None
        self._shell.stdin.write(line.encode())
        self._shell.stdin.flush()
