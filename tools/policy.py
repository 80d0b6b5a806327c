"""Checks the Terraform and the Dockerfile against Checkov's catalogue: `make policy`.

A finding is cured, or has its reason beside it, as `#checkov:skip=ID:reason` in the block that it
is about; a reason for nothing is a finding too. Nothing is fetched or sent. With each run goes a
folder of planted breaches: a scanner that does not find these has seen nothing.
Source: https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
CHECKOV = ROOT / ".venv-policy" / "bin" / "checkov"
SCANNED = ("terraform", "health_service")
OPTIONS = ("--framework", "terraform", "dockerfile", "--compact", "--skip-download", "-o", "json")
ENVIRONMENT = {
    # Its dependencies warn about themselves.
    "PYTHONWARNINGS": "ignore",
    "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true",
    # A module that is called in a loop is looked at once: the findings are the same, sooner.
    "CHECKOV_ENABLE_MODULES_FOREACH_HANDLING": "false",
}
PLANTED = {
    "open.tf": """
resource "google_storage_bucket" "open" {
  name                        = "open"
  location                    = "EU"
  uniform_bucket_level_access = false
}

resource "google_storage_bucket_iam_member" "everybody" {
  bucket = google_storage_bucket.open.name
  role   = "roles/storage.objectViewer"
  member = "allUsers"
}
""",
    "Dockerfile": "FROM debian:latest\nUSER root\n",
}
# What is wrong with them.
CAUGHT = {"CKV_GCP_29", "CKV_GCP_28", "CKV_DOCKER_7", "CKV_DOCKER_8"}


SKIP = re.compile(r"checkov:skip=(\w+)")
UNTOLD = ("", "No comment provided")


class Finding(NamedTuple):
    """A check that failed; `reason` is that of a comment that told to overlook it, or empty."""

    check: str
    says: str
    place: str
    reason: str


def scan(*folders: Path) -> list[Finding]:
    """Run Checkov over the folders, once each."""
    told = [argument for folder in folders for argument in ("--directory", str(folder))]
    run = subprocess.run(  # noqa: S603  The program of our own environment, our own arguments.
        [str(CHECKOV), *told, *OPTIONS],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        check=False,
    )
    reports = list(_documents(run.stdout))
    if not reports:
        sys.exit(f"error: Checkov told nothing (exit {run.returncode})\n{run.stderr}")
    return sorted({finding for report in reports for finding in _findings(report)})


def _documents(text: str) -> Iterator[dict[str, Any]]:
    """The reports in what Checkov writes: for each folder a JSON document or a list, in a row."""
    while text := text.lstrip():
        document, end = json.JSONDecoder().raw_decode(text)
        yield from document if isinstance(document, list) else [document]
        text = text[end:]


def _findings(report: dict[str, Any]) -> Iterator[Finding]:
    results = report.get("results", {})
    for kind in ("failed_checks", "skipped_checks"):
        for one in results.get(kind, []):
            file = one["file_abs_path"].removeprefix(f"{ROOT}/")
            place = f"{file}:{one['file_line_range'][0]} {one['resource']}"
            reason = one["check_result"].get("suppress_comment", "")
            yield Finding(one["check_id"], one["check_name"], place, reason)
    for file in results.get("parsing_errors", []):
        yield Finding("unreadable", "Checkov cannot parse this file", str(file), "")


def reasons(folders: Iterable[Path]) -> set[tuple[str, str]]:
    """What comments tell to overlook: the check, and the file that says so."""
    return {
        (check, str(file.relative_to(ROOT)))
        for folder in folders
        for file in (*folder.rglob("*.tf"), *folder.rglob("Dockerfile"))
        for check in SKIP.findall(file.read_text("utf-8"))
    }


def judge(found: list[Finding], planted: str, told: set[tuple[str, str]]) -> list[str]:
    """Say what is wrong: no reason, a reason for nothing, a planted breach that was not found."""
    blind = CAUGHT - {one.check for one in found if planted in one.place}
    ours = [one for one in found if planted not in one.place]
    stale = told - {(one.check, one.place.split(":")[0]) for one in ours if one.reason}
    return [
        *(f"{check}: planted, and not found" for check in sorted(blind)),
        *(f"{one.check} {one.place}: {one.says}" for one in ours if one.reason in UNTOLD),
        *(f"{check} {file}: a reason, but no such finding" for check, file in sorted(stale)),
    ]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        for name, text in PLANTED.items():
            (Path(folder) / name).write_text(text, "utf-8")
        found = scan(*(ROOT / name for name in SCANNED), Path(folder))
        told = reasons(ROOT / name for name in SCANNED)
        wrong = judge(found, Path(folder).name, told)
    overlooked = len([one for one in found if one.reason])
    told_so = f"{len(wrong)} to look at, {overlooked} with a reason beside them\n"
    sys.stdout.write("\n".join([*wrong, told_so]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
