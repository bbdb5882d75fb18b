from __future__ import annotations

import contextlib
import logging
import socket
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from anenas._errors import AnenasError
from anenas.search.executors.cluster import Connection, _connection


@pytest.mark.parametrize(
    "address", ["tls://10.0.0.5:8786", "tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1"]
)
def test_what_is_encrypted_or_on_this_machine_is_secure(address: str) -> None:
    assert Connection(address).address == address


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "tcp://trainer:8786", "ws://10.0.0.5:8786"])
def test_any_other_has_to_be_asked_for(address: str) -> None:
    with pytest.raises(AnenasError, match=f"{address} is not encrypted.*--insecure"):
        Connection(address).address  # noqa: B018
    assert Connection(address, insecure=True).address == address


def test_an_address_stands_in_the_file_of_the_scheduler(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text('{"type": "Scheduler", "address": "tls://10.0.0.5:41235", "workers": {}}')
    assert Connection(file).address == "tls://10.0.0.5:41235"
    assert Connection(str(file)).address == "tls://10.0.0.5:41235"


@pytest.mark.parametrize("content", [None, "", "[]", "{}", "not JSON"])
def test_a_file_that_is_none_is_told(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(AnenasError, match="expected an address, such as tls://HOST:8786, or the file"):
        Connection(file).address  # noqa: B018


def test_an_address_that_nobody_answers_is_told_in_time() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(AnenasError, match=f"no Dask scheduler answers at {address} within 1 s"):
        Connection(address, timeout=1).open()


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("tcp://127.9.8.7:1", True),
        ("inproc://10.0.0.5/1/2", True),
        ("tcp://[fe80::1]:1", False),
        ("tcp://localhost.example.com:1", False),
        ("tcp://127.0.0.1.example.com:1", False),
        ("tcp://0.0.0.0:1", False),
    ],
)
def test_only_what_never_leaves_this_machine_needs_no_encryption(address: str, here: bool) -> None:
    expected = contextlib.nullcontext() if here else pytest.raises(AnenasError, match="is not encrypted")
    with expected:
        assert Connection(address).address == address


def test_a_client_or_cluster_that_a_caller_made_is_used() -> None:
    with LocalCluster(n_workers=0, processes=False, dashboard_address=None) as cluster, Client(cluster) as client:
        given = Connection(client)
        given.check()
        assert given.open() is client and not given.is_own
        with Connection(cluster).open() as own:
            assert own is not client and own.scheduler.address == cluster.scheduler_address
    with pytest.raises(AnenasError, match=r"^the Dask client of this search was closed; run it again with an open one"):
        given.open_again(0.0)


class Clock:
    """Moves on only where somebody sleeps."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, list[float]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(("away", "found"), [(0, True), (3, True), (5, False)])
def test_a_scheduler_that_went_away_is_waited_for(
    away: int, found: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "anenas")
    clock, tries = Clock(), list[float]()

    def answer(self: Connection) -> str:
        tries.append(clock.now - 100)
        if len(tries) <= away:
            raise AnenasError("nobody answers")
        return "a client"

    monkeypatch.setattr(_connection, "time", clock)
    monkeypatch.setattr(Connection, "open", answer)
    expected = contextlib.nullcontext() if found else pytest.raises(AnenasError, match="nobody answers")
    with expected:
        assert Connection("tcp://127.0.0.1:1").open_again(3.0) == "a client"
    assert tries == [float(i) for i in range(away + found)]
    told = ["lost the connection to the scheduler: waiting up to 3 s for it"]
    assert caplog.messages == told + ["the scheduler is back; interrupted trials run again"] * found


def test_the_innermost_reason_is_told_but_none_behind_what_was_said_for_users() -> None:
    inner, said, outer = (
        OSError("connection refused"),
        AnenasError("the certificate expired"),
        RuntimeError("timed out"),
    )
    outer.__cause__ = inner
    told = Connection("tls://10.0.0.5:1")._unanswered("tls://10.0.0.5:1", outer)
    assert "connection refused" in told and "timed out" not in told
    outer.__cause__, said.__cause__ = said, inner
    told = Connection("tls://10.0.0.5:1")._unanswered("tls://10.0.0.5:1", outer)
    assert "the certificate expired" in told and "refused" not in told
