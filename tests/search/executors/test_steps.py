from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from anenas.search.executors import StepsFile, _steps, read_steps, write_steps


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stands still, since this machine was started, unless a test moves it."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(_steps, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_steps_are_told_once_a_second_at_most(clock: SimpleNamespace, tmp_path: Path) -> None:
    tell, told = StepsFile(tmp_path), []
    for step, now in enumerate((0.0, 0.5, 0.999, 1.0, 1.999, 2.25), start=1):
        clock.now = now
        tell(step, 100)
        told.append(read_steps(tmp_path))
    assert told == [(1, 100), (1, 100), (1, 100), (4, 100), (4, 100), (6, 100)]


def test_the_last_step_is_told_at_once(clock: SimpleNamespace, tmp_path: Path) -> None:
    tell = StepsFile(tmp_path)
    tell(7, 9)
    tell(8, 9)
    assert read_steps(tmp_path) == (7, 9)
    tell(9, 9)
    assert read_steps(tmp_path) == (9, 9)


def test_what_is_removed_tells_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    tell = StepsFile(tmp_path)
    tell(1, 2)
    assert [path.name for path in tmp_path.iterdir()] == [".steps"]
    for _ in range(2):
        tell.remove()
        assert read_steps(tmp_path) is None and not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_nothing_is_told(tmp_path: Path) -> None:
    gone = StepsFile(tmp_path / "gone")
    gone(1, 2)
    gone.remove()
    (tmp_path / ".steps").mkdir()
    write_steps(tmp_path, 1, 2)
    StepsFile(tmp_path).remove()
    assert read_steps(tmp_path) is None and read_steps(tmp_path / "gone") is None


@pytest.mark.parametrize("text", ["", "3", "3 4 5", "three 4", "3 4.5"])
def test_a_file_that_says_something_else_tells_nothing(tmp_path: Path, text: str) -> None:
    write_steps(tmp_path, 3, 4)
    assert read_steps(tmp_path) == (3, 4)
    (tmp_path / ".steps").write_text(text)
    assert read_steps(tmp_path) is None
