"""Functions that are installed wrongly, and an API that refuses: where error messages come from."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from local_cloud.run.documents import service_document
from local_cloud.run.resources import ServiceKey
from tests.processes.least_privilege import account
from tests.processes.stage import PERSON, PROJECT, REGION, Stage

BROKEN_DELIVERY = "services:\n  shop: {image: [\n"
WRONG_DELIVERY = "services: {shop: {image: shop, targets: {production: {steps: [50, 10]}}}}\n"


async def install(
    stage: Stage,
    name: str,
    function: str,
    env: Mapping[str, str],
    *,
    delivery: str | None = None,
) -> str:
    """Run a function beside the installed ones, as the installer does; return its URL."""
    source = stage.running.folder / "archive"
    if delivery is not None:
        source = _with_delivery(source, stage.running.folder / f"archive-{name}", delivery)
    image = stage.cloud.images.push(
        f"{REGION}-docker.pkg.dev/{PROJECT}/functions/{name}",
        directory=source,
        command=["python", "-m", "functions_framework"],
        env={
            "FUNCTION_TARGET": function,
            "FUNCTION_SOURCE": f"{function}.py",
            "FUNCTION_SIGNATURE_TYPE": "http",
            "HOST": "127.0.0.1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )
    key = ServiceKey(PROJECT, REGION, name)
    document = service_document(
        name, image.reference, env=env, service_account=account(f"barq-{function}")
    )
    service = stage.cloud.run.create(key, document)
    stage.cloud.run.set_invokers(key, [f"user:{PERSON}"])
    await stage.until(lambda: service.latest_ready, f"{name} to be ready")
    return service.url


def _with_delivery(archive: Path, copy: Path, delivery: str) -> Path:
    shutil.copytree(archive, copy)
    (copy / "delivery.yaml").write_text(delivery)
    return copy


@asynccontextmanager
async def refusing_api() -> AsyncIterator[str]:
    """An API that refuses each service of the stage in a way of its own."""

    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        match request.path.rpartition("/")[2]:
            case "shop":
                return _error(401, "UNAUTHENTICATED", "Request had invalid credentials.")
            case "late":
                return _error(403, "PERMISSION_DENIED", "Permission 'run.services.get' denied.")
            case "crash":
                return _error(500, "INTERNAL", "Internal error encountered.")
            case "gate":
                return web.Response(text="<html>not what was asked for</html>")
            case "hand":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
        return web.json_response({"an answer": "of another shape"})

    runner = web.ServerRunner(web.Server(refuse, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _error(code: int, status: str, message: str) -> web.Response:
    document = {"error": {"code": code, "status": status, "message": message}}
    return web.json_response(document, status=code)


async def installed_wrongly(stage: Stage) -> dict[str, str]:
    """Install one function of each kind of mistake; return their URLs."""
    endpoints = {**stage.running.endpoints(), "EVENTS_TOPIC": stage.installed.topics["events"]}
    unset = {name: value for name, value in endpoints.items() if name != "RUN_ENDPOINT"}
    unreadable = {**endpoints, "RUN_ENDPOINT": "run.googleapis.com"}
    urls = await asyncio.gather(
        install(stage, "unset", "rollback", unset),
        install(stage, "unreadable", "rollback", unreadable),
        install(stage, "broken", "status", endpoints, delivery=BROKEN_DELIVERY),
        install(stage, "wrong", "status", endpoints, delivery=WRONG_DELIVERY),
    )
    return dict(zip(("unset", "unreadable", "broken", "wrong"), urls, strict=True))
