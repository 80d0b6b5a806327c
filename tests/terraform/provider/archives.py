"""The archives of `archive_file`: built in memory, the same bytes for the same files, never written.

The real provider writes them to `output_path`; a test that wrote there would leave them in the tree.
Their contents can be asked for: `BUILT`.
Source: https://registry.terraform.io/providers/hashicorp/archive/latest/docs/data-sources/file
"""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

# What archives hold: output path -> name in it -> SHA-256 of the content.
BUILT: dict[str, dict[str, str]] = {}
WORDS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def digests() -> dict[str, Any]:
    """The forms of an archive's computed attributes."""
    return {
        "output_sha": _digest(lambda zipped: hashlib.sha1(zipped).hexdigest()),
        "output_sha256": _digest(lambda zipped: hashlib.sha256(zipped).hexdigest()),
        "output_sha512": _digest(lambda zipped: hashlib.sha512(zipped).hexdigest()),
        "output_md5": _digest(lambda zipped: hashlib.md5(zipped).hexdigest()),
        "output_base64sha256": _digest(
            lambda zipped: base64.b64encode(hashlib.sha256(zipped).digest()).decode()
        ),
        "output_base64sha512": _digest(
            lambda zipped: base64.b64encode(hashlib.sha512(zipped).digest()).decode()
        ),
        "output_size": _digest(len),
        "id": _digest(lambda zipped: hashlib.sha1(zipped).hexdigest()),
    }


def _digest(of: Callable[[bytes], Any]) -> Callable[[Mapping[str, Any]], Any]:
    return lambda value: of(_built(value))


def _built(value: Mapping[str, Any]) -> bytes:
    files = dict(sorted(_files(value)))
    BUILT[value["output_path"]] = {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return zipped.getvalue()


def _files(value: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Each file's name in the archive, and its content."""
    if "source_dir" in value:
        root = Path(value["source_dir"])
        if not root.is_dir():
            raise FileNotFoundError(f"source_dir {str(root)!r} is no folder")
        excluded = [_expression(one) for one in value.get("excludes", [])]
        for path in root.rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not _excluded(name, excluded):
                yield name, path.read_bytes()
    if "source_file" in value:
        path = Path(value["source_file"])
        yield path.name, path.read_bytes()
    if "source_content" in value:
        yield value["source_content_filename"], value["source_content"].encode()
    for source in value.get("source", []):
        yield source["filename"], source["content"].encode()


def _excluded(name: str, excluded: Iterable[re.Pattern[str]]) -> bool:
    """Whether the file or a folder above it is excluded."""
    parts = name.split("/")
    paths = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    return any(expression.fullmatch(path) for expression in excluded for path in paths)


def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(WORDS.get(part, re.escape(part)) for part in parts))
