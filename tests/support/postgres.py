"""A PostgreSQL of the tests' own: on loopback, in a temporary folder, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text

USER, PASSWORD = "anenas", "s3cret/of@tests"


@dataclass
class Server:
    """A running server.

    Attributes:
        port: That it listens at, on 127.0.0.1.
        folder: Of its data.
        programs: Where those of PostgreSQL are.
    """

    port: int
    folder: Path
    programs: Path
    _process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, user: str = USER, password: str = PASSWORD) -> URL:
        return URL.create("postgresql+pg8000", user, password, "127.0.0.1", self.port, database)

    def new_database(self) -> URL:
        """The address of a database of its own, which is empty."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self.do(f'CREATE DATABASE "{name}"')
        return self.url(name).set(drivername="postgresql")

    def do(self, statement: str, database: str = "postgres") -> None:
        with connected(self.url(database)) as engine, engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))

    def start(self) -> None:
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "unix_socket_directories="]
        command: list[str | Path] = [self.programs / "postgres", "-D", self.folder, "-p", str(self.port), *options]
        self._process = _popen(command, self.folder)
        for _ in range(600):
            with contextlib.suppress(Exception), connected(self.url("postgres")) as engine, engine.connect():
                return
            assert self._process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError("PostgreSQL does not start")

    def freeze(self) -> None:
        """It answers nothing more: when it is killed, what it was sent meanwhile resets the connection."""
        self._signal(signal.SIGSTOP)

    def kill(self) -> None:
        """As by `kill -9`, or a cut of power: what it was in the middle of it mends when it is started again."""
        assert self._process
        self._signal(signal.SIGKILL)
        self._process.wait()
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        children = subprocess.run(["pgrep", "-P", str(self._process.pid)], capture_output=True, text=True).stdout
        for process in (self._process.pid, *map(int, children.split())):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)


@contextlib.contextmanager
def connected(url: URL) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server for as long as the block runs. Without PostgreSQL a test is skipped, or fails where ANENAS_CI is set."""
    programs = _programs()
    if programs is None:
        missing = "PostgreSQL is not installed: apt-get install postgresql"
        assert not os.environ.get("ANENAS_CI"), missing
        pytest.skip(missing)
    folder = Path(tempfile.mkdtemp(prefix="anenas-postgres-"))
    found = Server(_free_port(), folder / "data", programs)
    try:
        found.folder.mkdir(mode=0o700)
        (folder / "password").write_text(PASSWORD)
        for path in (folder, found.folder, folder / "password"):
            if who := _user():
                shutil.chown(path, who)
        options = ["-U", USER, f"--pwfile={folder / 'password'}", "--auth=scram-sha-256", "--no-sync", "--no-locale"]
        made = _popen([programs / "initdb", "-D", found.folder, "--encoding=UTF8", *options], folder)
        assert made.wait() == 0, (folder / "log").read_text()
        found.start()
        yield found
    finally:
        found.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    for place in (*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/opt/homebrew/bin")):
        if (place / "initdb").exists():
            return place
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _user() -> str | None:
    """Whom the server runs as where that is not whoever runs the tests: it refuses to be root's."""
    return "nobody" if os.geteuid() == 0 else None


def _popen(command: list[str | Path], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, user=_user(), cwd=folder, env={"LC_ALL": "C"})


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
