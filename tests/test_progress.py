from __future__ import annotations

import logging

import pytest

from anenas import _progress
from anenas._progress import Progress, shown_by


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "anenas")
    return caplog


def test_what_takes_long_is_said_in_lines_until_it_is_done(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter([0, 4, 10, 19, 20])
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(seconds))
    progress = Progress("drawing images", 2000)
    for _ in range(4):
        progress.add(500)
    assert log.messages == ["drawing images: 1,000 of 2,000, about 10 s left"]


def test_within_a_block_it_is_shown_by_a_function_instead(
    log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_progress, "_SAID_EVERY", 0)
    shown: list[tuple[str, int, int]] = []
    progress = Progress("drawing images", 3)
    with shown_by(lambda *far: shown.append(far)):
        progress.add(1)
    assert (shown, log.messages) == ([("drawing images", 1, 3)], [])
    progress.add(1)
    assert len(shown) == len(log.messages) == 1
