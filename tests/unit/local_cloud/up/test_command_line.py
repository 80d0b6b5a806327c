from pathlib import Path

import pytest

from local_cloud.__main__ import _parser, main
from local_cloud.up.bringing import running_settings
from local_cloud.up.settings import SETTINGS, UpSettings, default_delivery


def settings(*arguments):
    given = _parser().parse_args(["up", *arguments])
    return UpSettings(**{one.attribute: getattr(given, one.attribute) for one in SETTINGS})


def test_ports_are_the_same_each_time_unless_told_otherwise():
    plain = settings()

    assert (plain.rest_port, plain.grpc_port, plain.pubsub_port, plain.local_port) == (
        8780,
        8781,
        8782,
        8783,
    )
    assert settings("--rest-port", "0").rest_port == 0


def test_real_time_is_off_unless_told_otherwise():
    assert not settings().real_time
    assert settings("--real-time").real_time


def test_the_engine_is_no_process_of_its_own_unless_told_otherwise():
    assert not settings().workflows_apart
    assert settings("--workflows-apart").workflows_apart


def test_executions_are_kept_in_no_file_unless_told_otherwise():
    assert running_settings(settings()).cloud.workflows.store_path is None
    for more in ([], ["--real-time"], ["--workflows-apart"]):
        told = running_settings(settings("--workflows-store", "kept", *more))
        assert told.cloud.workflows.store_path == str(Path.cwd() / "kept")


@pytest.mark.parametrize("port", ["x", "-1", "65536", "1.5"])
def test_a_wrong_port_is_a_sentence(port, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["up", f"--rest-port={port}"])

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"--rest-port: '{port}': must be a port from 0 (any free one) to 65535" in said


def test_the_demos_delivery_file_goes_first(tmp_path):
    assert default_delivery(tmp_path) == tmp_path / "delivery.yaml"

    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "delivery.yaml").touch()

    assert default_delivery(tmp_path) == tmp_path / "demo" / "delivery.yaml"


def test_a_port_is_known_by_its_option():
    chosen = settings("--folder", "x", "--grpc-port", "1234")

    assert chosen.option_of(1234) == "--grpc-port"
    assert chosen.option_of(8783) == "--local-port"
    assert chosen.folder == Path("x")
