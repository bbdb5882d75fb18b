"""Real Dask processes, each started and killed by the test that has them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pretend
import pytest

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a program of `python -m`, with variables on top of this process's own; it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str, **environment: str) -> subprocess.Popen[str]:
        paths = os.pathsep.join([*filter(None, sys.path), str(Path(pretend.__file__).parent)])
        with (tmp_path / f"log-{len(started)}").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env={**os.environ, "PYTHONPATH": paths, **environment},
                stdout=log,
                stderr=log,
                text=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def scheduler(start: Start, port: int) -> Callable[..., subprocess.Popen[str]]:
    """Starts a scheduler at the port."""

    def scheduler(*options: str) -> subprocess.Popen[str]:
        process = start(
            "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", *options
        )
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    return process
            time.sleep(0.1)
        raise TimeoutError

    return scheduler


@pytest.fixture
def worker(start: Start, port: int) -> Callable[..., subprocess.Popen[str]]:
    """Starts a worker of that scheduler, without a nanny that would replace it."""

    def worker(*options: str, scheme: str = "tcp", **environment: str) -> subprocess.Popen[str]:
        address = f"{scheme}://127.0.0.1:{port}"
        words = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", *options)
        return start(*words, **environment)

    return worker
