"""What an image is made of: a directory's files and a config, as deterministic OCI documents.

Not a container: no layer is ever packed. The layer's digest stands for the listing of the
files, so that the same content gives the same digest on every machine.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
INDEX: Final = "application/vnd.oci.image.index.v1+json"

# Left behind by running or editing the content, so never part of it.
_IGNORED: Final = frozenset({"__pycache__", ".git", ".venv", ".mypy_cache", ".ruff_cache"})


def files(directory: Path) -> list[Path]:
    """Return the files that belong to an image, sorted by their relative path."""
    found = [
        path
        for path in directory.rglob("*")
        if path.is_file()
        and path.suffix != ".pyc"
        and not _IGNORED.intersection(path.relative_to(directory).parts)
    ]
    return sorted(found, key=lambda path: path.relative_to(directory).as_posix())


def listing(directory: Path | None) -> bytes:
    """Return relative paths, modes and hashes of a directory, one file a line."""
    if directory is None:
        return b""
    lines = []
    for path in files(directory):
        executable = "x" if path.stat().st_mode & 0o100 else "-"
        name = path.relative_to(directory).as_posix()
        lines.append(f"{sha256(path.read_bytes())} {executable} {name}\n")
    return "".join(lines).encode()


def manifest(
    directory: Path | None, command: Sequence[str], env: Mapping[str, str], workdir: str
) -> bytes:
    """Return the OCI image manifest; its hash is the image's digest.

    Source: https://github.com/opencontainers/image-spec/blob/main/manifest.md
    """
    layer = _descriptor("application/vnd.oci.image.layer.v1.tar", listing(directory))
    return _manifest(_config(command, env) | {"WorkingDir": workdir}, [layer])


def derived(
    base: bytes, command: Sequence[str], env: Mapping[str, str], labels: Mapping[str, str]
) -> bytes:
    """Return the manifest of an image on another one's layers: another config, another digest."""
    changed = _config(command, env) | {"Labels": dict(labels)}
    return _manifest(changed, json.loads(base)["layers"])


def index(child: bytes) -> bytes:
    """Return an OCI image index with one runnable child for linux/amd64."""
    entry = _descriptor(MANIFEST, child) | {"platform": {"architecture": "amd64", "os": "linux"}}
    return as_bytes({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]})


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def as_bytes(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _config(command: Sequence[str], env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Entrypoint": list(command),
        "Env": [f"{name}={value}" for name, value in sorted(env.items())],
    }


def _manifest(config: Mapping[str, Any], layers: Sequence[Mapping[str, Any]]) -> bytes:
    whole = as_bytes({"architecture": "amd64", "os": "linux", "config": config})
    return as_bytes(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _descriptor("application/vnd.oci.image.config.v1+json", whole),
            "layers": list(layers),
        }
    )


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": sha256(content), "size": len(content)}
