"""Pin again what the `.in` files here ask for, with hashes: `make lock`.

The functions' and the service's pins are cut from the laptop's, so that all run the same. The
policy scanner's stand apart: it asks for old versions of what we use.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
UV = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--universal"]
COMMON = ["--python-version", "3.11", "--no-header", "--no-emit-index-url", "--generate-hashes"]
DEV = HERE / "dev.txt"
APART = HERE / "policy"
PINS = {
    HERE / "functions.in": HERE.parent / "functions" / "requirements.txt",
    HERE / "health_service.in": HERE.parent / "health_service" / "requirements.txt",
}


def main() -> None:
    subprocess.run([*UV, *COMMON, "--upgrade", HERE / "dev.in", "-o", DEV], check=True)
    apart = [str(APART.with_suffix(".in")), "-o", str(APART.with_suffix(".txt"))]
    subprocess.run([*UV, *COMMON, "--upgrade", *apart], check=True)
    for wanted, pinned in PINS.items():
        subprocess.run([*UV, *COMMON, "-c", DEV, wanted, "-o", pinned], check=True)


if __name__ == "__main__":
    main()
