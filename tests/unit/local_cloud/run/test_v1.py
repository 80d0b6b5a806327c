BASE = "/regions/europe-west1/apis/serving.knative.dev/v1/namespaces/prod"
DEPLOYER = "deployer@prod.iam.gserviceaccount.com"
RESOURCE = "projects/prod/locations/europe-west1/services/api"


def test_read_change_and_write_back_is_a_compare_and_swap(world, to):
    """The call sequence of `gcloud run services update-traffic`."""
    first = world.create().latest_created
    status, document = world.ask("GET", f"{BASE}/services/api")
    assert status == 200
    document["spec"]["traffic"] = [to(first, 100), to(first, 0, "stable")]

    status, written = world.ask("PUT", f"{BASE}/services/api", document)
    assert status == 200
    assert written["metadata"]["generation"] == 2

    status, error = world.ask("PUT", f"{BASE}/services/api", document)
    assert status == 409
    assert error["error"]["status"] == "ABORTED"
    assert error["error"]["message"].startswith("Conflict for resource 'api': version '")


def test_a_service_looks_as_knative_says(world, to):
    first = world.create(labels={"team": "a"}).latest_created
    world.shift(to(first, 100), to(first, 0, "stable"))

    _, document = world.ask("GET", f"{BASE}/services/api")

    assert (document["apiVersion"], document["kind"]) == ("serving.knative.dev/v1", "Service")
    assert document["metadata"]["namespace"] == "prod"
    assert document["metadata"]["labels"] == {
        "team": "a",
        "cloud.googleapis.com/location": "europe-west1",
    }
    status = document["status"]
    assert {c["type"]: c["status"] for c in status["conditions"]} == {
        "Ready": "True",
        "ConfigurationsReady": "True",
        "RoutesReady": "True",
    }
    assert status["latestReadyRevisionName"] == status["latestCreatedRevisionName"] == first
    assert status["traffic"] == [
        {"revisionName": first, "percent": 100},
        {
            "revisionName": first,
            "percent": 0,
            "tag": "stable",
            "url": "https://stable---api-prod.europe-west1.run.app",
        },
    ]
    assert status["url"] == "https://api-prod.europe-west1.run.app"
    assert "url" not in document["spec"]["traffic"][1]


def test_a_service_without_a_default_url_shows_none(world, to):
    first = world.create(annotations={"run.googleapis.com/default-url-disabled": "true"})
    world.shift(to(first.latest_created, 100, "stable"))

    _, document = world.ask("GET", f"{BASE}/services/api")

    assert "url" not in document["status"]
    assert "url" not in document["status"]["traffic"][0]


def test_create_list_and_delete(world):
    status, created = world.ask("POST", f"{BASE}/services", world.document())
    assert (status, created["metadata"]["name"]) == (200, "api")

    _, listed = world.ask("GET", f"{BASE}/services")
    assert [item["metadata"]["name"] for item in listed["items"]] == ["api"]
    _, elsewhere = world.ask("GET", BASE.replace("europe-west1", "us-central1") + "/services")
    assert elsewhere["items"] == []

    assert world.ask("DELETE", f"{BASE}/services/api")[1]["status"] == "Success"
    assert world.ask("GET", f"{BASE}/services/api")[0] == 404


def test_a_body_that_is_no_json_is_refused(world):
    status, error = world.ask("POST", f"{BASE}/services", ["x"])

    assert (status, error["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_a_revision_reports_the_child_of_an_image_index(world):
    document = world.document()
    container = document["spec"]["template"]["spec"]["containers"][0]
    container["image"] = world.image("v1", index=True)
    name = world.model.create(world.key, document).latest_created
    world.settle()

    _, revision = world.ask("GET", f"{BASE}/revisions/{name}")

    announced = container["image"].partition("@")[2]
    reported = revision["status"]["imageDigest"]
    assert reported.startswith("europe-west1-docker.pkg.dev/build/shop/api@sha256:")
    assert announced not in reported
    assert revision["status"]["containerStatuses"] == [{"name": "api-1", "imageDigest": reported}]


def test_with_a_sidecar_only_the_container_statuses_have_digests(world):
    sidecar = {"name": "agent", "image": world.image("agent")}
    name = world.create(sidecars=[sidecar]).latest_created

    _, revision = world.ask("GET", f"{BASE}/revisions/{name}")

    assert "imageDigest" not in revision["status"]
    assert {s["name"] for s in revision["status"]["containerStatuses"]} == {"api-1", "agent"}


def test_a_failed_revision_says_why_in_its_conditions(world):
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")
    name = world.create().latest_created

    _, revision = world.ask("GET", f"{BASE}/revisions/{name}")

    ready = next(c for c in revision["status"]["conditions"] if c["type"] == "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "HealthCheckContainerError")
    assert ready["message"] == "It did not listen."


def test_revisions_are_listed_newest_first_by_service(world):
    first = world.create().latest_created
    second = world.deploy("v2")

    _, listed = world.ask(
        "GET", f"{BASE}/revisions", labelSelector="serving.knative.dev/service=api"
    )
    _, other = world.ask("GET", f"{BASE}/revisions", labelSelector="serving.knative.dev/service=x")

    assert [item["metadata"]["name"] for item in listed["items"]] == [second, first]
    assert other["items"] == []


def test_calls_are_noted_before_they_are_judged(world):
    world.ask("GET", f"{BASE}/services/api")
    world.ask("PUT", f"{BASE}/services/api", {})
    world.ask("GET", f"{BASE}/revisions/api-1")
    world.ask("POST", f"{BASE}/services", {})

    assert [(call.principal, call.method, call.resource) for call in world.audit.calls] == [
        (DEPLOYER, "google.cloud.run.v1.Services.GetService", RESOURCE),
        (DEPLOYER, "google.cloud.run.v1.Services.ReplaceService", RESOURCE),
        (DEPLOYER, "google.cloud.run.v1.Revisions.GetRevision", f"{RESOURCE}/revisions/api-1"),
        (
            DEPLOYER,
            "google.cloud.run.v1.Services.CreateService",
            RESOURCE.removesuffix("/services/api"),
        ),
    ]
