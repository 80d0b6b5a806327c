"""Values for the adapters' tests: a rollout, a record, a service in Google's own shape."""

import datetime as dt
from typing import Any

from rollouts.delivery_file import parse_delivery
from rollouts.notices import Notice
from rollouts.policy import Policy, ServiceRef
from rollouts.record import Build, Record, Rollout

REF = ServiceRef("barq-production", "europe-west1", "fleet")
NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
OLD = "sha256:" + "a" * 64
NEW = "sha256:" + "b" * 64
REPOSITORY = "europe-west1-docker.pkg.dev/barq-build/fleet/health-service"


def policy() -> Policy:
    target = {"project": REF.project, "region": REF.region, "service": REF.service}
    document = {"services": {"fleet": {"image": REPOSITORY, "targets": {"production": target}}}}
    found = parse_delivery(document).services[0].target("production")
    assert found is not None
    return found.policy


def rollout(**changes: Any) -> Rollout:
    values: dict[str, Any] = {
        "id": "r1",
        "execution": "projects/p/locations/l/workflows/w/executions/e",
        "callback": "https://workflowexecutions.googleapis.com/v1/projects/p/locations/l/workflows/w/executions/e/callbacks/c",
        "service": "fleet",
        "target": "production",
        "repository": REPOSITORY,
        "digest": NEW,
        "build": Build(),
        "stable": "fleet-old",
        "canary": "fleet-new",
        "policy": policy(),
        "policy_hash": "0123",
        "state": "deploying",
        "claimed_at": NOON,
    }
    return Rollout(**{**values, **changes})


def record(**changes: Any) -> Record:
    return Record(rollout=rollout(**changes))


def notice() -> Notice:
    return Notice("traffic.shifted", NOON, rollout(), "10 % passed", 0, 10)


def service_json() -> dict[str, Any]:
    """A service as `gcloud run services describe --format=json` shows it, with a sidecar."""
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": "fleet",
            "namespace": "123456789012",
            "selfLink": "/apis/serving.knative.dev/v1/namespaces/123456789012/services/fleet",
            "uid": "8a9e2c1f-0000-4000-8000-000000000000",
            "resourceVersion": "AAYtcXQ9wZU",
            "generation": 7,
            "creationTimestamp": "2026-11-01T09:00:00.000000Z",
            "labels": {"team": "fleet", "cloud.googleapis.com/location": "europe-west1"},
            "annotations": {
                "run.googleapis.com/client-name": "gcloud",
                "run.googleapis.com/ingress": "all",
                "run.googleapis.com/ingress-status": "all",
                "run.googleapis.com/operation-id": "5f7c",
                "client.knative.dev/user-image": f"{REPOSITORY}:v1",
                "serving.knative.dev/creator": "someone@example.com",
                "example.com/foreign": "kept",
            },
        },
        "spec": {
            "template": {
                "metadata": {
                    "name": "fleet-00006-abc",
                    "labels": {"client.knative.dev/nonce": "xyz"},
                    "annotations": {
                        "autoscaling.knative.dev/maxScale": "10",
                        "client.knative.dev/user-image": f"{REPOSITORY}:v1",
                        "run.googleapis.com/container-dependencies": '{"app":["proxy"]}',
                    },
                },
                "spec": {
                    "containerConcurrency": 80,
                    "timeoutSeconds": 300,
                    "serviceAccountName": "fleet@barq-production.iam.gserviceaccount.com",
                    "containers": [
                        {"name": "proxy", "image": "docker.io/library/envoy:1"},
                        {
                            "name": "app",
                            "image": f"{REPOSITORY}@{OLD}",
                            "ports": [{"name": "http1", "containerPort": 8080}],
                            "env": [{"name": "COLOUR", "value": "blue"}],
                        },
                    ],
                },
            },
            "traffic": [
                {"revisionName": "fleet-old", "percent": 100},
                {"revisionName": "fleet-older", "tag": "keep"},
            ],
        },
        "status": {
            "observedGeneration": 7,
            "latestReadyRevisionName": "fleet-old",
            "latestCreatedRevisionName": "fleet-old",
            "url": "https://fleet-abc-ew.a.run.app",
            "traffic": [
                {"revisionName": "fleet-old", "percent": 100},
                {
                    "revisionName": "fleet-older",
                    "tag": "keep",
                    "url": "https://keep---fleet-abc-ew.a.run.app",
                },
            ],
        },
    }
