from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anenas._files import expanded, forget_pages, is_file, is_folder, replacing, write_whole


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    for text in ("first", "second"):
        write_whole(tmp_path / "a.txt", text)
        assert (tmp_path / "a.txt").read_text() == text
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with replacing(tmp_path / "folder") as unfinished:
            unfinished.mkdir()
            (unfinished / name).touch()
        assert [path.name for path in (tmp_path / "folder").iterdir()] == [name]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("is_there", [True, False])
def test_an_error_leaves_what_was_there(tmp_path: Path, is_there: bool) -> None:
    if is_there:
        (tmp_path / "a.txt").write_text("before")
    before = {path: path.read_text() for path in tmp_path.iterdir()}
    with pytest.raises(ValueError, match="half way"), replacing(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("half")
        raise ValueError("half way")
    assert {path: path.read_text() for path in tmp_path.iterdir()} == before


def test_what_is_written_is_called_as_it_will_be(tmp_path: Path) -> None:
    with replacing(tmp_path / "figure.png") as unfinished:
        assert unfinished.name == "figure.png" and not unfinished.exists()
        unfinished.touch()


def test_what_can_be_no_path_is_neither_file_nor_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    assert is_file(tmp_path / "a.txt") and not is_folder(tmp_path / "a.txt")
    assert is_folder(tmp_path) and not is_file(tmp_path)
    for text in ("a" * 300, "a" * 5000, "a\0b", str(tmp_path / "nowhere"), str(tmp_path / "a.txt" / "b")):
        assert not is_file(text) and not is_folder(text)


def test_what_is_forgotten_is_read_again(tmp_path: Path) -> None:
    array = np.arange(100_000)
    np.save(tmp_path / "a.npy", array)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    for one in (mapped, array):
        assert one.sum() == array.sum()
        forget_pages(one)
        np.testing.assert_array_equal(one, np.arange(100_000))


def test_a_path_of_nobody_s_home_is_a_path_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/x") == tmp_path / "x"
    assert expanded("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
