import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.run import written
from local_cloud.run.resources import ServiceKey

KEY = ServiceKey("prod", "europe-west1", "api")


def document(**template):
    spec = {"containers": [{"image": "host/app:v1"}], **template}
    return {"metadata": {"name": "api"}, "spec": {"template": {"spec": spec}}}


def read(body, key=KEY):
    return written.read(body, key, 262_144)


def refusal(body, key=KEY):
    with pytest.raises(Refused) as refused:
        read(body, key)
    assert refused.value.code == "INVALID_ARGUMENT"
    return refused.value.message


def test_defaults_are_filled_in_so_that_leaving_them_out_changes_nothing():
    explicit = document(containerConcurrency=80, timeoutSeconds=300)
    explicit["spec"]["template"]["spec"]["containers"][0] |= {
        "ports": [{"name": "http1", "containerPort": 8080}],
        "env": [],
    }

    assert read(explicit).template == read(document()).template


def test_no_traffic_means_everything_to_latest():
    (target,) = read(document()).traffic

    assert (target.revision, target.percent) == (None, 100)


def test_what_the_platform_added_is_not_taken_back_as_the_users():
    body = document()
    body["metadata"] |= {
        "labels": {"cloud.googleapis.com/location": "europe-west1", "team": "a"},
        "annotations": {"serving.knative.dev/creator": "x", "example.com/a": "1"},
    }

    want = read(body)

    assert want.labels == {"team": "a"}
    assert want.annotations == {"example.com/a": "1"}


def test_a_body_with_another_name_is_refused():
    body = document()
    body["metadata"]["name"] = "other"

    assert "'other' does not match the name 'api'" in refusal(body)


def test_a_body_of_another_namespace_is_refused():
    body = document()
    body["metadata"]["namespace"] = "staging"

    assert "namespace" in refusal(body)


@pytest.mark.parametrize("name", ["Api", "1api", "api-", "a" * 50, ""])
def test_a_bad_service_name_is_refused(name):
    body = document()
    body["metadata"]["name"] = name

    assert "shorter than 50" in refusal(body, ServiceKey("prod", "europe-west1", name))


def test_a_revision_name_without_the_services_prefix_is_refused():
    body = document()
    body["spec"]["template"]["metadata"] = {"name": "canary-1"}

    assert "must be prefixed by the name of the enclosing Service" in refusal(body)


@pytest.mark.parametrize("name", ["api-" + "x" * 60, "api-Upper", "api-x-"])
def test_a_bad_revision_name_is_refused(name):
    body = document()
    body["spec"]["template"]["metadata"] = {"name": name}

    assert "at most 63" in refusal(body)


@pytest.mark.parametrize("ports", [(), (8080, 8081)])
def test_several_containers_need_exactly_one_port(ports):
    containers: list[dict[str, Any]] = [{"image": f"host/app{i}:v1"} for i in range(2)]
    for container, port in zip(containers, ports, strict=False):
        container["ports"] = [{"containerPort": port}]

    assert "exactly one container with an exposed port" in refusal(document(containers=containers))


def test_the_container_with_a_port_is_the_ingress_container():
    containers = [
        {"name": "proxy", "image": "host/proxy:v1"},
        {"name": "app", "image": "host/app:v1", "ports": [{"containerPort": 9000}]},
    ]

    parsed = written.read_containers(
        read(document(containers=containers)).template["spec"]["containers"]
    )

    assert [(c.name, c.port) for c in parsed] == [("proxy", None), ("app", 9000)]


def test_reserved_variables_are_refused():
    containers = [{"image": "host/app:v1", "env": [{"name": "PORT", "value": "1"}]}]

    message = refusal(document(containers=containers))

    assert "The following reserved env names were provided: PORT" in message


@pytest.mark.parametrize("containers", [[], [{}], ["x"], [{"image": ""}], "x", [{"image": 1}]])
def test_containers_without_an_image_are_refused(containers):
    assert "containers" in refusal(document(containers=containers))


def test_annotations_have_a_total_size():
    body = document()
    body["metadata"]["annotations"] = {"example.com/a": "x" * 262_144}

    assert "Too long: must have at most 262144 bytes" in refusal(body)


def test_an_annotation_key_follows_kubernetes_rules():
    body = document()
    body["metadata"]["annotations"] = {"not a key": "x"}

    assert "bad annotation key" in refusal(body)


def test_an_unknown_ingress_is_refused():
    body = document()
    body["metadata"]["annotations"] = {"run.googleapis.com/ingress": "everybody"}

    assert "Invalid ingress 'everybody'" in refusal(body)


FIELDS = ("name", "image", "ports", "env", "command", "args", "startupProbe", "containerPort", "value",
          "revisionName", "latestRevision", "percent", "tag", "labels", "annotations", "containers",
          "timeoutSeconds", "containerConcurrency", "valueFrom")  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=12,
)
containers = st.dictionaries(st.sampled_from(FIELDS), json_values).map(
    lambda fields: {**fields, "image": "host/app:v1"}
)


@given(
    metadata=json_values,
    container=containers | json_values,
    template=json_values,
    entries=json_values | st.lists(json_values, max_size=2),
)
def test_whatever_json_arrives_nothing_escapes_but_a_refusal(
    metadata, container, template, entries
):
    spec = {**(template if isinstance(template, dict) else {}), "containers": [container]}
    body = {
        "metadata": metadata,
        "spec": {"template": {"metadata": metadata, "spec": spec}, "traffic": entries},
    }

    for candidate in (body, {"spec": {"template": template}}, template):
        with contextlib.suppress(Refused):
            read(candidate)
