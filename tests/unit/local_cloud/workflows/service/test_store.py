"""The file that executions are kept in: full, damaged, in use, or somebody else's."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.store import StoreUnusable
from tests.unit.local_cloud.workflows.service.restarting import AWAIT, LONG, PARENT, Cloud


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    made = Cloud(tmp_path / "store")
    yield made
    made.close()


def failing(cloud: Cloud, table: str, change: str = "INSERT") -> Callable[[], None]:
    """Let changes of a table fail, as a full disk does; return what ends that."""
    db: sqlite3.Connection = cloud.model._store._db  # type: ignore[attr-defined]
    db.execute(
        f"CREATE TEMP TRIGGER full BEFORE {change} ON main.{table}"
        " BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
    )

    def whole() -> None:
        db.execute("DROP TRIGGER full")

    return whole


def test_what_cannot_be_kept_does_not_happen(cloud: Cloud) -> None:
    name = cloud.start(AWAIT)
    cloud.pass_seconds(1)
    whole = failing(cloud, "executions")
    with pytest.raises(Refused, match=r"the store .* cannot be written: database or disk is full"):
        cloud.again()
    whole()
    assert len(cloud.model.list_executions(PARENT)["executions"]) == 1
    whole = failing(cloud, "turns")
    with pytest.raises(Refused, match="disk is full"):
        cloud.call_back(name, b"lost")
    whole()
    cloud.call_back(name, b"kept")
    cloud.pass_seconds(0)
    assert cloud.get(name)["result"] == '"kept"'


def test_what_cannot_be_cancelled_goes_on(cloud: Cloud) -> None:
    name = cloud.start(LONG)
    whole = failing(cloud, "executions", "UPDATE")
    with pytest.raises(Refused, match="disk is full"):
        cloud.model.cancel_execution(name)
    whole()
    cloud.pass_seconds(100)
    assert cloud.get(name)["state"] == "SUCCEEDED"


@pytest.mark.parametrize(("table", "change"), [("turns", "INSERT"), ("executions", "UPDATE")])
def test_an_execution_whose_turn_cannot_be_kept_goes_on_after_a_restart(
    cloud: Cloud, table: str, change: str
) -> None:
    name = cloud.start([*LONG[:1], {"t": LONG[0]["s"]}, *LONG[1:]])
    cloud.pass_seconds(1)
    whole = failing(cloud, table, change)
    cloud.pass_seconds(250)
    execution = cloud.get(name)
    assert execution["state"] == "UNAVAILABLE"
    assert "disk is full" in execution["stateError"]["details"]
    whole()
    cloud.restart()
    assert cloud.get(name)["state"] == "ACTIVE"
    cloud.pass_seconds(1000)
    assert cloud.get(name)["result"] == '"awake"'


def test_a_queued_execution_that_cannot_begin_waits_on(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path / "store", concurrent_executions_max=1)
    names = [cloud.start(LONG), cloud.again()]
    whole = failing(cloud, "executions", "UPDATE OF started")
    cloud.pass_seconds(150)
    whole()
    assert [cloud.get(name)["state"] for name in names] == ["SUCCEEDED", "QUEUED"]
    cloud.restart()
    cloud.pass_seconds(100)
    assert cloud.get(names[1])["state"] == "SUCCEEDED"
    cloud.close()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE turns SET event = '[\"done\", 77]' WHERE execution = 1 AND position = 2",
        "UPDATE turns SET event = '{' WHERE execution = 1",
        'UPDATE turns SET event = \'["offered", "c", {}]\' WHERE execution = 1',
        "UPDATE turns SET asked = 'HttpCall:1' WHERE execution = 1 AND position = 1",
        "UPDATE turns SET answers = '[\"a\"]' WHERE execution = 1 AND position = 1",
        "UPDATE turns SET answers = 'x' WHERE execution = 1 AND position = 1",
        "UPDATE turns SET at = 'never' WHERE execution = 1 AND position = 1",
        "DELETE FROM turns WHERE execution = 1 AND position = 1",
        "UPDATE executions SET document = '{}' WHERE number = 1",
    ],
)
def test_a_damaged_journal_leaves_one_execution_unavailable(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "store"
    cloud = Cloud(path)
    source = [*LONG[:1], {"t": LONG[0]["s"]}, *LONG[1:]]
    names = [cloud.start(source), cloud.again()]
    cloud.pass_seconds(150)
    cloud.close()
    with sqlite3.connect(path) as db:
        db.execute(damage)
    db.close()
    cloud.restart()
    first = cloud.get(names[0])
    assert first["state"] == "UNAVAILABLE"
    assert "damaged" in first["stateError"]["details"]
    cloud.pass_seconds(50)
    assert cloud.get(names[1])["result"] == '"awake"'
    assert cloud.model.cancel_execution(names[0])["state"] == "CANCELLED"
    cloud.close()


def test_a_store_in_use_is_not_opened_twice(cloud: Cloud, tmp_path: Path) -> None:
    name = cloud.start(LONG)
    with pytest.raises(StoreUnusable, match="in use by another local cloud; nothing was changed"):
        Cloud(tmp_path / "store")
    cloud.pass_seconds(100)
    assert cloud.get(name)["state"] == "SUCCEEDED"


def refused(path: Path) -> str:
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StoreUnusable) as wrong:
        Cloud(path)
    assert before == (path.read_bytes() if path.is_file() else b"")
    error, hint = str(wrong.value).split("\n")
    assert error.startswith("error: the store ")
    assert hint.startswith(" hint: ")
    return wrong.value.what.removeprefix(f"the store {path} ")


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store"
    path.write_bytes(b"nothing that SQLite knows" * 100)
    assert refused(path) == "is damaged, or no store; nothing was changed"
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (a)")
    db.close()
    assert refused(path) == "is another program's database; nothing was changed"
    assert refused(tmp_path).startswith("cannot be opened")
    assert "folder is not there" in refused(tmp_path / "no" / "store")
    assert refused(Path("/proc/store")).startswith("cannot be made: ")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("PRAGMA user_version = 9", "has schema 9, and this version reads 1; nothing was changed"),
        ("UPDATE executions SET document = '{'", "is damaged, or no store; nothing was changed"),
        ("UPDATE executions SET workflow = 'x'", "is damaged, or no store; nothing was changed"),
        ("DELETE FROM revisions", "is damaged, or no store; nothing was changed"),
        ("DROP TABLE turns", "is damaged, or no store; nothing was changed"),
    ],
)
def test_a_store_that_cannot_be_read_is_refused_and_left_alone(
    tmp_path: Path, change: str, said: str
) -> None:
    cloud = Cloud(tmp_path / "store")
    cloud.start(LONG)
    cloud.pass_seconds(1)
    cloud.close()
    with sqlite3.connect(tmp_path / "store") as db:
        db.execute(change)
    db.close()
    assert refused(tmp_path / "store") == said


def test_a_store_is_its_owners_alone(cloud: Cloud, tmp_path: Path) -> None:
    cloud.start(LONG)
    modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    assert modes == {"store": 0o600, "store-wal": 0o600}


def test_a_file_with_damaged_pages_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store"
    cloud = Cloud(path)
    for _ in range(50):
        cloud.start(LONG)
    cloud.close()
    octets = bytearray(path.read_bytes())
    octets[5000:9000] = b"\xff" * 4000
    path.write_bytes(octets)
    assert refused(path) == "is damaged, or no store; nothing was changed"


def test_a_revision_that_was_kept_and_refused_is_no_second_one(cloud: Cloud) -> None:
    whole = failing(cloud, "operations")
    with pytest.raises(Refused, match="disk is full"):
        cloud.deploy(LONG)
    whole()
    cloud.deploy(LONG)
    cloud.restart()
    assert len(cloud.model.list_revisions(PARENT)["workflows"]) == 1
