"""What the flow tests share beside the harness."""

import json

import pytest


@pytest.fixture
def records(capsys):
    """Return the decision records that were logged so far, in order, as the log holds them."""
    told = []

    def read():
        for line in capsys.readouterr().out.splitlines():
            document = json.loads(line) if line.startswith("{") else {}
            if document.get("event") == "verdict.reached":
                told.append(document)
        return told

    return read
