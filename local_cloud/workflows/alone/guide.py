"""What `serve` prints at its start: where it listens, and how clients find it."""

from pathlib import Path
from typing import Final

_TEXT: Final = """\
Workflows is served for project {project} in {location}.
  REST {url} (both APIs, and callbacks)
  gRPC localhost:{grpc} ({security})

gcloud, in another shell:
{gcloud}

Python, over gRPC:
{python}

curl:
  curl -X POST {url}/v1/projects/{project}/locations/{location}/workflows/NAME/executions
"""
_PLAIN: Final = """\
  from google.cloud.workflows import executions_v1
  from google.cloud.workflows.executions_v1.services.executions import transports
  channel = grpc.insecure_channel("localhost:{grpc}")
  executions_v1.ExecutionsClient(transport=transports.ExecutionsGrpcTransport(channel=channel))"""
_TLS: Final = """\
  export GRPC_DEFAULT_SSL_ROOTS_FILE_PATH={roots}
  executions_v1.ExecutionsClient(
      credentials=AnonymousCredentials(), client_options={{"api_endpoint": "localhost:{grpc}"}})"""


def text(url: str, grpc_port: int, project: str, location: str, tls: str | None) -> str:
    """Return the whole of it. `tls` is the folder of `--tls`."""
    python = _PLAIN.format(grpc=grpc_port)
    if tls:
        roots = Path(tls).absolute() / "roots.pem"
        python = _TLS.format(grpc=grpc_port, roots=roots)
    return _TEXT.format(
        project=project,
        location=location,
        url=url,
        grpc=grpc_port,
        security="TLS" if tls else "plain text, without TLS",
        gcloud="\n".join(f"  export {line}" for line in exports(url, project, location)),
        python=python,
    )


def exports(url: str, project: str, location: str) -> list[str]:
    """Return what gcloud needs in its environment."""
    return [
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWS={url}/",
        f"CLOUDSDK_API_ENDPOINT_OVERRIDES_WORKFLOWEXECUTIONS={url}/",
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true",
        f"CLOUDSDK_CORE_PROJECT={project}",
        f"CLOUDSDK_WORKFLOWS_LOCATION={location}",
    ]
