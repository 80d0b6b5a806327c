import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.up.door import Build, parse_build

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
FIELD = st.sampled_from(["version", "env", "branch", "index", "status", "announce", "service"])


def test_a_version_is_all_that_a_push_needs():
    assert parse_build({"version": "v2"}, {"api": "trunk"}) == Build(
        service="api",
        version="v2",
        env={},
        branch="trunk",
        index=False,
        status="SUCCESS",
        announce=True,
    )


def test_everything_else_can_be_said():
    document = {
        "version": "v3",
        "env": {"FAULT_ERROR_RATIO": "0.3"},
        "service": "web",
        "branch": "feature",
        "index": True,
        "status": "FAILURE",
        "announce": False,
    }

    build = parse_build(document, {"api": "main", "web": "main"})

    assert build == Build(
        "web", "v3", {"FAULT_ERROR_RATIO": "0.3"}, "feature", True, "FAILURE", False
    )


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, 'version is missing: must be a tag, such as "v2".'),
        ({"version": 7}, 'version is 7: must be a tag, such as "v2".'),
        ({"version": "v 2"}, 'version is "v 2": must be a tag'),
        ({"version": "v2", "env": {"A": 1}}, 'env is {"A": 1}: must be texts by name'),
        ({"version": "v2", "env": {"A=B": "1"}}, "env is"),
        ({"version": "v2", "env": {"A": "\0"}}, "env is"),
        ({"version": "v2", "index": "yes"}, 'index is "yes": must be true or false.'),
        ({"version": "v2", "status": "OK"}, 'status is "OK": must be one of SUCCESS, FAILURE'),
        ({"version": "v2", "branch": ""}, 'branch is "": must be a name, such as "main".'),
        ({"version": "v2", "service": "db"}, 'service is "db": must be one of api.'),
        ({"version": "v2", "colour": 1}, "colour is not known: must be one of announce, branch"),
        ([], "The body must be a JSON object"),
    ],
)
def test_a_wrong_push_is_told_what_would_be_right(document, said):
    with pytest.raises(Refused) as refused:
        parse_build(document, {"api": "main"})

    assert refused.value.code == "INVALID_ARGUMENT"
    assert said in refused.value.message


def test_every_problem_is_told_at_once():
    with pytest.raises(Refused) as refused:
        parse_build({"version": "", "env": [], "announce": 1}, {"api": "main"})

    assert [line.split()[0] for line in refused.value.message.splitlines()] == [
        "announce",
        "env",
        "version",
    ]


def test_of_two_services_one_must_be_named():
    with pytest.raises(Refused, match="service is missing: must be one of api, web"):
        parse_build({"version": "v2"}, {"api": "main", "web": "main"})


@given(JSON | st.dictionaries(FIELD, JSON))
def test_whatever_json_arrives_only_a_refusal_escapes(document):
    with contextlib.suppress(Refused):
        build = parse_build(document, {"api": "main"})

        assert build.service == "api"
        assert build.version
