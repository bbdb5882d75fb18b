from __future__ import annotations

import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anenas import AnenasError
from anenas.models import _pack, pack, unpack

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
    weights = random.standard_normal(200_000).astype(np.float16)
    (folder / "Data/weights/weight.bin").write_bytes(weights.tobytes())
    (folder / "Manifest.json").write_text('{"version": 1}')
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    return pack(folder, tmp_path / "model.tar.xz").path


def member(name: str, data: bytes = b"abc", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def written(path: Path, members: Iterable[tuple[tarfile.TarInfo, bytes]], after: bytes = b"") -> Path:
    """An archive by hand."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as file:
        for info, data in members:
            file.addfile(info, io.BytesIO(data))
    path.write_bytes(lzma.compress(tar.getvalue() + after))
    return path


def test_a_folder_comes_back_bit_for_bit(folder: Path, archive: Path, tmp_path: Path) -> None:
    assert unpack(archive, tmp_path / "back") == 3
    assert contents(tmp_path / "back") == contents(folder)


def test_ordinary_tools_open_it_under_the_folders_name(folder: Path, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "by-tar").mkdir()
    with tarfile.open(archive) as file:
        file.extractall(tmp_path / "by-tar", filter="data")
    assert contents(tmp_path / "by-tar" / "model.mlpackage") == contents(folder)
    if (tar := shutil.which("tar")) and shutil.which("xz"):
        listed = subprocess.run([tar, "tf", archive], capture_output=True, text=True, check=True).stdout
        assert "model.mlpackage/Data/weights/weight.bin" in listed


@pytest.mark.parametrize("whole", [True, False])
def test_what_ordinary_tools_packed_is_unpacked(whole: bool, folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "by-tar", "w:xz", preset=9) as file:
        file.add(folder, "model.mlpackage" if whole else ".")
    assert unpack(tmp_path / "by-tar", tmp_path / "back") == 3
    assert contents(tmp_path / "back") == contents(folder)


def test_equal_folders_give_equal_archives(folder: Path, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    copy = shutil.copytree(folder, tmp_path / "other" / folder.name)
    os.utime(copy / "Manifest.json", (0, 0))
    (copy / "Manifest.json").chmod(0o600)
    assert pack(copy, tmp_path / "again").path.read_bytes() == archive.read_bytes()


def test_files_in_many_places_are_files(folder: Path, tmp_path: Path) -> None:
    os.link(folder / "Manifest.json", folder / "same.json")
    assert pack(folder, tmp_path / "archive").files == 4
    assert unpack(tmp_path / "archive", tmp_path / "back") == 4
    assert contents(tmp_path / "back") == contents(folder)


def test_half_precision_weights_pack_smaller_than_xz_does_by_itself(folder: Path, tmp_path: Path) -> None:
    packed = pack(folder, tmp_path / "archive")
    assert packed.bytes == sum(len(data) for data in contents(folder).values() if data)
    assert packed.packed_bytes == (tmp_path / "archive").stat().st_size
    with tarfile.open(tmp_path / "by-tar", "w:xz", preset=9) as file:
        file.add(folder, folder.name)
    assert packed.packed_bytes < 0.97 * (tmp_path / "by-tar").stat().st_size


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), max_size=60)


@LIBERAL
@given(
    files=st.dictionaries(NAMES.filter(lambda name: name not in ("", ".", "..")), st.binary(max_size=40), max_size=4)
)
def test_any_files_come_back(tmp_path: Path, files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as place:
        source = Path(place, "source")
        source.mkdir()
        for name, data in files.items():
            (source / name).write_bytes(data)
        assert unpack(pack(source, Path(place, "archive")).path, Path(place, "back")) == len(files)
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
    else:  # what was written may have been there before
        assert contents(tmp_path / "back") == contents(folder)


@LIBERAL
@given(part=st.floats(0, 1, exclude_max=True))
def test_a_truncated_archive_is_refused(archive: Path, tmp_path: Path, part: float) -> None:
    data = archive.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(data[: int(part * len(data))])
    before = set(tmp_path.iterdir())
    with pytest.raises(AnenasError, match="is incomplete"):
        unpack(cut, tmp_path / "back")
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["../up", "a/../../up", "/../up"])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_paths_that_lead_elsewhere_are_refused(name: str, kind: bytes, tmp_path: Path) -> None:
    archive = written(tmp_path / "archive", [member(name, b"", type=kind)])
    before = set(tmp_path.rglob("*"))
    with pytest.raises(AnenasError, match=r"outside the destination|is there twice"):
        unpack(archive, tmp_path / "back")
    assert set(tmp_path.rglob("*")) == before


def test_an_absolute_path_is_one_in_the_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    unpack(written(tmp_path / "archive", [member(str(elsewhere)), member("b")]), tmp_path / "back")
    assert not elsewhere.exists()
    assert contents(tmp_path / "back")[str(elsewhere).removeprefix("/")] == b"abc"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_nothing_but_files_and_folders_is_unpacked(kind: bytes, tmp_path: Path) -> None:
    link = member("link", b"", type=kind, linkname="a")
    with pytest.raises(AnenasError, match="neither file nor folder"):
        unpack(written(tmp_path / "archive", [member("a"), link]), tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("other", ["a", "./a", "a/b"])
def test_two_files_in_one_place_are_refused(other: str, tmp_path: Path) -> None:
    archive = written(tmp_path / "archive", [member("a"), member(other)])
    with pytest.raises(AnenasError, match=r"is there twice|cannot be written"):
        unpack(archive, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = written(tmp_path / "archive", [member("a", bytes(2 * 10**6))])
    assert archive.stat().st_size < 2000
    with pytest.raises(AnenasError, match="over the limit of 1,000,000 bytes"):
        unpack(archive, tmp_path / "back", largest=10**6)
    assert not (tmp_path / "back").exists()


def test_a_bomb_of_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pack, "_MOST_FILES", 10)
    archive = written(tmp_path / "archive", [member(str(i), b"") for i in range(11)])
    with pytest.raises(AnenasError, match="or 10 files"):
        unpack(archive, tmp_path / "back")


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_is_a_bomb_takes_no_memory(kind: bytes, tmp_path: Path) -> None:
    archive = written(tmp_path / "archive", [member("a", bytes(10**8), type=kind), member("b")])
    tracemalloc.start()
    with pytest.raises(AnenasError, match="holds more than it says"):
        unpack(archive, tmp_path / "back")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**7


def test_a_dictionary_of_gigabytes_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 2**28}]
    (tmp_path / "archive").write_bytes(lzma.compress(bytes(1024), filters=filters))
    with pytest.raises(AnenasError, match="Memory usage limit"):
        unpack(tmp_path / "archive", tmp_path / "back")


def test_a_size_below_zero_does_not_go_round_in_circles(tmp_path: Path) -> None:
    info = tarfile.TarInfo("a")
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 11 + b"\x00"  # −256 in base 256
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    (tmp_path / "archive").write_bytes(lzma.compress(bytes(block) + bytes(10240)))
    with pytest.raises(AnenasError, match="cannot be unpacked"):
        unpack(tmp_path / "archive", tmp_path / "back")


def test_what_follows_the_last_file_is_refused(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(AnenasError, match="something follows"):
        unpack(archive, tmp_path / "back")
    with pytest.raises(AnenasError, match="is damaged"):
        unpack(written(tmp_path / "tail", [member("a")], after=bytes(20_000) + b"x"), tmp_path / "back")
    with pytest.raises(AnenasError, match="holds more than it says"):
        unpack(written(tmp_path / "zeros", [member("a")], after=bytes(10**7)), tmp_path / "back")


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"not an archive at all" * 100])
def test_what_is_no_archive_is_one_clear_line(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(data)
    with pytest.raises(AnenasError, match="archive cannot be unpacked: ") as told:
        unpack(tmp_path / "archive", tmp_path / "back")
    assert "\n" not in str(told.value)


def test_an_archive_of_before_the_first_release_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"anenas\0\x01\2\0\0\0\0\0\0\0{}")
    with pytest.raises(AnenasError, match=r"anenas wrote it before 0\.1\.0 .*: unpack it with that, or pack it again"):
        unpack(tmp_path / "archive", tmp_path / "back")


def test_a_folder_that_is_there_is_not_written_into(archive: Path, folder: Path) -> None:
    with pytest.raises(AnenasError, match="exists already"):
        unpack(archive, folder)


def test_an_empty_folder_that_is_there_is_filled(archive: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    unpack(archive, tmp_path / "back")
    assert contents(tmp_path / "back") == contents(folder)


def test_links_are_not_packed(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to(folder / "Manifest.json")
    with pytest.raises(AnenasError, match="link is neither a file nor a folder"):
        pack(folder, tmp_path / "archive")
    assert not (tmp_path / "archive").exists()


def test_an_archive_in_its_own_folder_is_refused(folder: Path) -> None:
    with pytest.raises(AnenasError, match="is inside the folder to pack"):
        pack(folder, folder / "archive")


def test_no_folder_to_pack_or_write_to_is_one_line(folder: Path, archive: Path, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match="no folder"):
        pack(tmp_path / "none", tmp_path / "archive")
    with pytest.raises(AnenasError, match="cannot be written"):
        pack(folder, tmp_path / "none/archive")
    with pytest.raises(AnenasError, match="no file"):
        unpack(tmp_path / "none", tmp_path / "back")
    with pytest.raises(AnenasError, match="cannot be written"):
        unpack(archive, tmp_path / "none/back")


def test_what_unfolds_to_far_more_than_a_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = written(tmp_path / "archive", [member("a", bytes(2 * 10**6))])
    monkeypatch.setattr(_pack, "_UNFOLDED", 10**6)
    with pytest.raises(AnenasError, match="bytes unfold to 2,000,000, which no model does"):
        unpack(archive, tmp_path / "back")


def test_folders_in_folders_without_end_are_refused(tmp_path: Path) -> None:
    archive = written(tmp_path / "archive", [member("a/" * 200 + "b")])
    with pytest.raises(AnenasError, match="lies deeper than 64 folders"):
        unpack(archive, tmp_path / "back")
