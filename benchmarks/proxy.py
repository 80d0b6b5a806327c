"""The splitting proxy beside the bare revision: requests/s at saturation, added latency at 200/s.

    python -m benchmarks.proxy [--seconds 2]

Three processes: this one is the local cloud (model, proxy), one is the revision, one the load
generator. On 2 cores the load generator and the revision share with the proxy, so the absolute
numbers are low; the columns beside each other are the point.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from pathlib import Path

from local_cloud.identity.signers import HmacSigner
from local_cloud.identity.tokens import LocalTokens
from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.registry.images import Images
from local_cloud.run.documents import of_service, service_document
from local_cloud.run.model import RunModel
from local_cloud.run.processes import ProcessInstances
from local_cloud.run.proxy import Proxy
from local_cloud.run.resources import ServiceKey

ROUNDS = 3
KEY = ServiceKey("bench", "europe-west1", "api")

# A revision as cheap as Python makes one: a fixed answer, no framework.
REVISION = """
import asyncio, os
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\n\\r\\nok"
class Protocol(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer = transport, b""
    def data_received(self, data):
        self.buffer += data
        while b"\\r\\n\\r\\n" in self.buffer:
            _, _, self.buffer = self.buffer.partition(b"\\r\\n\\r\\n")
            self.transport.write(ANSWER)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Protocol, "127.0.0.1", int(os.environ["PORT"]), backlog=512)
    await server.serve_forever()
asyncio.run(main())
"""

# Closed loop (`connections` at once) when rate is 0, else open loop: late requests count as late.
LOAD = """
import asyncio, json, sys, time
host, port, connections = sys.argv[1], int(sys.argv[2]), int(sys.argv[5])
seconds, rate = float(sys.argv[3]), float(sys.argv[4])
REQUEST = b"GET / HTTP/1.1\\r\\nHost: bench\\r\\n\\r\\n"
latencies, failures = [], 0
async def one(reader, writer, due):
    global failures
    writer.write(REQUEST)
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    _, _, rest = head.lower().partition(b"content-length:")
    await reader.readexactly(int(rest.partition(b"\\r\\n")[0]))
    failures += not head.startswith(b"HTTP/1.1 200")
    latencies.append(time.perf_counter() - due)
async def worker(queue, end):
    reader, writer = await asyncio.open_connection(host, port)
    while time.perf_counter() < end:
        if queue is None:
            await one(reader, writer, time.perf_counter())
        else:
            await one(reader, writer, await queue.get())
    writer.close()
async def main():
    end = time.perf_counter() + seconds
    queue = asyncio.Queue() if rate else None
    workers = [asyncio.create_task(worker(queue, end)) for _ in range(connections)]
    if rate:
        due = time.perf_counter()
        while due < end:
            await asyncio.sleep(max(0, due - time.perf_counter()))
            queue.put_nowait(due)
            due += 1 / rate
        await asyncio.sleep(0.3)
        for task in workers: task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
asyncio.run(main())
latencies.sort()
at = lambda q: latencies[min(len(latencies) - 1, int(q * len(latencies)))] * 1000
found = {"per_second": len(latencies) / seconds, "p50": at(0.5), "p99": at(0.99)}
print(json.dumps({**found, "failures": failures}))
"""


async def load(url: str, *, seconds: float, rate: float, connections: int) -> dict[str, float]:
    """Run the load generator against a URL in a process of its own."""
    host, _, port = url.removeprefix("http://").partition(":")
    arguments = [host, port, str(seconds), str(rate), str(connections)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOAD, *arguments, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), seconds + 20)
    return {name: float(value) for name, value in json.loads(output).items()}


async def measure(folder: Path, seconds: float) -> None:
    scheduler = LoopScheduler(asyncio.get_running_loop())
    images, instances = Images(), ProcessInstances(folder)
    model = RunModel(scheduler, Audit(scheduler), images, instances, random.Random(1))
    proxy = Proxy(model, instances, LocalTokens(scheduler, b"s", HmacSigner(b"s")))
    try:
        for version in ("stable", "canary"):
            image = images.push(
                "host/p/r/api",
                directory=None,
                command=[sys.executable, "-c", REVISION],
                env={"VERSION": version},
            )
            await deploy(model, image.reference, f"api-{version}")
        split(model, {"api-stable": 90, "api-canary": 10})
        model.set_invokers(KEY, ["allUsers"])
        port = next(i.port for i in instances.instances() if i.revision.name == "api-stable")
        targets = {"revision": f"http://127.0.0.1:{port}", "proxy": model.service(KEY).url}
        for url in targets.values():
            await load(url, seconds=0.5, rate=0, connections=8)
        full = await rounds(targets, seconds=seconds, rate=0)
        steady = await rounds(targets, seconds=seconds, rate=200)
        show(full, steady, proxy)
    finally:
        await proxy.close()
        await instances.close()


async def rounds(
    targets: dict[str, str], *, seconds: float, rate: float
) -> dict[str, dict[str, float]]:
    """Measure the targets in turn, ROUNDS times; return the median of each number."""
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in targets}
    for _ in range(ROUNDS):
        for name, url in targets.items():
            runs[name].append(await load(url, seconds=seconds, rate=rate, connections=16))
    return {
        name: {field: statistics.median(run[field] for run in found) for field in found[0]}
        for name, found in runs.items()
    }


async def deploy(model: RunModel, image: str, revision: str) -> None:
    if revision.endswith("stable"):
        service = model.create(KEY, service_document("api", image, revision=revision))
    else:
        document = of_service(model.service(KEY))
        document["spec"]["template"]["spec"]["containers"][0]["image"] = image
        document["spec"]["template"]["metadata"]["name"] = revision
        service = model.replace(KEY, document)
    async with asyncio.timeout(20):
        while service.latest_ready != revision:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def split(model: RunModel, percents: dict[str, int]) -> None:
    document = of_service(model.service(KEY))
    document["spec"]["traffic"] = [
        {"revisionName": name, "percent": percent} for name, percent in percents.items()
    ]
    model.replace(KEY, document)


def show(
    full: dict[str, dict[str, float]], steady: dict[str, dict[str, float]], proxy: Proxy
) -> None:
    print(f"{'':<34}{'revision':>12}{'proxy':>12}{'added':>12}")
    row("requests/s, 16 connections", full, "per_second", "{:,.0f}")
    row("p50 at saturation, ms", full, "p50", "{:.2f}")
    row("requests/s at 200/s", steady, "per_second", "{:,.0f}")
    row("p50 at 200/s, ms", steady, "p50", "{:.2f}")
    row("p99 at 200/s, ms", steady, "p99", "{:.2f}")
    counts = proxy.counts
    failures = sum(each["failures"] for each in (*full.values(), *steady.values()))
    print(f"failed {failures:.0f}, lost {counts.lost}, made by the proxy {counts.own_5xx}")


def row(title: str, found: dict[str, dict[str, float]], field: str, form: str) -> None:
    bare, proxied = found["revision"][field], found["proxy"][field]
    added = form.format(proxied - bare) if field.startswith("p") and field != "per_second" else ""
    print(f"{title:<34}{form.format(bare):>12}{form.format(proxied):>12}{added:>12}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(measure(Path(temporary), parser.parse_args().seconds))
