"""Installs a delivery system into a local cloud, from one description: what Terraform does there.

Reads an `installation.yaml` (functions, topics, triggers, workflow, accounts) and a
`delivery.yaml` (services and targets). Runs the functions as ordinary Cloud Run services, each
as its own service account, with the endpoints of this cloud in their environment and nothing
else that a function in Google Cloud would not have.
"""

import asyncio
import compileall
import json
import py_compile
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from local_cloud.apart.lines import Deployment
from local_cloud.eventarc.values import ToWorkflow, Trigger
from local_cloud.pubsub.values import DeadLetterPolicy, Push, RetryPolicy, Subscription, Topic
from local_cloud.run.documents import service_document
from local_cloud.run.resources import ServiceKey
from local_cloud.running import RunningCloud
from local_cloud.scheduler.values import HttpTarget, Job, OidcToken

PLACEHOLDER: Final = "us-docker.pkg.dev/cloudrun/container/hello"
_HELLO: Final = Path(__file__).parent / "hello"
_POLL_SECONDS: Final = 0.05
_TIMEOUT_SECONDS: Final = 60
"""A function's, unless its row says another: the default of Cloud Run functions."""
_CHANNELS: Final = ("slack", "webhook", "email", "pagerduty")
_NOWHERE: Final = "http://127.0.0.1:9"
"""Where no PagerDuty is: nothing of a laptop's pages anyone by accident."""


class NotInstalledError(Exception):
    """The installation failed; the text says what, for a person."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is installed, and where."""

    project: str
    region: str
    functions: Path
    """The functions' source tree, with its installation.yaml."""
    workflow: Path
    """The file of `rollout`; those of other workflows lie beside it."""
    delivery: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """What came of it."""

    place: Place
    urls: Mapping[str, str]
    """Function -> its URL."""
    workflow: str
    """Full name of `rollout`."""
    topics: Mapping[str, str]
    """Short name -> full name."""


class Variables(NamedTuple):
    """What a service's template has beside its image."""

    env: Mapping[str, str]
    secrets: Mapping[str, str]
    """Variable -> the secret of the service's project, of which it is the newest version."""


_NONE: Final = Variables({}, {})


def account(place: Place, name: str) -> str:
    return f"{name}@{place.project}.iam.gserviceaccount.com"


def service_name(function: str) -> str:
    """Return the Cloud Run service that a function runs as."""
    return "barq-" + function.replace("_", "-")


def _by_workflow(function: Mapping[str, Any]) -> bool:
    """Whether the workflow calls a function; some that answer HTTP are for people alone."""
    return bool(function.get("http") and function.get("workflow", True))


class Installer:
    """One installation. Each method is a step; `install` takes them all."""

    def __init__(
        self,
        running: RunningCloud,
        place: Place,
        *,
        channels: Mapping[str, str] | None = None,
        people: Sequence[str] = ("developer",),
    ) -> None:
        self._running = running
        self._cloud = running.cloud
        self._place = place
        self._channels = {"PAGERDUTY_ENDPOINT": _NOWHERE, **(channels or {})}
        """What `notify` has in its environment: secrets, and where PagerDuty is."""
        self._people = people
        self._description: dict[str, Any] = yaml.safe_load(
            (place.functions / "installation.yaml").read_text()
        )
        self._delivery: dict[str, Any] = yaml.safe_load(place.delivery.read_text())

    async def install(self) -> Installed:
        """Set everything up, and wait until every function is ready. Raises NotInstalledError."""
        topics = self._topics()
        archive = self._archive()
        functions = self._description["functions"]
        urls = {
            name: self._function(name, spec, archive, topics) for name, spec in functions.items()
        }
        await self._ready([service_name(name) for name in functions])
        workflows = await self._workflows(urls, topics)
        self._subscriptions(urls, topics)
        self._triggers(topics, workflows)
        self._schedules(urls)
        return Installed(self._place, urls, workflows["rollout"], topics)

    async def create_targets(self, variables: Mapping[ServiceKey, Variables] | None = None) -> None:
        """Create each target's service with the installer's placeholder.

        `variables` are those that Terraform would set on a service, and every rollout keeps,
        beside the region and the target's name, which each has.
        """
        self._cloud.images.push(
            PLACEHOLDER,
            directory=_HELLO,
            command=["python", "server.py"],
            env={"HOST": "127.0.0.1"},
            tag="latest",
        )
        for service in self._delivery["services"].values():
            for name, target in service["targets"].items():
                key = ServiceKey(target["project"], target["region"], target["service"])
                env, secrets = (variables or {}).get(key, _NONE)
                document = service_document(
                    key.name,
                    PLACEHOLDER,
                    env={"GOOGLE_CLOUD_REGION": key.region, "ENVIRONMENT": name, **env},
                    secrets=secrets,
                    service_account=f"{key.name}@{key.project}.iam.gserviceaccount.com",
                    annotations={"run.googleapis.com/ingress": "all"},
                )
                self._cloud.run.create(key, document)
                self._cloud.run.set_invokers(key, ["allUsers"])

    def _topics(self) -> dict[str, str]:
        names = {
            name: f"projects/{self._place.project}/topics/barq-{name}"
            for name in self._description["topics"]
        }
        for trigger in self._registry_events():
            names[trigger["topic"]] = f"projects/{self._place.project}/topics/{trigger['topic']}"
        for name in names.values():
            self._cloud.pubsub.create_topic(Topic(name))
        return names

    def _registry_events(self) -> list[Any]:
        """Return the trigger of the registry's own topic, if a service wants to hear of it."""
        services = self._delivery["services"].values()
        wanted = any(service.get("registry_events") for service in services)
        return [self._description["registry_events"]] if wanted else []

    def _archive(self) -> Path:
        """Stage the source archive: the functions, with delivery.yaml beside them."""
        archive = self._running.folder / "archive"
        shutil.rmtree(archive, ignore_errors=True)
        unwanted = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(self._place.functions, archive, ignore=unwanted)
        shutil.copy2(self._place.delivery, archive / "delivery.yaml")
        # As the build of a function does. By hash: an image's digest must not tell the time.
        by_hash = py_compile.PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(archive, quiet=2, invalidation_mode=by_hash)
        return archive

    def _function(
        self, name: str, spec: Mapping[str, Any], archive: Path, topics: Mapping[str, str]
    ) -> str:
        signature = "http" if spec.get("http") else "cloudevent"
        image = self._cloud.images.push(
            f"{self._place.region}-docker.pkg.dev/{self._place.project}/functions/{name}",
            directory=archive,
            command=["python", "-m", "functions_framework"],
            env={
                "FUNCTION_TARGET": name,
                "FUNCTION_SOURCE": spec["source"],
                "FUNCTION_SIGNATURE_TYPE": signature,
                "HOST": "127.0.0.1",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        document = service_document(
            service_name(name),
            image.reference,
            env=self.environment(spec, topics),
            service_account=account(self._place, service_name(name)),
        )
        document["spec"]["template"]["spec"] |= {
            "timeoutSeconds": spec.get("timeout_seconds", _TIMEOUT_SECONDS),
            "containerConcurrency": self._description["concurrency"],
        }
        key = ServiceKey(self._place.project, self._place.region, service_name(name))
        created = self._cloud.run.create(key, document)
        callers = [f"user:{person}" for person in self._people]
        if spec.get("subscription"):
            callers.append(self._member("barq-push"))
        callers += [
            self._member(workflow["account"])
            for workflow in self._description["workflows"].values()
            if name in self._called_by(workflow)
        ]
        callers += [
            self._member(job["account"])
            for job in self._description["schedules"]
            if job["function"] == name
        ]
        self._cloud.run.set_invokers(key, callers)
        return created.url

    def _member(self, name: str) -> str:
        return f"serviceAccount:{account(self._place, name)}"

    def environment(self, spec: Mapping[str, Any], topics: Mapping[str, str]) -> dict[str, str]:
        """Return a function's environment: the endpoints it asks for, and secrets by name."""
        known = {
            **self._running.endpoints(),
            "EVENTS_TOPIC": topics["events"],
            "LOG_PROJECT": self._place.project,
            "PAGERDUTY_ENDPOINT": self._channels["PAGERDUTY_ENDPOINT"],
        }
        found = {name: known[name] for name in spec["env"]}
        found["THREADS"] = str(self._description["concurrency"])
        if spec.get("source") == "notify.py":
            found |= self._channels
        return found

    async def _ready(self, names: list[str]) -> None:
        """Wait until every function answers its health check, or say which does not and why."""
        while True:
            failed, waiting = [], []
            for name in names:
                key = ServiceKey(self._place.project, self._place.region, name)
                revision = self._cloud.run.revisions(key)[0]
                if revision.state == "failed":
                    failed.append(f"{name}: {revision.message}")
                elif revision.state == "pending":
                    waiting.append(name)
            if failed:
                raise NotInstalledError("\n".join(failed))
            if not waiting:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _workflows(
        self, urls: Mapping[str, str], topics: Mapping[str, str]
    ) -> dict[str, str]:
        """Deploy each workflow. Return short name -> full name."""
        deployed = {}
        for name, spec in self._description["workflows"].items():
            called = {function: urls[function] for function in self._called_by(spec)}
            known = {
                **self._running.endpoints(),
                "BARQ_FUNCTIONS": json.dumps(called),
                "BUILDS_TOPIC": topics["builds"],
            }
            file = self._place.workflow.with_name(Path(spec["source"]).name)
            deployment = Deployment(
                self._place.project,
                self._place.region,
                name,
                file.read_text(),
                service_account=account(self._place, spec["account"]),
                env={variable: known[variable] for variable in spec["env"]},
            )
            await self._running.deploy_workflow(deployment)
            deployed[name] = deployment.name
        return deployed

    def _called_by(self, workflow: Mapping[str, Any]) -> list[str]:
        """Return the functions that a workflow calls: those that it names, or all it may."""
        every = [name for name, one in self._description["functions"].items() if _by_workflow(one)]
        return list(workflow.get("calls", every))

    def _subscriptions(self, urls: Mapping[str, str], topics: Mapping[str, str]) -> None:
        prefix = f"projects/{self._place.project}/subscriptions"
        for name in self._description["kept"]:
            kept = Subscription(f"{prefix}/barq-{name}", topics[name], expiration_ttl_seconds=None)
            self._cloud.pubsub.create_subscription(kept)
        for name, function in self._description["functions"].items():
            spec = function.get("subscription")
            if not spec:
                continue
            for channel in self._channels_named() if spec.get("per_channel") else [()]:
                subscription = "-".join((service_name(name), *channel))
                self._push(subscription, urls[name], channel, spec, topics)

    def _push(
        self,
        name: str,
        url: str,
        path: Sequence[str],
        spec: Mapping[str, Any],
        topics: Mapping[str, str],
    ) -> None:
        """Push a topic to a function, below `path`; the token's audience is the function."""
        low, high = spec["retry_seconds"]
        self._cloud.pubsub.create_subscription(
            Subscription(
                f"projects/{self._place.project}/subscriptions/{name}",
                topics[spec["topic"]],
                push=Push("/".join((url, *path)), account(self._place, "barq-push"), url),
                ack_deadline_seconds=spec["ack_deadline_seconds"],
                retry=RetryPolicy(low, high),
                dead_letter=DeadLetterPolicy(topics[spec["dead_letter"]], spec["attempts_max"]),
                expiration_ttl_seconds=None,
                ordered=spec.get("ordered", False),
            )
        )

    def _channels_named(self) -> list[tuple[str, str]]:
        """Return each channel that delivery.yaml names, once: its kind and its name."""
        rows = [
            row
            for service in self._delivery["services"].values()
            for row in service.get("notifications", [])
        ]
        named = [(kind, row[kind]) for row in rows for kind in _CHANNELS if kind in row]
        return list(dict.fromkeys(named))

    def _triggers(self, topics: Mapping[str, str], workflows: Mapping[str, str]) -> None:
        for spec in (*self._description["triggers"], *self._registry_events()):
            parent = f"projects/{self._place.project}/locations/{self._place.region}"
            self._cloud.eventarc.create_trigger(
                Trigger(
                    f"{parent}/triggers/{spec['name']}",
                    ToWorkflow(workflows[spec["workflow"]]),
                    account(self._place, spec["account"]),
                    topics[spec["topic"]],
                )
            )

    def _schedules(self, urls: Mapping[str, str]) -> None:
        parent = f"projects/{self._place.project}/locations/{self._place.region}"
        for spec in self._description["schedules"]:
            url = urls[spec["function"]]
            caller = OidcToken(account(self._place, spec["account"]), url)
            self._cloud.jobs.create(
                Job(
                    f"{parent}/jobs/{spec['name']}",
                    spec["schedule"],
                    HttpTarget(url, oidc=caller),
                    attempt_seconds_max=spec["attempt_deadline_seconds"],
                )
            )
