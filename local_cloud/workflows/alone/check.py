"""`check FILE...`: what the service would refuse at deployment."""

import argparse
import json
import sys
from typing import Any

from local_cloud.workflows.alone import flags, report, sources
from local_cloud.workflows.alone.wrong import Wrong


def check(given: argparse.Namespace) -> int:
    """Return the exit status: 0 all deploy, 1 one does not, 2 one cannot be read."""
    choices = flags.chosen(given.choice)
    documents: list[dict[str, Any]] = []
    unread = False
    for word in given.files:
        try:
            problems = report.problems_of(sources.read(word), choices)
        except Wrong as wrong:
            sys.stderr.write(wrong.text())
            unread = True
            continue
        documents += report.problem_documents(word, problems)
        if problems and not given.json:
            sys.stderr.write("\n".join(report.problem_lines(word, problems)) + "\n")
    if given.json:
        sys.stdout.write(json.dumps(documents, indent=2, ensure_ascii=False) + "\n")
    if unread:
        return 2
    return 1 if documents else 0
