"""New lines of a file that a process writes to. Not: what they mean."""

from pathlib import Path


class Tail:
    """Begins at the end of what is there; a line is told when it is whole."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = self._size()
        self._begun = b""

    def lines(self) -> list[str]:
        """Return the lines that have ended since the last call."""
        if self._size() <= self._read:
            return []
        with self._file.open("rb") as opened:
            opened.seek(self._read)
            found = opened.read()
        self._read += len(found)
        *whole, self._begun = (self._begun + found).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0
