"""The committed descriptions of Google's APIs, and the tool that makes them."""

import json
from pathlib import Path

import pytest

from local_cloud.workflows.connectors import documents
from tools import discovery

FOLDER = Path(documents.__file__).parent / "discovery"


def test_every_chosen_service_is_committed_and_no_other():
    assert sorted(documents.SERVICES) == sorted((*discovery.SERVICES, *discovery.ONLY))
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 600_000


@pytest.mark.parametrize("service", sorted(documents.SERVICES))
def test_a_committed_file_is_as_the_tool_writes_it(service):
    text = (FOLDER / f"{service}.json").read_text(encoding="utf-8")

    assert discovery.written(json.loads(text)) == text
    for method in documents.methods(service).values():
        assert method.root.startswith("https://")
        assert method.root.endswith(".googleapis.com/")
        if method.waits == "operation" and service != "storage.v1":
            assert method.operations.endswith("{+name}")  # Storage reads them per bucket.
