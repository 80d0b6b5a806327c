"""The line of a source that a message is about, with a mark below what is meant."""

from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.language.faults import Position


def excerpt(source: str, position: Position, paint: Paint) -> list[str]:
    """Return the line and the mark below it; nothing for a place that the source has not.

    A place that is longer than its line is marked to the line's end.
    """
    lines = source.splitlines()
    if not 1 <= position.line <= len(lines):
        return []
    line = lines[position.line - 1]
    before = line[: position.column - 1]
    marked = line.encode()[len(before.encode()) :][: max(position.length, 1)]
    width = max(len(marked.decode(errors="ignore").rstrip()), 1)
    # Tabs stay tabs, so that the mark stands below its place however wide they are.
    indent = "".join("\t" if character == "\t" else " " for character in before)
    number = str(position.line)
    gap = " " * len(number)
    return [
        f"{paint.dim(f'{number} |')} {line}",
        f"{paint.dim(f'{gap} |')} {indent}{paint.red('^' * width)}",
    ]
