from __future__ import annotations

from pathlib import Path

import pytest

from anenas.data._kept_looks import keep_looks, kept_looks
from anenas.data._photos import Look

LOOKS = [Look(4, 3), Look(7, 8, grey=True, deep="integer", values=(0.0, 4095.0)), Look(1, 1, transparent=True)]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / ".cache" / "anenas" / "pictures"


def test_what_was_found_is_known_the_next_time() -> None:
    assert kept_looks("a", 3) is None
    keep_looks("a", LOOKS)
    assert kept_looks("a", 3) == LOOKS
    assert kept_looks("b", 3) is None


def test_without_a_key_nothing_is_kept(folder: Path) -> None:
    keep_looks("", LOOKS)
    assert kept_looks("", 3) is None and not folder.exists()


@pytest.mark.parametrize("content", ["", "[", "[[1]]", "[1, 2, 3]", "[]", '{"a": 1}', "null"])
def test_a_damaged_file_is_nothing_known(folder: Path, content: str) -> None:
    keep_looks("a", LOOKS)
    [file] = folder.iterdir()
    file.write_text(content)
    assert kept_looks("a", 3) is None
    keep_looks("a", LOOKS)
    assert kept_looks("a", 3) == LOOKS


def test_where_no_file_can_be_written_that_is_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()
    keep_looks("a", LOOKS)
    [said] = caplog.messages
    assert said.startswith(f"nothing can be cached in '{folder}' (") and said.endswith(
        "next time everything is read again"
    )
    assert kept_looks("a", 3) is None
