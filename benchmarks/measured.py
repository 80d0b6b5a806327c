"""The place of a measurement in a page: `<!-- measured: NAME -->` to `<!-- /measured -->`."""

import re
from pathlib import Path


def written(page: str, name: str, text: str) -> str:
    """Return a page with the text in its marked place. Raises ValueError if there is none."""
    begin = f"<!-- measured: {name} -->"
    place = re.compile(rf"({re.escape(begin)}\n).*?(<!-- /measured -->)", re.DOTALL)
    new, count = place.subn(lambda found: f"{found[1]}{text}\n{found[2]}", page)
    if count != 1:
        raise ValueError(f"the page has no place between {begin} and <!-- /measured -->")
    return new


def write(path: Path, name: str, text: str) -> None:
    """Put the text into its place. Raises ValueError."""
    path.write_text(written(path.read_text("utf-8"), name, text), "utf-8")
