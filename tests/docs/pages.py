"""Reads the reference's pages: sections, fenced JSON with its tag, and tables."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
_BLOCK = re.compile(r"^```json (\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections(page: str) -> dict[str, str]:
    """Return the text below each heading of the second level."""
    parts = re.split(r"^## (.+)$", (REFERENCE / page).read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str, tag: str) -> list[Any]:
    """Return the decoded blocks that are fenced as ```json TAG, in order."""
    return [json.loads(body) for found, body in _BLOCK.findall(text) if found == tag]


def rows(text: str, head: str) -> Iterator[list[str]]:
    """Yield the rows of the table whose first heading is `head`, without backticks."""
    table: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            table.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
            continue
        if table and table[0][0] == head:
            yield from table[2:]
        table = []


def words(text: str, name: str) -> set[str]:
    """Return the code words of the sentence that begins `name` is one of."""
    flat = text.replace("\n", " ")
    found = re.search(rf"`{re.escape(name)}` is one of ([^.]*)\.", flat)
    assert found, f"the page does not say what {name} is one of"
    return set(re.findall(r"`([a-z_.]+)`", found.group(1)))


def shape(value: Any) -> Any:
    """Return keys and kinds: what a reader may rely on, without the values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return "number" if isinstance(value, int | float) else type(value).__name__
