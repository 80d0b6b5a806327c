"""The outermost blocks of a file in HCL that `terraform fmt` has been over: each ends at a lone `}`.

Not a parser: what is inside stays text. Terraform itself says whether the file is right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = re.compile(r"^(\w+)((?: \"[^\"]*\")*) \{(\}?)$")


@dataclass(frozen=True)
class Block:
    """One outermost block: `resource "TYPE" "NAME"`, `variable "NAME"`, `run "NAME"` and the like.

    Attributes:
        kind: "resource" and the like.
        labels: What stands in quotes behind it.
        lines: Its lines, with the first and the last.
        start: The number of its first line; the file's first is 1.
        file: Where it stands.
    """

    kind: str
    labels: tuple[str, ...]
    lines: tuple[str, ...]
    start: int
    file: Path

    def argument(self, name: str) -> str | None:
        """The text of an argument of the block itself; None if it is not there."""
        for line in self.lines:
            match = re.match(rf"^  {name} +?= (.*)$", line)
            if match:
                return match[1]
        return None

    def inner(self, name: str) -> list[int]:
        """The line numbers in the file at which blocks of this name begin, directly inside."""
        return [self.start + n for n, line in enumerate(self.lines) if line == f"  {name} {{"]


def blocks(file: Path) -> Iterator[Block]:
    """Yield a file's outermost blocks."""
    lines = file.read_text("utf-8").splitlines()
    for n, line in enumerate(lines):
        match = HEADER.match(line)
        if match:
            end = n if match[3] else lines.index("}", n)
            labels = tuple(re.findall(r'"([^"]*)"', match[2]))
            yield Block(match[1], labels, tuple(lines[n : end + 1]), n + 1, file)


def blocks_of(folder: Path, kind: str) -> list[Block]:
    """All blocks of one kind in a module's files, not in its modules."""
    return [one for file in sorted(folder.glob("*.tf")) for one in blocks(file) if one.kind == kind]
