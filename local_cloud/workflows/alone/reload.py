"""Hot reload: files that are deployed at the start, and again when they change.

Looks at files when told to; no clock, no thread. A file counts as changed once it has stayed
the same from one look to the next: an editor may be in the middle of writing it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from local_cloud.workflows.alone import sources
from local_cloud.workflows.alone.sources import Named, Unreadable
from local_cloud.workflows.alone.wrong import Wrong

Deploy = Callable[[Named, str], None]
"""Takes over a text; it tells by itself what came of it."""
Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _Known:
    named: Named
    stamp: Stamp | None = None
    """What was last seen of the file, None when it was not there."""
    text: str | None = None
    settled: bool = True
    """Whether what was last seen has been read."""


@dataclass(slots=True)
class Reloader:
    """Keeps workflows as their files are.

    `words` are FILE, ID=FILE or a folder; what comes into a folder later is deployed then. What
    goes away stays deployed, and `tell` hears of it.
    """

    words: Iterable[str]
    deploy: Deploy
    tell: Callable[[str], None]
    _files: dict[Path, _Known] = field(default_factory=dict)
    _folders: list[Path] = field(default_factory=list)

    def start(self) -> None:
        """Deploy every file. Raises Wrong for one that is not there or has no text."""
        for word in self.words:
            if Path(word).is_dir():
                self._folders.append(Path(word))
                found = _listed(Path(word))
            else:
                found = [sources.named(word)]
            for one in found:
                self._first(one)

    def look(self) -> None:
        """Deploy what has changed since the last look."""
        for folder in self._folders:
            for one in _listed(folder):
                if one.path not in self._files and not self._taken(one):
                    self._files[one.path] = _Known(one)
        for known in self._files.values():
            self._look_at(known)

    def _first(self, one: Named) -> None:
        if self._taken(one):
            raise Wrong(f"two files are the workflow {one.workflow}", "name one: other-id=FILE")
        known = self._files[one.path] = _Known(one, _stamp(one.path))
        known.text = sources.read(str(one.path))
        self.deploy(one, known.text)

    def _taken(self, one: Named) -> bool:
        return any(known.named.workflow == one.workflow for known in self._files.values())

    def _look_at(self, known: _Known) -> None:
        seen = _stamp(known.named.path)
        if seen != known.stamp:
            if seen is None:
                self.tell(f"{known.named.path} is gone; {known.named.workflow} stays deployed")
            known.stamp, known.settled = seen, seen is None
        elif not known.settled:
            known.settled = True
            self._read(known)

    def _read(self, known: _Known) -> None:
        try:
            text = sources.text_of(known.named.path)
        except Unreadable as error:
            self.tell(f"{known.named.path} {error.why}; nothing was deployed")
            return
        if text != known.text:
            known.text = text
            self.deploy(known.named, text)


def _listed(folder: Path) -> list[Named]:
    try:
        return sources.in_folder(folder)
    except OSError:
        return []  # It is gone for a moment, or for good: its files are told one by one.


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
