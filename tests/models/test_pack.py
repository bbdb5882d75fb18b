from __future__ import annotations

import hashlib
import json
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anenas import AnenasError
from anenas.models._pack import _FILTERS, pack, unpack

CHUNK = 256 * 1024
LIBERAL = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def contents(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model.mlpackage"
    (folder / "Data/weights").mkdir(parents=True)
    (folder / "nothing/inside").mkdir(parents=True)
    random = np.random.default_rng(0)
    weights = random.standard_normal(200_000).astype(np.float16)  # more than a chunk
    (folder / "Data/weights/weight.bin").write_bytes(weights.tobytes())
    (folder / "Manifest.json").write_text('{"version": 1}')
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    return pack(folder, tmp_path / "model.packed").path


def written(path: Path, files: list[Any], folders: list[Any] | None = None, streams: bytes = b"") -> Path:
    """An archive by hand."""
    header = json.dumps({"folders": folders or [], "files": files}).encode()
    path.write_bytes(struct.pack("<7sBQ", b"anenas\0", 1, len(header)) + header + streams)
    return path


def file(path: Any = "a", data: bytes = b"abc", **other: Any) -> tuple[dict[str, Any], bytes]:
    stream = lzma.compress(data, check=lzma.CHECK_NONE)
    digest = hashlib.sha256(data).hexdigest()
    row = {"path": path, "size": len(data), "sha256": digest, "filters": "-", "packed": len(stream), **other}
    return row, stream


def test_a_folder_comes_back_bit_for_bit(folder: Path, archive: Path, tmp_path: Path) -> None:
    assert unpack(archive, tmp_path / "back") == 3
    assert contents(tmp_path / "back") == contents(folder)


def test_equal_folders_give_equal_archives(folder: Path, archive: Path, tmp_path: Path) -> None:
    os.utime(folder / "Manifest.json", (0, 0))
    assert pack(folder, tmp_path / "again").path.read_bytes() == archive.read_bytes()


def test_half_precision_weights_pack_smaller_than_a_zip(folder: Path, tmp_path: Path) -> None:
    packed = pack(folder, tmp_path / "model.packed")
    assert packed.bytes == sum(len(data) for data in contents(folder).values() if data)
    assert packed.packed_bytes == (tmp_path / "model.packed").stat().st_size
    assert packed.packed_bytes < 0.95 * packed.zip_bytes


def test_the_reported_zip_is_as_large_as_a_real_one(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "model.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            file.write(path, path.relative_to(folder))
    real = (tmp_path / "model.zip").stat().st_size
    assert pack(folder, tmp_path / "model.packed").zip_bytes == pytest.approx(real, abs=16)


@pytest.mark.parametrize("name", _FILTERS)
@given(data=st.binary(max_size=50))
def test_every_filter_is_undone(name: str, data: bytes) -> None:
    apply, undo = _FILTERS[name]
    assert undo(apply(data), len(data)) == data


NAMES = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=4)


@LIBERAL
@given(files=st.dictionaries(NAMES, st.binary(max_size=40), max_size=4))
def test_any_files_come_back(tmp_path: Path, files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        source = Path(place, "source")
        source.mkdir()
        for name, data in files.items():
            (source / name).write_bytes(data)
        try:
            archive = pack(source, Path(place, "archive")).path
        except AnenasError as error:
            assert "is there twice" in str(error)  # but for case
            return
        unpack(archive, Path(place, "back"))
        assert contents(Path(place, "back")) == contents(source)


@LIBERAL
@given(at=st.integers(0, 2**32), replaced=st.binary(min_size=1, max_size=8))
def test_a_changed_archive_never_gives_other_contents(
    folder: Path, archive: Path, tmp_path: Path, at: int, replaced: bytes
) -> None:
    data = archive.read_bytes()
    at %= len(data)
    changed = tmp_path / "changed"
    changed.write_bytes(data[:at] + replaced + data[at + len(replaced) :])
    shutil.rmtree(tmp_path / "back", ignore_errors=True)
    try:
        unpack(changed, tmp_path / "back", largest=10**6)
    except AnenasError as error:
        assert "\n" not in str(error)
        assert not (tmp_path / "back").exists()
    else:  # a name may be another one, and the metadata of a stream tell nothing
        before = sorted(value or b"" for value in contents(folder).values())
        assert sorted(value or b"" for value in contents(tmp_path / "back").values()) == before


@LIBERAL
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_archive_is_refused(archive: Path, tmp_path: Path, share: float) -> None:
    data = archive.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(data[: int(share * len(data))])
    before = set(tmp_path.iterdir())
    with pytest.raises(AnenasError, match=r"cut short|not made by"):
        unpack(cut, tmp_path / "back")
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../up",
        "a/../../up",
        "a//b",
        "",
        ".",
        "C:/windows",
        "a\\b",
        "a\0b",
        "a\nb",
        "a/.",
        3,
        None,
        ["a"],
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: Any, tmp_path: Path) -> None:
    row, stream = file(path)
    before = set(tmp_path.iterdir())
    for archive in (
        written(tmp_path / "file", [row], streams=stream),
        written(tmp_path / "folder", [], folders=[path]),
    ):
        with pytest.raises(AnenasError, match=r"is refused|is damaged"):
            unpack(archive, tmp_path / "back")
        archive.unlink()
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("other", ["a", "A", "a/b"])
def test_two_files_in_one_place_are_refused(other: str, tmp_path: Path) -> None:
    rows, streams = zip(file("a"), file(other), strict=True)
    with pytest.raises(AnenasError, match=r"is there twice|in the way"):
        unpack(written(tmp_path / "archive", list(rows), streams=b"".join(streams)), tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": 10**13, "filters": "-" * (10**13 // CHUNK % 1000)}, "too few"),
        ({"size": -1}, "has no size"),
        ({"size": 1.5}, "has no size"),
        ({"size": True}, "has no size"),
        ({"size": 4}, "shorter than its size"),
        ({"size": 2}, "longer than its size"),
        ({"packed": 10}, "ends early|cut short"),
        ({"filters": "x"}, "filters"),
        ({"filters": ["-"]}, "filters"),
        ({"sha256": "0" * 64}, "not what was packed"),
        ({"sha256": None}, "no digest"),
    ],
)
def test_what_a_header_says_is_held_to(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    row, stream = file()
    with pytest.raises(AnenasError, match=message):
        unpack(written(tmp_path / "archive", [{**row, **changes}], streams=stream), tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    row, stream = file(data=bytes(8 * CHUNK), filters="-" * 8)
    archive = written(tmp_path / "archive", [row], streams=stream)
    assert archive.stat().st_size < 2000
    with pytest.raises(AnenasError, match="over the limit of 1,000,000"):
        unpack(archive, tmp_path / "back", largest=10**6)
    # One that tells less than it holds stops at what it told.
    archive = written(tmp_path / "archive", [{**row, "size": 1, "filters": "-"}], streams=stream)
    with pytest.raises(AnenasError, match="longer than its size"):
        unpack(archive, tmp_path / "back", largest=10**6)


def test_what_follows_the_last_file_is_refused(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(AnenasError, match="something follows"):
        unpack(archive, tmp_path / "back")


def test_a_later_version_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(struct.pack("<7sBQ", b"anenas\0", 2, 0))
    with pytest.raises(AnenasError, match="of version 2; this anenas knows version 1"):
        unpack(tmp_path / "archive", tmp_path / "back")


def test_a_folder_that_is_there_is_not_written_into(archive: Path, folder: Path) -> None:
    with pytest.raises(AnenasError, match="is there already"):
        unpack(archive, folder)


def test_links_are_not_packed(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to(folder / "Manifest.json")
    with pytest.raises(AnenasError, match="link is neither file nor folder"):
        pack(folder, tmp_path / "archive")
    assert not (tmp_path / "archive").exists()


def test_an_archive_in_its_own_folder_is_refused(folder: Path) -> None:
    with pytest.raises(AnenasError, match="lies in the folder to pack"):
        pack(folder, folder / "archive")


def test_no_folder_to_pack_or_write_to_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="no folder"):
        pack(tmp_path / "none", tmp_path / "archive")
    with pytest.raises(AnenasError, match="cannot be written"):
        pack(folder, tmp_path / "none/archive")
