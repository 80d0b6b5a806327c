"""Kept connections that their server closes just when they are used again."""

import asyncio
import contextlib

import aiohttp
import pytest
from aiohttp import web

from local_cloud.run import forward

pytestmark = pytest.mark.processes


class OneRequestServer:
    """Answers the first request of a connection, promises to keep it, and closes on the second."""

    def __init__(self):
        self.connections = 0
        self.requests = 0

    async def serve(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            for number in (1, 2):
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                if number == 1:
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def passing(test):
    """Run `test(instance, ask)`, where `ask(method)` goes through `forward` to the instance."""

    async def main():
        instance = OneRequestServer()
        upstream = forward.Upstream()

        async def handle(request):
            exchange = forward.Exchange(request)
            body = await forward.body_of(request)
            try:
                await forward.forward(
                    upstream, exchange, port, body=body, headers={}, timeout_seconds=5
                )
            except forward.BrokenError:
                return web.Response(status=503)
            return exchange.response

        async with await asyncio.start_server(instance.serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            runner = web.ServerRunner(web.Server(handle))
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with aiohttp.ClientSession() as session:

                async def ask(method):
                    async with session.request(method, url) as response:
                        return response.status

                await test(instance, ask)
            await runner.cleanup()
            await upstream.close()

    asyncio.run(main())


def test_a_get_over_a_dead_kept_connection_is_sent_once_more():
    async def test(instance, ask):
        assert [await ask("GET") for _ in range(5)] == [200] * 5
        assert instance.connections >= 3

    passing(test)


def test_a_post_never_uses_a_kept_connection():
    async def test(instance, ask):
        assert [await ask("GET"), await ask("POST"), await ask("POST")] == [200] * 3
        assert instance.connections == 3
        assert instance.requests == 3

    passing(test)
