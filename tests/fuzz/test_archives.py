"""Archives of models, `.tar.xz`."""

from __future__ import annotations

import io
import lzma
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from fuzzing import NUMBERS, TEXTS, damaged, fuzz, lawful
from hypothesis import given
from hypothesis import strategies as st

from anenas.models import unpack

KINDS = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.XHDTYPE,
         tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_SPARSE, tarfile.CHRTYPE]  # fmt: skip
NAMES = st.sampled_from(["a", "A", "a/b", "./a", "../x", "/tmp/x", "a/" * 200 + "b", "a" * 300, "con", "a/../../x"])


def _tar(draw: Any) -> bytes:
    stream = io.BytesIO()
    for _ in range(draw(st.integers(1, 4))):
        name, kind = draw(NAMES | TEXTS), draw(st.sampled_from(KINDS[:2] * 4 + KINDS))
        info = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
        info.type, info.linkname = kind, draw(st.sampled_from(["", "/etc/passwd", "../..", "a"]))
        data = draw(st.binary(max_size=30)) * draw(st.sampled_from([1, 1, 20, 10_000]))
        info.size = len(data) if draw(st.integers(0, 4)) else abs(draw(NUMBERS))
        info.mode, info.mtime = draw(st.sampled_from([0, 0o644, 0o7777])), draw(st.integers(-(2**40), 2**40))
        stream.write(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        stream.write(data + bytes(-len(data) % 512))
    return stream.getvalue() + (bytes(1024) if draw(st.integers(0, 5)) else b"")


@fuzz()
@given(data=st.data())
def test_an_archive_of_which_members_or_bytes_are_others(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    try:
        (folder / "outside").mkdir()
        tar = _tar(data.draw)
        if data.draw(st.integers(0, 3)) == 0:
            tar = data.draw(damaged(tar))
        packed = lzma.compress(tar, preset=0)
        if data.draw(st.integers(0, 3)) == 0:
            packed = data.draw(damaged(packed))
        path = folder / "outside" / "model.tar.xz"
        path.write_bytes(packed)
        with lawful(folder / "outside"):
            unpack(path, folder / "back")
        there = {one.name for one in folder.iterdir()}
        assert there <= {"outside", "back"}, f"left in the folder: {there}"
        assert not any(one.is_symlink() for one in folder.rglob("*"))
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("member", [bytes(10**6), b""])
def test_a_bomb_is_refused_in_time(tmp_path: Path, member: bytes) -> None:
    info = tarfile.TarInfo("a")
    info.size = len(member)
    one = info.tobuf(tarfile.GNU_FORMAT) + member + bytes(-len(member) % 512)
    packer, path = lzma.LZMACompressor(preset=0), tmp_path / "bomb.tar.xz"
    with path.open("wb") as file:
        for index in range(400):
            info.name = str(index)
            file.write(packer.compress(info.tobuf(tarfile.GNU_FORMAT) + one[512:] + (b"" if member else one * 200)))
        file.write(packer.flush())
    with lawful(tmp_path):
        unpack(path, tmp_path / "back")
