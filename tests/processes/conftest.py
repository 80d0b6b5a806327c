"""One local cloud, with real processes, for all tests of this folder that can share it."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future

import psutil
import pytest

from local_cloud.sql.server import PostgresServer
from tests.processes.demo_run import DemoRun, demo_run
from tests.processes.fleet_database import FreshDatabases
from tests.processes.fleet_service import FleetService
from tests.processes.hosted import Hosted, hosted
from tests.processes.kills import Killed, killed
from tests.processes.reaction import Played, played
from tests.processes.stage import LIMIT_SECONDS, Stage
from tests.processes.stories import STORIES, Kept

POISON = {
    "GOOGLE_APPLICATION_CREDENTIALS": "/home/ann/poison-key.json",
    "GOOGLE_CLOUD_PROJECT": "poison-project",
    "CLOUDSDK_AUTH_ACCESS_TOKEN": "poison-token",
    "AWS_SECRET": "poison-secret",
    "AWS_SECRET_ACCESS_KEY": "poison-secret",
    "PUBSUB_EMULATOR_HOST": "poison.example.com:8085",
}
"""What must not get from the developer into any process that the local cloud starts."""
Tell = Callable[[str], Kept]


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoRun]:
    """A demo of two stories; all four take as long as all of these tests together."""
    with demo_run("--rps", "40", "--stories", "first,good,bad") as running:
        yield running


@pytest.fixture(scope="session")
def reaction(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Played]]:
    """What waits for the end of a bad canary under the shipped policy; it begins at once."""
    with played(tmp_path_factory.mktemp("reaction")) as found:
        yield found


@pytest.fixture(scope="session")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Killed]]:
    """What waits for the end of the rollouts that something is killed under; they begin at once.

    The sweeper leaves a claim alone for half a minute, so they take longer than that.
    """
    with killed(tmp_path_factory.mktemp("kills")) as found:
        yield found


@pytest.fixture(scope="session")
def fresh_databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreshDatabases]:
    """Empty databases, on one server for all."""
    server = PostgresServer(tmp_path_factory.mktemp("postgres"))
    server.blocking.start()
    try:
        yield FreshDatabases(server)
    finally:
        server.blocking.stop()


@pytest.fixture(scope="session")
def fleet(
    fresh_databases: FreshDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FleetService]:
    """The health service on a database that is migrated; what a test stores stays."""
    database = fresh_databases()
    asyncio.run(database.upgrade())
    with FleetService(tmp_path_factory.mktemp("fleet"), database.env) as service:
        yield service


@pytest.fixture(scope="session")
def cloud(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hosted]:
    """The stage, set up in an environment full of things that are nobody's business."""
    for name in ("demo", "reaction", "kills"):
        if any(name in getattr(item, "fixturenames", ()) for item in request.session.items):
            # They mostly wait, as the stories do, so all are played side by side.
            request.getfixturevalue(name)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in POISON.items():
            environment.setenv(name, value)
        hosting = hosted(tmp_path_factory.mktemp("cloud"))
        found = hosting.__enter__()
    try:
        yield found
    finally:
        processes = found.look(_processes)
        hosting.__exit__(None, None, None)
    _, left = psutil.wait_procs(processes, timeout=10)
    assert not left, "the local cloud left processes behind"


def _processes(stage: Stage) -> list[psutil.Process]:
    instances = stage.running.instances.instances()
    return [psutil.Process(pid) for instance in instances for pid in instance.pids]


@pytest.fixture(scope="session")
def story(cloud: Hosted) -> Tell:
    """Tell how a story went. All of them begin with the first that is asked for."""
    played: dict[str, Future[Kept]] = {
        name: cloud.begin(play(cloud.stage)) for name, play in STORIES.items()
    }
    return lambda name: played[name].result(LIMIT_SECONDS)
