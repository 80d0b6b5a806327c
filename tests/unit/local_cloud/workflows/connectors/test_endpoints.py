"""Which requests go to a local cloud, and which go where they were sent."""

import pytest

from local_cloud.cloud import google_hosts
from local_cloud.workflows.service.endpoints import rewritten

ENDPOINTS = google_hosts("http://door:1")


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://run.googleapis.com/v2/a?b=c%2Fd", "http://door:1/v2/a?b=c%2Fd"),
        ("https://europe-west1-run.googleapis.com/x", "http://door:1/regions/europe-west1/x"),
        ("https://europe-west1-pubsub.googleapis.com/x", "http://door:1/x"),
        ("https://run.googleapis.com", "http://door:1/"),
    ],
)
def test_a_host_that_is_named_is_found_in_the_local_cloud(url, whole):
    assert rewritten(url, ENDPOINTS) == whole


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/run.googleapis.com",
        "https://run.googleapis.com@example.com/x",
        "https://run.googleapis.com.example.com/x",
        "https://x-run.googleapis.com/x",
        "https://run.googleapis.com:8443/x",
        "https://monitoring.googleapis.com/x",
        "https://[run.googleapis.com/x",
    ],
)
def test_any_other_host_is_left_alone(url):
    assert rewritten(url, ENDPOINTS) == url
