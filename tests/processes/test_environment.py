"""What a started process gets of the developer's environment: nothing."""

import psutil
import pytest
import yaml

from local_cloud.installing import service_name
from tests.processes.conftest import POISON
from tests.processes.stage import PLACE

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def environments(cloud):
    """The environment of each process, by the service that it runs, read from the process."""

    def look(stage):
        instances = stage.running.instances.instances()
        return {one.revision.key.name: one.pids for one in instances}

    pids = cloud.look(look)
    return {f"{name} {pid}": psutil.Process(pid).environ() for name in pids for pid in pids[name]}


def test_no_process_holds_anything_of_the_developers(cloud, environments):
    functions = {service_name(name) for name in cloud.stage.installed.urls}

    assert functions <= {name.partition(" ")[0] for name in environments}
    for name, environment in environments.items():
        shared = {key for key in POISON if environment.get(key) == POISON[key]}
        assert not shared, name
        assert "poison" not in " ".join(environment.values()), name


def test_a_function_has_no_variable_but_those_of_the_list(environments):
    """What starts a process, what Cloud Run sets, what the framework needs, and endpoints."""
    starts = {"PATH", "LANG", "LC_ALL", "TMPDIR", "HOME", "TZ", "PYTHONUNBUFFERED"}
    closes = {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
    runs = {"PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"}
    framework = {"FUNCTION_TARGET", "FUNCTION_SOURCE", "FUNCTION_SIGNATURE_TYPE", "HOST", "THREADS"}
    identity = {"GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT", "CLOUDSDK_CONFIG"}
    identity |= {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"}
    known = starts | closes | runs | framework | identity | {"PYTHONDONTWRITEBYTECODE"}

    found = {
        name.partition(" ")[0]: {key for key in environment if key not in known}
        for name, environment in environments.items()
        if name.startswith("barq-")
    }
    description = yaml.safe_load((PLACE.functions / "installation.yaml").read_text())
    asked = {service_name(name): set(one["env"]) for name, one in description["functions"].items()}
    asked["barq-notify"] |= {"WEBHOOK_TEAM", "SLACK_GONE", "PAGERDUTY_ON_CALL", "SMTP_URL"}
    asked["barq-notify"] |= {"SSL_CERT_FILE"}
    assert found == asked
    assert asked["barq-on-alert"] >= {"RUN_ENDPOINT", "LOGGING_ENDPOINT"}
