"""Ports that are handed out before anybody has bound them."""

from local_cloud.run.launch import free_port


def test_no_port_is_handed_out_twice():
    """The kernel offers a port again until it is bound, and a program takes a while to bind it."""
    ports = [free_port() for _ in range(500)]

    assert len(set(ports)) == len(ports)
