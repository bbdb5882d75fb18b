from __future__ import annotations

import socket
from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.search.executors.cluster import Connection


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
