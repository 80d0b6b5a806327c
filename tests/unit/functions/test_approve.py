import json

import flask
import pytest

import approve
from rollouts.errors import BadInput
from tests.unit.functions.gcp.test_caller import AUDIENCE, IAP, bearer, says

WHERE = {"service": "api", "target": "production"}
ASKED = {**WHERE, "rollout": "1f0c9a2e", "decision": "approve"}


def read(*, audience="", **context):
    with flask.Flask("test").test_request_context(**context):
        document = flask.request.get_json(silent=True, force=True)
        return approve.read(flask.request, document, audience, says("ann@example.com"))


def as_ann():
    return {"Authorization": bearer("ann@example.com")}


def test_a_post_decides_as_its_caller():
    found = read(method="POST", json=ASKED, headers=as_ann())

    assert (found.decision, found.by) == ("approve", "ann@example.com")


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_an_answer_names_the_rollout_that_was_looked_at(decision):
    """Else a yes that comes late or twice would be good for whatever came after."""
    asked = {**WHERE, "decision": decision, "reason": "r"}

    with pytest.raises(BadInput, match="rollout is missing: must be the id of the rollout that"):
        read(method="POST", json=asked, headers=as_ann())


def test_a_get_shows():
    found = read(path="/?service=api&target=production", headers=as_ann())

    assert found.decision is None


@pytest.mark.parametrize("decision", ["approve", "deny", "", "x"])
def test_a_get_with_a_decision_is_refused(decision):
    query = {"service": "api", "target": "production", "decision": decision, "reason": "r"}

    with pytest.raises(BadInput, match="a GET only shows, nothing was decided"):
        read(query_string=query, headers=as_ann())


@pytest.mark.parametrize("method", ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_no_other_method_decides(method):
    with pytest.raises(BadInput, match=f"a {method} does nothing"):
        read(method=method, json=ASKED, headers=as_ann())


def test_behind_iap_a_page_elsewhere_cannot_have_a_browser_decide():
    form = {"data": json.dumps(ASKED), "content_type": "text/plain"}

    with pytest.raises(BadInput, match="Content-Type must be application/json"):
        read(audience=AUDIENCE, method="POST", headers={IAP: "signed"}, **form)


def test_behind_iap_a_post_of_json_decides():
    found = read(audience=AUDIENCE, method="POST", json=ASKED, headers={IAP: "signed"})

    assert found.by == "ann@example.com"
