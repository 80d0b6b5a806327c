import pytest

BASE = "/v2/projects/prod/locations/europe-west1/services"
RESOURCE = "projects/prod/locations/europe-west1/services/api"
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


def test_a_service_is_read_with_its_statuses(world, to):
    first = world.create().latest_created
    world.shift(to(first, 100), to(first, 0, "stable"))

    status, service = world.ask("GET", f"{BASE}/api")

    assert status == 200
    assert service["name"] == RESOURCE
    assert service["generation"] == service["observedGeneration"] == "2"
    assert service["latestReadyRevision"] == f"{RESOURCE}/revisions/{first}"
    assert service["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert service["reconciling"] is False
    assert service["trafficStatuses"] == [
        {"type": REVISION, "revision": first, "percent": 100},
        {
            "type": REVISION,
            "revision": first,
            "tag": "stable",
            "uri": "https://stable---api-prod.europe-west1.run.app",
        },
    ]


def test_a_stale_etag_is_accepted(world, to):
    """Finding 1: the v2 etag is no lock."""
    first = world.create().latest_created
    _, stale = world.ask("GET", f"{BASE}/api")
    world.shift(to(first, 100))

    status, operation = world.ask(
        "PATCH",
        f"{BASE}/api",
        {"etag": stale["etag"], "traffic": [{"type": LATEST, "percent": 100}]},
        updateMask="traffic",
    )

    assert (status, operation["done"]) == (200, True)
    assert world.read()["spec"]["traffic"] == [{"latestRevision": True, "percent": 100}]


def test_a_masked_patch_leaves_the_rest_alone(world, to):
    first = world.create(annotations={"example.com/state": "x"}).latest_created
    traffic = [
        {"type": 2, "revision": first, "percent": 100},
        {"type": 2, "revision": first, "tag": "a"},
    ]

    status, _ = world.ask("PATCH", f"{BASE}/api", {"traffic": traffic}, updateMask="traffic")

    assert status == 200
    document = world.read()
    assert document["metadata"]["annotations"]["example.com/state"] == "x"
    assert document["spec"]["traffic"] == [to(first, 100), to(first, 0, "a")]
    assert len(world.model.revisions(world.key)) == 1


def test_a_patch_without_a_mask_replaces_the_whole_object(world, to):
    """Terraform does this: it sends traffic and annotations as it last saw them."""
    first = world.create(annotations={"example.com/state": "old"}).latest_created
    world.shift(to(first, 100))
    _, seen = world.ask("GET", f"{BASE}/api")
    second = world.deploy("v2")
    document = world.read()
    document["metadata"]["annotations"]["example.com/state"] = "new"
    document["spec"]["traffic"] = [to(first, 50), to(second, 50)]
    world.write(document)
    world.settle()

    world.ask("PATCH", f"{BASE}/api", seen)
    world.settle()

    document = world.read()
    assert document["spec"]["traffic"] == [to(first, 100)]
    assert document["metadata"]["annotations"]["example.com/state"] == "old"


def test_a_whole_object_sent_back_makes_no_revision(world):
    world.create(instances_min=1, service_account="app@prod.iam", env={"A": "1"})
    _, seen = world.ask("GET", f"{BASE}/api")

    assert world.ask("PATCH", f"{BASE}/api", seen)[0] == 200

    assert len(world.model.revisions(world.key)) == 1
    assert world.read()["metadata"]["generation"] == 1


def test_a_nested_mask_changes_one_field_of_the_template(world):
    world.create(env={"A": "1"})

    world.ask(
        "PATCH", f"{BASE}/api", {"template": {"timeout": "60s"}}, updateMask="template.timeout"
    )

    spec = world.read()["spec"]["template"]["spec"]
    assert spec["timeoutSeconds"] == 60
    assert spec["containers"][0]["env"] == [{"name": "A", "value": "1"}]


def test_an_echoed_revision_name_with_a_changed_template_is_refused(world):
    """Sharp edge 1: read, change, write back of a service that gcloud deployed."""
    world.create(revision="api-one")
    _, seen = world.ask("GET", f"{BASE}/api")
    seen["template"]["timeout"] = "60s"

    status, error = world.ask("PATCH", f"{BASE}/api", seen)

    assert (status, error["error"]["status"]) == (409, "ALREADY_EXISTS")


def test_what_v1_alone_can_say_survives_a_v2_write(world):
    world.create(annotations={"run.googleapis.com/client-name": "gcloud"})

    world.ask("PATCH", f"{BASE}/api", {"labels": {"a": "b"}}, updateMask="labels")

    annotations = world.read()["metadata"]["annotations"]
    assert annotations["run.googleapis.com/client-name"] == "gcloud"
    assert "run.googleapis.com/client-name" not in world.ask("GET", f"{BASE}/api")[1]["annotations"]


def test_session_affinity_is_a_field_of_v2_and_an_annotation_of_v1(world):
    world.create()
    _, service = world.ask("GET", f"{BASE}/api")
    assert "sessionAffinity" not in service["template"]

    service["template"]["sessionAffinity"] = True
    world.ask("PATCH", f"{BASE}/api", service, updateMask="template")

    template = world.read()["spec"]["template"]
    assert template["metadata"]["annotations"] == {"run.googleapis.com/sessionAffinity": "true"}
    _, service = world.ask("GET", f"{BASE}/api")
    assert service["template"]["sessionAffinity"] is True
    name = service["latestCreatedRevision"]
    assert world.ask("GET", f"/v2/{name}")[1]["sessionAffinity"] is True

    world.ask("PATCH", f"{BASE}/api", {"template": {}}, updateMask="template.session_affinity")
    assert "sessionAffinity" not in world.ask("GET", f"{BASE}/api")[1]["template"]


@pytest.mark.parametrize(
    ("field", "value", "annotation"),
    [
        ("ingress", 2, ("run.googleapis.com/ingress", "internal")),
        ("ingress", "INGRESS_TRAFFIC_INTERNAL_ONLY", ("run.googleapis.com/ingress", "internal")),
        ("defaultUriDisabled", True, ("run.googleapis.com/default-url-disabled", "true")),
        ("invokerIamDisabled", True, ("run.googleapis.com/invoker-iam-disabled", "true")),
        ("scaling", {"minInstanceCount": 2}, ("run.googleapis.com/minScale", "2")),
    ],
)
def test_fields_of_v2_are_annotations_of_v1(world, field, value, annotation):
    world.create()

    assert world.ask("PATCH", f"{BASE}/api", {field: value}, updateMask=field)[0] == 200

    assert annotation in world.read()["metadata"]["annotations"].items()
    _, service = world.ask("GET", f"{BASE}/api")
    world.ask("PATCH", f"{BASE}/api", {field: service[field]}, updateMask=field)
    assert annotation in world.read()["metadata"]["annotations"].items()


@pytest.mark.parametrize(
    ("body", "mask", "status"),
    [
        ({"annotations": {"run.googleapis.com/ingress": "all"}}, "annotations", "INVALID_ARGUMENT"),
        ({"traffic": [{"percent": 100}]}, "traffic", "INVALID_ARGUMENT"),
        ({"traffic": 1}, "traffic", "INVALID_ARGUMENT"),
        ({"traffic": [{"type": 9, "percent": 100}]}, "traffic", "INVALID_ARGUMENT"),
        ({}, "nonsense", "INVALID_ARGUMENT"),
        ({}, "template.containers.image", "INVALID_ARGUMENT"),
        ({"template": {"timeout": "soon"}}, "template.timeout", "INVALID_ARGUMENT"),
        ({"template": {"vpcAccess": {"connector": "x"}}}, "template.vpcAccess", "UNIMPLEMENTED"),
        ({"binaryAuthorization": {"useDefault": True}}, "binaryAuthorization", "UNIMPLEMENTED"),
    ],
)
def test_what_cannot_be_is_refused(world, body, mask, status):
    world.create()
    before = world.read()

    _, error = world.ask("PATCH", f"{BASE}/api", body, updateMask=mask)

    assert error["error"]["status"] == status
    assert world.read() == before


def test_a_service_is_created_with_its_id_from_the_query(world):
    body = {"template": {"containers": [{"image": world.image("v1")}]}, "ingress": 1}

    status, operation = world.ask("POST", BASE, body, serviceId="api")
    world.settle()

    assert (status, operation["response"]["name"]) == (200, RESOURCE)
    assert world.model.route(*world.key) is not None


def test_a_revision_shows_its_digest_by_container_and_its_failure(world):
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")
    name = world.create().latest_created

    _, revision = world.ask("GET", f"{BASE}/api/revisions/{name}")
    _, service = world.ask("GET", f"{BASE}/api")

    (digest,) = revision["containerStatuses"]
    assert digest["name"] == "api-1"
    assert "@sha256:" in digest["imageDigest"]
    ready = next(c for c in revision["conditions"] if c["type"] == "Ready")
    assert ready["revisionReason"] == "HEALTH_CHECK_CONTAINER_ERROR"
    assert service["terminalCondition"]["reason"] == "REVISION_FAILED"
    assert service["terminalCondition"]["state"] == "CONDITION_FAILED"


def test_revisions_are_listed_in_pages(world):
    names = [world.create().latest_created, world.deploy("v2"), world.deploy("v3")]

    _, first = world.ask("GET", f"{BASE}/api/revisions", pageSize="2")
    _, second = world.ask(
        "GET", f"{BASE}/api/revisions", pageSize="2", pageToken=first["nextPageToken"]
    )

    listed = [r["name"].rpartition("/")[2] for r in first["revisions"] + second["revisions"]]
    assert listed == names[::-1]
    assert "nextPageToken" not in second


def test_invokers_are_set_by_the_iam_policy(world):
    world.create()
    policy = {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}

    world.ask("POST", f"{BASE}/api:setIamPolicy", {"policy": policy})

    assert world.model.service(world.key).public
    _, read = world.ask("GET", f"{BASE}/api:getIamPolicy")
    assert read["bindings"] == policy["bindings"]


def test_calls_are_noted_with_googles_names(world):
    world.ask("GET", f"{BASE}/api")
    world.ask("PATCH", f"{BASE}/api", {})
    world.ask("GET", f"{BASE}/api/revisions/api-1")

    assert [(call.method, call.resource) for call in world.audit.calls] == [
        ("google.cloud.run.v2.Services.GetService", RESOURCE),
        ("google.cloud.run.v2.Services.UpdateService", RESOURCE),
        ("google.cloud.run.v2.Revisions.GetRevision", f"{RESOURCE}/revisions/api-1"),
    ]
