from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable
from typing import Any

import pytest
from commands import Run


@pytest.fixture(autouse=True)
def handlers() -> Any:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_search_ends_though_its_interrupt_was_lost_in_a_library(
    run: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def searching(*_: object, on_update: Callable[[Any], None], **__: object) -> None:
        with contextlib.suppress(KeyboardInterrupt):  # as in a callback of a C library
            signal.raise_signal(number)
        on_update(None)
        raise AssertionError("it went on")

    monkeypatch.setattr("anenas.cli.screen.SearchProgress.on_update", lambda self, study: None)
    monkeypatch.setattr("anenas.api.run_search", searching)
    code, _, err = run("search")
    assert (code, err) == (
        130,
        "anenas: stopped; the results so far are saved; run the same command again to continue\n",
    )
