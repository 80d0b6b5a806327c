"""The tables of docs/reference/local_cloud.md, made from what the code reads itself.

    python -m local_cloud.up.reference

rewrites them in place. A test compares; another compares with the processes of a real `up`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from local_cloud.up.settings import ROOT, SETTINGS

DOCUMENT: Final = ROOT / "docs" / "reference" / "local_cloud.md"
EVERY_FUNCTION: Final = {
    "PORT": "where to listen; Cloud Run sets it",
    "K_SERVICE": "the service's name; Cloud Run sets it",
    "K_REVISION": "the revision's name; Cloud Run sets it",
    "K_CONFIGURATION": "the service's name; Cloud Run sets it",
    "FUNCTION_TARGET": "the entry point; the build sets it in the cloud",
    "FUNCTION_SOURCE": "its file; the build sets it in the cloud",
    "FUNCTION_SIGNATURE_TYPE": "`http` or `cloudevent`; the build sets it in the cloud",
    "GCE_METADATA_HOST": "the metadata server of the function's own service account",
    "GCE_METADATA_IP": "the same",
    "GCE_METADATA_ROOT": "the same",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": "the certificate authority of this run",
    "CLOUDSDK_CONFIG": "an empty folder, so that no credentials of yours are found",
    "HOME": "an empty folder",
    "PATH": "on which `python` is the one that runs the local cloud",
    "HOST": "`127.0.0.1`: your network is kept out",
    "LANG": "yours, else `C.UTF-8`",
    "TZ": "`UTC`",
    "PYTHONUNBUFFERED": "`1`: logs are written at once",
    "HTTP_PROXY": "a port where nobody listens: what is not on this machine is an error",
    "HTTPS_PROXY": "the same",
    "NO_PROXY": "`localhost,.localhost,127.0.0.1`",
    "http_proxy": "as in capitals",
    "https_proxy": "as in capitals",
    "no_proxy": "as in capitals",
    "PYTHONDONTWRITEBYTECODE": "`1`: the archive stays as it was pushed",
    "THREADS": "`concurrency` of functions/installation.yaml: requests that it answers at once",
}
"""What every function is started with, besides its own. Nothing else of yours is passed on."""
_BLOCK: Final = "<!-- {0}: generated -->\n{1}<!-- end of {0} -->\n"


def endpoints(functions: Path) -> dict[str, list[str]]:
    """Return each function's own variables, as functions/installation.yaml lists them."""
    description: dict[str, Any] = yaml.safe_load((functions / "installation.yaml").read_text())
    return {name: list(spec["env"]) for name, spec in description["functions"].items()}


def tables() -> dict[str, str]:
    """Return every generated table by its name."""
    options = [(f"`{one.name}`", f"`{one.default}`", one.doc) for one in SETTINGS]
    own = endpoints(ROOT / "functions").items()
    listed = [(f"`{name}`", ", ".join(f"`{one}`" for one in env) or "none") for name, env in own]
    every = [(f"`{name}`", doc) for name, doc in EVERY_FUNCTION.items()]
    return {
        "options": _table(("option", "default", "means"), options),
        "environment": _table(("function", "its own variables"), listed),
        "every function": _table(("variable", "is"), every),
    }


def filled(document: str) -> str:
    """Return a document with its generated blocks as they should be."""
    for name, table in tables().items():
        block = _BLOCK.format(name, table)
        first, last = block.splitlines(keepends=True)[0], block.splitlines(keepends=True)[-1]
        before, found, rest = document.partition(first)
        _, closed, after = rest.partition(last)
        assert found, f"{name} has no beginning"
        assert closed, f"{name} has no end"
        document = before + block + after
    return document


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(filled(DOCUMENT.read_text()))
