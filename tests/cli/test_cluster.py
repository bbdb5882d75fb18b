"""A search on a cluster of this machine, by the commands that its certificates' command prints."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Run, environment
from tiny import write_tiny


def test_certificates_come_with_the_commands_to_use_them(run: Run, tmp_path: Path) -> None:
    told = run("cluster", "certificates", tmp_path / "certificates")
    assert told.code == 0
    assert f"--tls-ca-file {tmp_path / 'certificates' / 'ca.pem'}" in told.out
    assert f"anenas worker --scheduler tls://HOST:8786 --tls {tmp_path / 'certificates'}" in told.out
    again = run("cluster", "certificates", tmp_path / "certificates")
    assert (again.code, again.out) == (2, "")
    assert "exists already" in again.err


@pytest.mark.parametrize("command", ["worker", "search"])
def test_an_unencrypted_connection_to_another_machine_is_refused(command: str, run: Run) -> None:
    told = run(command, "--scheduler", "tcp://10.0.0.5:8786")
    assert told.code == 2
    assert "tcp://10.0.0.5:8786 is not encrypted" in told.err
    assert "--insecure" in told.err


@pytest.mark.parametrize("command", ["worker", "search"])
def test_without_dask_its_extra_is_named(command: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where it is not installed
    told = run(command, "--scheduler", "tcp://127.0.0.1:8786")
    assert (told.code, told.out) == (2, "")
    assert "pip install 'anenas[cluster]'" in told.err


def test_a_worker_without_a_cluster_is_told_how_to_name_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    assert "no cluster given; give --scheduler, such as tls://HOST:8786" in run("worker").err


@pytest.mark.slow
def test_a_search_trains_on_a_worker_and_finds_what_it_finds_here(tmp_path: Path) -> None:
    write_tiny(tmp_path)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tls://127.0.0.1:{free.getsockname()[1]}"
    anenas, dask = [sys.executable, "-m", "anenas.cli"], [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    subprocess.run([*anenas, "cluster", "certificates", "tls"], cwd=tmp_path, env=environment(), check=True)
    files = ["--tls-ca-file", "tls/ca.pem", "--tls-cert", "tls/node.pem", "--tls-key", "tls/node-key.pem"]
    at = ["--protocol", "tls", "--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-dashboard"]
    given = ["search", "--space", "tiny.yaml", "--data", "data.npz", "--epochs", "1", "--trials", "2", "--json"]
    there = ["--scheduler", address, "--tls", "tls"]
    # A folder of the worker's own for what is sent to it.
    home = environment() | {"HOME": str(tmp_path / "home")}
    (tmp_path / "home").mkdir()
    with subprocess.Popen([*dask, *at, *files], cwd=tmp_path, stderr=subprocess.DEVNULL) as scheduler:
        worker = subprocess.Popen(
            [*anenas, "worker", *there, "--slots", "1"],
            cwd=tmp_path,
            env=home,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            on_cluster = _search([*anenas, *given, *there, "--store", "there"], tmp_path)
            here = _search([*anenas, *given, "--workers", "1"], tmp_path)
        finally:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            scheduler.kill()
    assert [model["architecture"] for model in on_cluster["front"]] == [m["architecture"] for m in here["front"]]
    assert [model["accuracy"] for model in on_cluster["front"]] == [model["accuracy"] for model in here["front"]]
    assert (tmp_path / "home" / ".cache" / "anenas" / "content").is_dir()


def _search(command: list[str], folder: Path) -> dict[str, list[dict[str, object]]]:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]
