"""What a shell needs to talk to the local cloud, and to nothing else.

gcloud and Google's client libraries work in such a shell as they do against Google. Nothing of
the developer's own configuration or credentials is read there.
"""

from typing import Final

from local_cloud.installing import Installed
from local_cloud.kit.audit import DEVELOPER
from local_cloud.running import RunningCloud
from local_cloud.up.delivery import Target

OVERRIDDEN: Final = (
    "WORKFLOWS", "WORKFLOWEXECUTIONS", "PUBSUB", "RUN", "LOGGING", "CLOUDSCHEDULER",
    "SECRETMANAGER", "CLOUDBUILD",
)  # fmt: skip
"""The APIs of gcloud that lead here. Every other one meets Google without credentials."""


def exports(
    running: RunningCloud, installed: Installed, targets: tuple[Target, ...], local_url: str
) -> dict[str, str]:
    """Return the variables. Must be called on the cloud's loop."""
    place = installed.place
    services = {f"BARQ_{name.upper()}_URL": url for name, url in installed.urls.items()} | {
        one.variable: running.cloud.run.service(one.key).url for one in targets
    }
    return {
        **_gcloud(running, place.project, place.region),
        **_clients(running, place.project, place.region),
        "BARQ_PROJECT": place.project,
        "BARQ_REGION": place.region,
        "BARQ_LOCAL_URL": f"{local_url}/local",
        "BARQ_WORKFLOW_URL": f"{running.workflows_url}/v1/{installed.workflow}",
        **services,
    }


def _gcloud(running: RunningCloud, project: str, region: str) -> dict[str, str]:
    overrides = {
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{api}": f"{_url(running, api)}/" for api in OVERRIDDEN
    }
    return {
        **overrides,
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "true",
        "CLOUDSDK_CORE_PROJECT": project,
        "CLOUDSDK_WORKFLOWS_LOCATION": region,
        "CLOUDSDK_RUN_REGION": region,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "true",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
        "CLOUDSDK_SURVEY_DISABLE_PROMPTS": "true",
    }


def _url(running: RunningCloud, api: str) -> str:
    return running.workflows_url if api.startswith("WORKFLOW") else running.rest.url


def _clients(running: RunningCloud, project: str, region: str) -> dict[str, str]:
    # gcloud writes into its folder, and the functions' one must stay empty: two folders.
    folder = running.folder / "gcloud"
    folder.mkdir(parents=True, exist_ok=True)
    return {
        **running.metadata.environment_for(DEVELOPER),
        "CLOUDSDK_CONFIG": str(folder),
        "GOOGLE_CLOUD_PROJECT": project,
        "GOOGLE_CLOUD_REGION": region,
        "PUBSUB_EMULATOR_HOST": running.pubsub_front.endpoint,
        **running.endpoints(),
        "NO_PROXY": "localhost,127.0.0.1",
        "no_proxy": "localhost,127.0.0.1",
    }
