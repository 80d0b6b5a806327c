"""Google's own clients, unchanged and in a clean process, act as the account they are given."""

import asyncio
import datetime as dt
import json
import sys
from pathlib import Path

import aiohttp
import pytest
from google.api.metric_pb2 import MetricDescriptor
from google.cloud import monitoring_v3
from google.cloud.workflows.executions_v1 import Execution, GetExecutionRequest

from local_cloud.fronts.environment import clean_environment
from local_cloud.fronts.grpc_front import GrpcFront
from local_cloud.fronts.metadata_servers import MetadataServers
from local_cloud.identity.authority import Authority
from local_cloud.identity.signers import HmacSigner, RsaSigner
from local_cloud.identity.tokens import LocalTokens, simple_tokens
from local_cloud.kit.audit import Audit
from local_cloud.kit.grpc_door import Method
from local_cloud.kit.scheduler import LoopScheduler, VirtualScheduler

DEPLOY = "deploy@barq-staging.iam.gserviceaccount.com"
SWEEP = "sweep@barq-production.iam.gserviceaccount.com"
AUDIENCE = "https://fleet-abc.a.run.app"

pytestmark = pytest.mark.processes

# What a function does, with the endpoint as the only thing that it is told.
PROGRAM = f"""
import json, os, sys
import google.auth, google.auth.transport.requests, google.oauth2.id_token
from google.api.metric_pb2 import MetricDescriptor
from google.cloud import monitoring_v3
from google.cloud.workflows import executions_v1

request = google.auth.transport.requests.Request()
credentials, project = google.auth.default()
credentials.refresh(request)
options = {{"api_endpoint": os.environ["ENDPOINT"]}}
executions = executions_v1.ExecutionsClient(client_options=options)
metrics = monitoring_v3.MetricServiceClient(client_options=options)
print(json.dumps({{
    "project": project,
    "email": credentials.service_account_email,
    "access_token": credentials.token,
    "id_token": google.oauth2.id_token.fetch_id_token(request, {AUDIENCE!r}),
    "execution": executions.get_execution(name="x").argument,
    "descriptor": metrics.get_metric_descriptor(name="projects/p/metricDescriptors/m").name,
}}))
"""


def project_of(email: str) -> str:
    return email.partition("@")[2].partition(".")[0]


def servers(tokens: LocalTokens, folder: Path) -> MetadataServers:
    return MetadataServers(
        tokens,
        project_of,
        roots_path=folder / "roots.pem",
        config_folder=folder / "gcloud",
        region="europe-west1",
    )


def fronts(tokens: LocalTokens, authority: Authority, audit: Audit) -> GrpcFront:
    def get_execution(request: GetExecutionRequest, caller: str | None) -> Execution:
        audit.note(caller, "GetExecution", request.name)
        return Execution(name=request.name, argument=str(caller))

    def get_descriptor(request, caller: str | None) -> MetricDescriptor:
        audit.note(caller, "GetMetricDescriptor", request.name)
        return MetricDescriptor(name=request.name)

    get_execution_method = Method("GetExecution", GetExecutionRequest, Execution, get_execution)
    get_descriptor_method = Method(
        "GetMetricDescriptor",
        monitoring_v3.GetMetricDescriptorRequest,
        MetricDescriptor,
        get_descriptor,
    )
    services = [
        ("google.cloud.workflows.executions.v1.Executions", [get_execution_method]),
        ("google.monitoring.v3.MetricService", [get_descriptor_method]),
    ]
    return GrpcFront(services, tokens, credentials=authority.grpc_credentials())


async def run_program(environment: dict[str, str]) -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    document: dict[str, str] = json.loads(out)
    return document


def test_googles_clients_in_a_clean_process_act_as_their_account(tmp_path):
    async def run():
        scheduler = LoopScheduler(asyncio.get_running_loop())
        tokens = LocalTokens(scheduler, b"secret", RsaSigner())
        audit = Audit(scheduler)
        front = fronts(tokens, Authority(tmp_path), audit)
        metadata = servers(tokens, tmp_path)
        await front.start()
        await metadata.start()
        extra = {**metadata.environment_for(DEPLOY), "ENDPOINT": front.endpoint}

        told = await run_program(clean_environment(extra, home=tmp_path / "home"))

        assert told["project"] == "barq-staging"
        assert told["email"] == DEPLOY
        assert tokens.caller(f"Bearer {told['access_token']}") == DEPLOY
        assert tokens.invoker(f"Bearer {told['id_token']}", (AUDIENCE,)) == DEPLOY
        assert told["execution"] == DEPLOY
        assert told["descriptor"] == "projects/p/metricDescriptors/m"
        assert [(call.principal, call.method) for call in audit.calls] == [
            (DEPLOY, "GetExecution"),
            (DEPLOY, "GetMetricDescriptor"),
        ]
        await metadata.close()
        await front.close()

    asyncio.run(run())


def test_each_account_has_its_own_port_which_tells_who_asks(tmp_path):
    async def run():
        tokens = simple_tokens(VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
        metadata = servers(tokens, tmp_path)
        await metadata.start()
        addresses = {
            email: metadata.environment_for(email)["GCE_METADATA_HOST"] for email in (DEPLOY, SWEEP)
        }

        emails = {}
        async with aiohttp.ClientSession(headers={"Metadata-Flavor": "Google"}) as client:
            for email, address in addresses.items():
                path = "computeMetadata/v1/instance/service-accounts/default/email"
                async with client.get(f"http://{address}/{path}") as answer:
                    emails[email] = await answer.text()

        assert emails == {DEPLOY: DEPLOY, SWEEP: SWEEP}
        assert metadata.environment_for(DEPLOY)["GCE_METADATA_HOST"] == addresses[DEPLOY]
        await metadata.close()
        await metadata.close()

    asyncio.run(run())


def test_servers_that_were_never_started_can_be_closed(tmp_path):
    tokens = simple_tokens(VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))

    asyncio.run(servers(tokens, tmp_path).close())


def test_the_environment_names_an_empty_gcloud_folder_and_the_roots_and_no_project(tmp_path):
    async def run():
        tokens = LocalTokens(
            LoopScheduler(asyncio.get_running_loop()), b"secret", HmacSigner(b"secret")
        )
        metadata = servers(tokens, tmp_path)
        await metadata.start()
        environment = metadata.environment_for(DEPLOY)
        await metadata.close()

        address = environment["GCE_METADATA_HOST"]
        assert environment == {
            "GCE_METADATA_HOST": address,
            "GCE_METADATA_IP": address,
            "GCE_METADATA_ROOT": address,
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(tmp_path / "roots.pem"),
            "CLOUDSDK_CONFIG": str(tmp_path / "gcloud"),
        }
        assert list((tmp_path / "gcloud").iterdir()) == []

    asyncio.run(run())
