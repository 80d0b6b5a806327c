"""Over Google's shapes by hand; the same adapter meets Cloud Run's model in tests/contract/gcp."""

import pytest
import requests

from gcp.run_services import RunServices
from gcp.service_document import RECORD
from local_cloud.kit.http import ApiResponse
from rollouts.errors import Conflict, Missing, Refused, Transient
from rollouts.seen import Change
from tests.unit.functions.gcp.routed import error_body, session_over, transport
from tests.unit.functions.gcp.worlds import REF, record, service_json

PATH = "/apis/serving.knative.dev/v1/namespaces/barq-production/services/fleet"


def services(by, endpoint="https://{region}-run.googleapis.com"):
    return RunServices(session_over(by), endpoint)


def test_a_read_is_one_call_to_the_services_region():
    by = transport(ApiResponse.of(service_json()))

    seen = services(by).read(REF)

    assert seen.generation == 7
    assert [(one.method, one.path) for one in by.sent] == [("GET", PATH)]
    assert by.urls == [f"https://europe-west1-run.googleapis.com{PATH}"]


def test_an_endpoint_may_have_a_path_and_no_region():
    by = transport(ApiResponse.of(service_json()))

    services(by, "http://127.0.0.1:9/run").read(REF)

    assert by.urls == [f"http://127.0.0.1:9/run{PATH}"]


def test_a_write_is_one_put_on_the_version_that_was_read():
    by = transport(ApiResponse.of(service_json()))
    seen = services(by).read(REF)

    services(by).write(seen, Change(record()))

    assert [one.method for one in by.sent] == ["GET", "PUT"]
    sent = by.sent[1].json()
    assert by.sent[1].path == PATH
    assert sent["metadata"]["resourceVersion"] == "AAYtcXQ9wZU"
    assert '"generation":7' in sent["metadata"]["annotations"][RECORD]


def test_a_service_that_is_not_there_is_missing():
    by = transport(error_body(404, "NOT_FOUND", "Resource 'fleet' does not exist"))

    with pytest.raises(Missing, match="the service fleet in barq-production/europe-west1 was not"):
        services(by).read(REF)


@pytest.mark.parametrize(("status", "kind"), [("ABORTED", Conflict), ("ALREADY_EXISTS", Refused)])
def test_only_aborted_is_a_conflict(status, kind):
    seen = services(transport(ApiResponse.of(service_json()))).read(REF)
    by = transport(error_body(409, status, "no"))

    with pytest.raises(kind, match="was not written"):
        services(by).write(seen, Change(record()))

    assert len(by.sent) == 1


def test_a_write_whose_answer_got_lost_is_transient():
    seen = services(transport(ApiResponse.of(service_json()))).read(REF)
    by = transport(lambda _: requests.ReadTimeout())

    with pytest.raises(Transient):
        services(by).write(seen, Change(record()))

    assert len(by.sent) == 1
