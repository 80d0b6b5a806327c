"""What the service's image would hold, by a real installation of its lock: sizes, and a start.

No image is built: there need be no builder. It asks a package index, so it is not in `make test`.
`python -m benchmarks.image`
"""

import http.client
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from local_cloud.run.launch import free_port
from tools.dockerfile import DEBIAN, FOLDER, lay_out

LOCK = FOLDER / "requirements.txt"
BINARIES = Path(sys.executable).parent
PLATFORMS = ("x86_64-manylinux_2_36", "aarch64-manylinux_2_36")
GIVE_UP_SECONDS = 20.0


def install(target: Path, *more: str) -> None:
    """Install the lock as the Dockerfile does: wheels only, and only those with known hashes."""
    command = [str(BINARIES / "uv"), "pip", "install", "--quiet", "--target", str(target)]
    exact = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)]
    subprocess.run([*command, *exact, *more], check=True)


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def compiled(folder: Path) -> float:
    """Compile to bytecode as the Dockerfile does; return the folder's size then, in megabytes."""
    mode = ["--invalidation-mode", "unchecked-hash"]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *mode, folder], check=True)
    return megabytes(folder)


def seconds_to_alive(root: Path, packages: Path) -> float:
    """Start the service from the laid-out files; return when `/health/live` first said 200."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-S", "-m", "health_service"],
        cwd=root / "service",
        env={"PYTHONPATH": str(packages), "PORT": str(port), "HOST": "127.0.0.1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not is_alive(port):
            if time.monotonic() - began > GIVE_UP_SECONDS or process.poll() is not None:
                sys.exit(f"error: the service said nothing; its status is {process.poll()}")
            time.sleep(0.005)
        return time.monotonic() - began
    finally:
        process.terminate()
        process.wait()


def is_alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def main() -> None:
    minor = DEBIAN["13"][1]
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for platform in PLATFORMS:
            install(root / platform, "--python-version", minor, "--python-platform", platform)
            print(f"packages, Python {minor}, {platform}: {megabytes(root / platform):.1f} MB")
        lay_out(FOLDER, root)
        print(f"service: {megabytes(root / 'service'):.2f} MB")
        install(root / "packages")
        both = compiled(root / "packages"), compiled(root / "service")
        print(f"with bytecode: packages {both[0]:.1f} MB, service {both[1]:.2f} MB")
        starts = sorted(seconds_to_alive(root, root / "packages") for _ in range(5))
        print(f"alive after {starts[2]:.2f} s (middle of 5), Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
