from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._progress import shown_by
from anenas.data import _kept, load_data
from anenas.data._kept import kept
from anenas.data.sources import images

ARRAY = np.random.default_rng(0).integers(0, 256, (10, 1, 3, 4), np.uint8)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Path:
    """Where arrays are kept, in a home folder of the test's own."""
    caplog.set_level(logging.INFO, "anenas")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home" / ".cache" / "anenas" / "pictures"


def chunks() -> Iterator[NDArray[np.uint8]]:
    yield ARRAY[:7]
    yield ARRAY[7:]


def never() -> Iterator[NDArray[np.uint8]]:
    raise AssertionError("made again")


def small(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    for name, limit in limits.items():
        monkeypatch.setattr(_kept, name, limit)


def test_what_was_made_once_is_read_the_next_time_and_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    for make in (chunks, never):
        found = kept("a", ARRAY.shape, make)
        np.testing.assert_array_equal(found, ARRAY)
        assert isinstance(found, np.memmap) and not found.flags.writeable
    assert [path.name for path in folder.iterdir()] == ["a.npy"]
    assert caplog.messages == [f"10 decoded images are cached in '{folder}' for the next time, 0.0 MB"]


def test_without_a_key_nothing_is_kept(folder: Path) -> None:
    np.testing.assert_array_equal(kept("", ARRAY.shape, chunks), ARRAY)
    assert not folder.exists()


def test_a_large_array_without_a_key_is_in_a_file_that_ends_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(monkeypatch, _LARGE=50)
    found = kept("", ARRAY.shape, chunks)
    np.testing.assert_array_equal(found, ARRAY)
    assert isinstance(found, np.memmap) and list(folder.iterdir()) == []


@pytest.mark.parametrize("left", [b"", b"\x93NUMPY\x01\x00", None])
def test_a_damaged_file_is_made_anew(folder: Path, left: bytes | None) -> None:
    kept("a", ARRAY.shape, chunks)
    file = folder / "a.npy"
    content = file.read_bytes()
    file.write_bytes(content[:-1] if left is None else left)
    np.testing.assert_array_equal(kept("a", ARRAY.shape, chunks), ARRAY)
    assert file.read_bytes() == content


def test_what_fails_on_the_way_leaves_nothing(folder: Path) -> None:
    def half() -> Iterator[NDArray[np.uint8]]:
        yield ARRAY[:7]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept("a", ARRAY.shape, half)
    assert list(folder.iterdir()) == []


def test_two_at_once_both_have_all_of_it(folder: Path) -> None:
    found: list[NDArray[np.uint8]] = []
    both = threading.Barrier(2, timeout=10)

    def slowly() -> Iterator[NDArray[np.uint8]]:
        both.wait()  # neither finds what the other has made
        for chunk in chunks():
            yield chunk
            both.wait()

    threads = [threading.Thread(target=lambda: found.append(kept("a", ARRAY.shape, slowly))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    for array in found:
        np.testing.assert_array_equal(array, ARRAY)
    assert [path.name for path in folder.iterdir()] == ["a.npy"]


def test_what_was_not_used_for_longest_makes_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = ARRAY.nbytes + 128
    small(monkeypatch, _MOST=3 * size)
    arrays = []
    for i, key in enumerate("abc"):
        arrays.append(kept(key, ARRAY.shape, chunks))
        os.utime(folder / f"{key}.npy", (i + 1, i + 1))
    (folder / ".unfinished-x").mkdir()
    os.utime(folder / ".unfinished-x", (1, 1))
    (folder / ".unfinished-y").mkdir()
    kept("a", ARRAY.shape, never)
    kept("d", ARRAY.shape, chunks)
    assert sorted(path.name for path in folder.iterdir()) == [".unfinished-y", "a.npy", "c.npy", "d.npy"]
    np.testing.assert_array_equal(arrays[1], ARRAY)  # it is still there for who has it


def test_what_would_take_most_of_the_room_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch, _MOST=2 * ARRAY.nbytes - 2)
    np.testing.assert_array_equal(kept("a", ARRAY.shape, chunks), ARRAY)
    assert not folder.exists()


def test_where_no_files_can_be_written_all_is_in_memory_and_that_is_said(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()
    found = kept("a", ARRAY.shape, chunks)
    np.testing.assert_array_equal(found, ARRAY)
    [said] = caplog.messages
    assert said.startswith(f"decoded images cannot be cached in '{folder}' (") and said.endswith(
        "): 0.0 GB are kept in memory"
    )


def test_how_far_it_is_is_shown() -> None:
    shown: list[tuple[str, int, int]] = []
    with shown_by(lambda *far: shown.append(far)):
        kept("", ARRAY.shape, chunks)
    assert shown == [("drawing images", 7, 10), ("drawing images", 10, 10)]


def test_a_folder_of_photos_is_decoded_once(
    folder: Path, paint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn() -> int:
        return len(list(folder.glob("*.npy")))

    monkeypatch.setattr(images, "_KEPT", 1)
    path = paint(*(f"{name}/{index}.png" for name in ("cat", "dog") for index in range(10)))
    first = load_data(f"images:{path}", size=(6, 6))
    assert drawn() == 3
    with monkeypatch.context() as patched:
        patched.setattr(images, "_opened", None)  # no file is opened again
        assert load_data(f"images:{path}", size=(6, 6)).fingerprint == first.fingerprint
    assert drawn() == 3
    load_data(f"images:{path}", size=(6, 6), channels=1)
    load_data(f"images:{path}", size=(6, 8))
    assert drawn() == 9
    (path / "cat" / "1.png").touch()
    assert load_data(f"images:{path}", size=(6, 6)).fingerprint == first.fingerprint
    assert drawn() == 12


def test_a_damaged_file_is_told_each_time_and_what_is_drawn_without_it_is_kept(
    folder: Path, paint: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(images, "_KEPT", 1)
    path = paint(*(f"{name}/{index}.png" for name in ("cat", "dog") for index in range(10)))
    (path / "cat" / "3.png").write_bytes(b"no image")
    for _ in range(2):
        caplog.clear()
        load_data(f"images:{path}", size=(6, 6), skip_broken=True)
        assert any("1 of 20 images are left out: cat/3.png" in message for message in caplog.messages)
        with pytest.raises(AnenasError, match=r"3\.png' cannot be read as an image"):
            load_data(f"images:{path}", size=(6, 6))
    assert len(list(folder.iterdir())) == 3
