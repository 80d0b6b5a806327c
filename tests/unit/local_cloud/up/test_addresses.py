import socket

import pytest

from local_cloud.run.resources import ServiceKey
from local_cloud.up.addresses import FixedPorts

KEY = ServiceKey("p", "europe-west1", "api")
pytestmark = pytest.mark.processes


def test_services_get_neighbouring_ports_and_tags_any():
    first = _free_pair()
    ports = FixedPorts(first)

    assert [ports(KEY, None), ports(KEY, "canary"), ports(KEY, None)] == [first, 0, first + 1]


def test_a_port_that_somebody_has_is_replaced_by_any_free_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        assert FixedPorts(taken.getsockname()[1])(KEY, None) == 0


def test_there_is_no_port_beyond_the_last():
    ports = FixedPorts(65_536)

    assert ports(KEY, None) == 0


def _free_pair() -> int:
    for first in range(20_000, 30_000, 2):
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", first))
                two.bind(("127.0.0.1", first + 1))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")
