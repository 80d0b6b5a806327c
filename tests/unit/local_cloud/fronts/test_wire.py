"""Ports that are held for servers which come and go."""

import socket

import pytest

from local_cloud.fronts.wire import PortBusy, listen, port_of, reserve

HOST = "127.0.0.1"


def test_a_held_port_refuses_connections_until_a_server_listens_there():
    with reserve(HOST) as holder:
        port = port_of(holder)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, port)).close()

        for _ in range(2):
            with listen(HOST, port, shared=True):
                socket.create_connection((HOST, port)).close()


def test_nobody_else_gets_a_held_port():
    with reserve(HOST) as holder, pytest.raises(PortBusy):
        listen(HOST, port_of(holder))
