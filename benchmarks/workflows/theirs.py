"""Runs in the rival's own environment: PyPI's workflows-emulator, timed or served.

It knows nothing of ours. `time`: each line of standard input is a job `[source, n, seconds]`; the
answer is `[result, executions, seconds]`. `serve PORT FILE`: its own handler, on loopback.
"""

import json
import logging
import sys
import time
from typing import Any


def timed(source: str, n: int, seconds: float) -> tuple[Any, int, float]:
    """Execute until `seconds` are over. The source is parsed before; `main` is taken out of it."""
    import yaml  # noqa: PLC0415 - of the rival's environment.
    from workflows_emulator.main import execute_workflow  # noqa: PLC0415

    config = yaml.safe_load(source)
    begin = time.perf_counter()
    count = 0
    while True:
        result = execute_workflow(dict(config), {"args": {"n": n}})
        count += 1
        spent = time.perf_counter() - begin
        if spent >= seconds:
            return result, count, spent


def serve(port: int, path: str) -> None:
    """Serve the rival's own handler until killed."""
    import uvicorn  # noqa: PLC0415 - these too are of the rival's environment.
    from fastapi import FastAPI  # noqa: PLC0415
    from workflows_emulator.cli import WORKFLOW_EXECUTE_ROUTE  # noqa: PLC0415
    from workflows_emulator.server import default_handler_clousure  # noqa: PLC0415

    app = FastAPI()
    app.add_api_route(WORKFLOW_EXECUTE_ROUTE, default_handler_clousure(path), methods=["POST"])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def main() -> None:
    logging.disable(logging.CRITICAL)
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), sys.argv[3])
        return
    for line in sys.stdin:
        print(json.dumps(timed(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
