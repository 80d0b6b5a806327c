"""One PostgreSQL as a process group: begun, ended, killed, halted. Every call here blocks.

It has a session of its own, and so has each of its backends: a signal to the group would reach
the postmaster only, so all of them are looked up.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import psutil

from local_cloud.run.guard import Guard
from local_cloud.run.launch import free_port
from local_cloud.sql import binaries

SUPERUSER: Final = "postgres"
_ATTEMPTS_MAX: Final = 3
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_LOOK_EVERY_SECONDS: Final = 0.01
_STATE_LINE: Final = 7
_SHARED_MEMORY_LINE: Final = 6
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    # A socket's path has room for some 100 characters, and nobody needs one.
    "unix_socket_directories": "",
    # What is lost with the machine's power is a laptop's.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    # Files in its own folder: what a killed server leaves goes with the folder.
    "dynamic_shared_memory_type": "mmap",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class NotStarted(Exception):
    """The server did not come up; the text says why, with the end of its log."""


class SqlFailed(Exception):
    """The server refused a statement; the text is its own."""


class PostgresProcess:
    """See PostgresServer, which is this without blocking."""

    def __init__(self, folder: Path, port: int, max_connections: int, password: str) -> None:
        self.port = port
        self.password = password
        self.log = folder / "postgres.log"
        self.data = folder / "data"
        self._folder = folder
        self._max_connections = max_connections
        self._any_port = port == 0
        self._guard = Guard()
        self._halted: list[psutil.Process] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._let_go: Callable[[], object] = lambda: None
        """Ends what keeps the port from others. Safe to repeat."""
        # A caller that was cancelled leaves its call running in a thread: the next one waits.
        self._one_at_a_time = threading.RLock()

    @property
    def state(self) -> str:
        """`running`, `paused` or `stopped`."""
        if self._process is None or self._process.poll() is not None:
            return "stopped"
        return "paused" if self._halted else "running"

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def reserve(self) -> None:
        """Choose a free port now, and keep it until the start: for those who are told it before."""
        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        self.port, self._any_port = int(held.getsockname()[1]), False
        self._let_go = weakref.finalize(self, os.close, held.detach())

    def start(self) -> None:
        """Start and wait until it answers. Raises NoPostgres and NotStarted."""
        with self._one_at_a_time:
            if self.state != "stopped":
                self.resume()
                return
            if not (self.data / "PG_VERSION").exists():
                self._create()
            self._forget_killed()
            for attempt in range(1, _ATTEMPTS_MAX + 1):
                if self.port == 0:
                    self.port = free_port()
                if self._began():
                    self._any_port = False  # Who was told the port finds it there again.
                    return
                if not self._any_port or attempt == _ATTEMPTS_MAX:
                    break
                self.port = 0
            raise NotStarted(f"error: PostgreSQL did not start\n{self._last_lines()}")

    def stop(self) -> None:
        """Shut down as a deployment does: open transactions are ended. Safe to repeat."""
        with self._one_at_a_time:
            if self._process is not None and self.state != "stopped":
                self.resume()
                self._process.send_signal(signal.SIGINT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_STOP_SECONDS)
            self.kill()

    def kill(self) -> None:
        """End every process of it at once, as a machine that fails. Safe to repeat."""
        with self._one_at_a_time:
            self._let_go()
            if self._process is not None:
                if self._process.poll() is None:
                    self._kill_all(self._process)
                self._guard.close()
                self._guard = Guard()
                self._process = None
                self._halted = []

    def pause(self) -> None:
        """Halt every process of it: connections open, and nothing is ever said on them."""
        with self._one_at_a_time:
            if self._process is not None and self.state == "running":
                self._halted = self._halt(self._process)

    def resume(self) -> None:
        """Let a paused server go on where it was. Safe to repeat."""
        with self._one_at_a_time:
            for one in reversed(self._halted):
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.resume()
                if one.pid != self.pid:
                    self._guard.forget(one.pid)
            self._halted = []

    def sql(self, script: str, values: Mapping[str, str]) -> str:
        """Run psql as the superuser with `values` as its variables. Raises SqlFailed.

        The values travel in the environment: a command line is open to all.
        """
        named = [f"\\getenv {name} BARQ_SQL_{name}\n" for name in values]
        done = subprocess.run(  # noqa: S603 - a program of the package, no shell.
            [str(binaries.folder() / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
            input="".join(named) + script,
            env={
                **_environment(),
                **{f"BARQ_SQL_{name}": value for name, value in values.items()},
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.port),
                "PGUSER": SUPERUSER,
                "PGPASSWORD": self.password,
                "PGDATABASE": "postgres",
                "PGSSLMODE": "disable",
                "PGGSSENCMODE": "disable",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SqlFailed(done.stderr.strip())
        return done.stdout

    def _create(self) -> None:
        """Run initdb: some 0.3 s."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(parents=True)
        if os.geteuid() == 0:
            os.chown(self.data, binaries.NOBODY, binaries.NOBODY)
        secret = self._folder / f"password-{secrets.token_hex(4)}"
        secret.touch(0o600)
        secret.write_text(self.password)
        try:
            done = subprocess.run(  # noqa: S603 - a program of the package, no shell.
                binaries.command(
                    "initdb",
                    f"--pgdata={self.data}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={secret}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--no-sync",
                ),
                env=_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            secret.unlink()
        if done.returncode:
            raise NotStarted(f"error: PostgreSQL's initdb failed\n{done.stderr}")

    def _began(self) -> bool:
        """Start once; False when it ended instead of answering."""
        settings = {
            **_SETTINGS,
            "port": str(self.port),
            "max_connections": str(self._max_connections),
        }
        self._let_go()
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the package, no shell.
                binaries.command("postgres", "-D", str(self.data), *options),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,
            )
        self._guard.watch(self._process.pid)
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._ready():
                return True
            time.sleep(_LOOK_EVERY_SECONDS)
        self.kill()
        return False

    def _ready(self) -> bool:
        """Whether it says so in its file, and the file is this process's."""
        lines = self._pid_file()
        ours = bool(lines) and lines[0].strip() == str(self.pid)
        return ours and len(lines) > _STATE_LINE and lines[_STATE_LINE].strip() == "ready"

    def _pid_file(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    def _forget_killed(self) -> None:
        """Let go of what a server left that was killed with its program.

        PostgreSQL would find its number alive, if it is another's by now or was not waited for.
        """
        lines = self._pid_file()
        if lines and not self._is_postmaster(int(lines[0])):
            (self.data / "postmaster.pid").unlink()
            _forget_shared_memory(lines)

    def _is_postmaster(self, pid: int) -> bool:
        try:
            one = psutil.Process(pid)
            return one.status() != psutil.STATUS_ZOMBIE and str(self.data) in one.cmdline()
        except psutil.NoSuchProcess:
            return False

    def _halt(self, process: subprocess.Popen[bytes]) -> list[psutil.Process]:
        """Halt the postmaster, which then starts no other, and its backends; return them all."""
        postmaster = psutil.Process(process.pid)
        postmaster.suspend()
        backends = postmaster.children(recursive=True)
        for one in backends:
            # Halted, it would outlive this program: it cannot notice that its parent is gone.
            self._guard.watch(one.pid)
            with contextlib.suppress(psutil.NoSuchProcess):
                one.suspend()
        return [postmaster, *backends]

    def _kill_all(self, process: subprocess.Popen[bytes]) -> None:
        lines = self._pid_file()
        everyone = self._halt(process)
        for one in everyone:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()
        deadline = time.monotonic() + _STOP_SECONDS
        while any(_lives(one) for one in everyone) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_SECONDS)
        # By the time of the next start its number may be another program's.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        _forget_shared_memory(lines)

    def _last_lines(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-8:]
        except OSError:
            return ""
        return "".join(f"  {line}\n" for line in lines)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


def _lives(one: psutil.Process) -> bool:
    """Whether it still runs; a dead one may stay listed until somebody has looked at it."""
    try:
        return one.is_running() and one.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _forget_shared_memory(pid_file: list[str]) -> None:
    """Give back the few bytes by which two servers in one folder know of each other.

    The machine has room for some 4,000 of them, and a killed server cannot.
    """
    ipcrm = shutil.which("ipcrm")
    if ipcrm is None or len(pid_file) <= _SHARED_MEMORY_LINE:
        return
    identity = pid_file[_SHARED_MEMORY_LINE].split()[-1:]
    if identity:
        subprocess.run(  # noqa: S603 - a number that PostgreSQL wrote.
            [ipcrm, "-m", identity[0]], capture_output=True, check=False
        )
