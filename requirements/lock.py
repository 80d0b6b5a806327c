"""Pin again what the `.in` files here ask for, with hashes: `make lock`.

The functions' and the service's pins are cut from the laptop's, so that all run the same. Those of
the policy scanner and of the rival emulator stand apart: they ask for old versions of what we use.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
UV = [str(Path(sys.executable).parent / "uv"), "pip", "compile", "--quiet", "--universal"]
COMMON = ["--python-version", "3.11", "--no-header", "--no-emit-index-url", "--generate-hashes"]
DEV = HERE / "dev.txt"
APART = ("policy", "rival")
PINS = {
    HERE / "functions.in": HERE.parent / "functions" / "requirements.txt",
    HERE / "health_service.in": HERE.parent / "health_service" / "requirements.txt",
}


def main() -> None:
    subprocess.run([*UV, *COMMON, "--upgrade", HERE / "dev.in", "-o", DEV], check=True)
    for name in APART:
        apart = [str(HERE / f"{name}.in"), "-o", str(HERE / f"{name}.txt")]
        subprocess.run([*UV, *COMMON, "--upgrade", *apart], check=True)
    for wanted, pinned in PINS.items():
        subprocess.run([*UV, *COMMON, "-c", DEV, wanted, "-o", pinned], check=True)


if __name__ == "__main__":
    main()
