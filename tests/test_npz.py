from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from anenas import _npz
from anenas._errors import AnenasError
from anenas._npz import opened_npz


def written(path: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A file of one array `a`, by hand."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.npy", content)
    return path


def header(shape: tuple[int, ...], dtype: str = "<f4") -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": dtype, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(AnenasError) as raised, opened_npz(path) as file:
        file.read("a")
    assert str(raised.value).isprintable()
    return str(raised.value)


def test_arrays_are_what_was_saved(tmp_path: Path) -> None:
    a, b = np.arange(12, dtype=np.int16).reshape(3, 4).T, np.array(["é", "名"])
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", a=a, b=b, c=np.float64(3), d=np.zeros((0, 5)))
        with opened_npz(tmp_path / "a.npz") as file:
            assert file.names == ["a", "b", "c", "d"]
            np.testing.assert_array_equal(file.read("a"), a)
            np.testing.assert_array_equal(file.read("b"), b)
            assert file.read("c") == 3
            assert file.read("d").shape == (0, 5)


def test_a_header_that_asks_for_terabytes_is_refused(tmp_path: Path) -> None:
    assert "it says (10000000000000,) of float32, and has 16 bytes" in refusal(
        written(tmp_path / "a.npz", header((10**13,)) + bytes(16))
    )


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\x09\0", b"no array", header((2,), "|O") + b"cos\nsystem\n"])
def test_what_is_no_array_is_refused(tmp_path: Path, content: bytes) -> None:
    assert "'a'" in refusal(written(tmp_path / "a.npz", content))


def test_a_file_that_unfolds_to_far_more_than_data_do_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.npz", header((10**6,)) + bytes(4 * 10**6))
    with opened_npz(path) as file:  # small enough, whatever it folds to
        assert len(file.read("a")) == 10**6
    monkeypatch.setattr(_npz, "_LARGEST", 10**6)
    assert "decompresses to 4,000,128, more than real data would" in refusal(path)


def test_a_name_of_several_lines_is_refused_in_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("a\nb.npy", b"")
    assert r"an array is called 'a\nb'" in refusal(tmp_path / "a.npz")
