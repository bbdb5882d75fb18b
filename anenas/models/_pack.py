"""Packing a folder into one small file that any `tar` opens, and back, bit for bit."""

from __future__ import annotations

import lzma
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from anenas._errors import AnenasError, first_line, plain
from anenas._files import is_file, is_folder, replacing

# A byte is predicted from its position, even or odd, not from the byte before it: in fp16 numbers, exponents from
# exponents. That is up to 5 % smaller than xz's default (experiments/packing.py).
_XZ = [{"id": lzma.FILTER_LZMA2, "preset": 6, "lc": 0, "lp": 1, "pb": 1}]
_EPOCH = 315532800  # of every file: 1980, the earliest that all systems know
LARGEST = 4 * 10**9
# What an archive may ask for before its contents are known; `xz -9` needs 65 MiB.
_MEMORY, _MOST_FILES, _LARGEST_HEADER, _MOST_HEADERS, _DEEPEST = 128 * 2**20, 100_000, 2**20, 2**28, 64
# Bytes that its files may take however small it is, and how many times its own size beyond that.
_UNFOLDED, _TIMES = 2**28, 200


@dataclass(frozen=True)
class Packed:
    """A written archive: its path, its number of files, their bytes, and its own."""

    path: Path
    files: int
    bytes: int
    packed_bytes: int


def pack(folder: Path, out: Path) -> Packed:
    """Write a folder, such as a `.mlpackage`, to a `.tar.xz` that holds it under its name.

    Names and contents are kept, permissions and times are not: equal folders of one name give equal archives.

    Raises:
        AnenasError: If there is no such folder, it holds anything but files and folders, or `out` cannot be written.
    """
    if not is_folder(folder):
        raise AnenasError(f"there is no folder '{folder}' to pack")
    folder = folder.resolve()
    if out.resolve().is_relative_to(folder):
        raise AnenasError(f"'{out}' is inside the folder to pack; write it elsewhere")
    paths = list(folder.rglob("*"))
    if odd := [path for path in paths if path.is_symlink() or not (path.is_file() or path.is_dir())]:
        raise AnenasError(f"{folder} cannot be packed: {odd[0].relative_to(folder)} is neither a file nor a folder")
    sizes = [path.stat().st_size for path in paths if path.is_file()]
    try:
        with (
            replacing(out) as unfinished,
            lzma.open(unfinished, "wb", filters=_XZ) as stream,
            tarfile.open(fileobj=stream, mode="w", dereference=True) as archive,  # hard links are files
        ):
            archive.add(folder, folder.name, filter=_plain)  # in the order of names
    except OSError as error:
        raise AnenasError(f"'{out}' cannot be written: {error.strerror or error}") from error
    return Packed(out, len(sizes), sum(sizes), out.stat().st_size)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    mode = 0o755 if member.isdir() else 0o644
    return member.replace(mtime=_EPOCH, mode=mode, uid=0, gid=0, uname="", gname="", deep=False)


def unpack(archive: Path, out: Path, *, largest: int = LARGEST) -> int:
    """Restore the folder of `pack`'s or any other `.tar.xz`, whole or not at all, and return how many files it has.

    Args:
        archive: An untrusted file.
        out: The folder to make; must be empty if it exists.
        largest: The most bytes that its files may take.

    Raises:
        AnenasError: If it is not an archive, damaged, too large, or holds links or paths that lead elsewhere.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AnenasError(f"'{out}' exists already; name another folder")
    if not is_file(archive):
        raise AnenasError(f"there is no file '{archive}' to unpack")
    try:
        with archive.open("rb") as file, replacing(out) as unfinished:
            if file.peek(7).startswith(b"anenas\0"):
                raise ValueError("anenas wrote it before 0.1.0 (commit 1f8b655): unpack it with that, or pack it again")
            content = unfinished.with_name("content")
            content.mkdir()
            count = _extract(_Stream(file), content, largest, archive.stat().st_size)
            inside = list(content.iterdir())
            (inside[0] if len(inside) == 1 and inside[0].is_dir() else content).replace(unfinished)
    except (lzma.LZMAError, tarfile.TarError, EOFError, ValueError, RecursionError) as error:
        raise AnenasError(f"{archive} cannot be unpacked: {plain(first_line(error))}") from error
    except OSError as error:
        raise AnenasError(f"'{out}' cannot be written: {error.strerror or error}") from error
    return count


def _extract(stream: _Stream, content: Path, largest: int, packed: int) -> int:
    total = files = 0
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
        for member in archive:
            if not (member.isdir() or (member.isreg() and not member.issparse())):
                raise ValueError(f"{plain(member.name, 60)} is neither file nor folder")
            if member.isreg() and (content / member.name).exists():  # as the disk sees it, which may ignore case
                raise ValueError(f"{plain(member.name, 60)} is there twice")
            total, files = total + member.size, files + member.isreg()
            if total > largest or len(archive.members) > _MOST_FILES:
                raise ValueError(f"it is over the limit of {largest:,} bytes or {_MOST_FILES:,} files")
            stream.allowed = member.size + _LARGEST_HEADER
            if total > max(_UNFOLDED, _TIMES * packed) or stream.taken > total + _MOST_HEADERS:
                raise ValueError(f"its {packed:,} bytes unfold to {max(total, stream.taken):,}, which no model does")
            if member.name.count("/") > _DEEPEST:
                raise ValueError(f"{plain(member.name, 60)} lies deeper than {_DEEPEST} folders")
            archive.extract(member, content, set_attrs=False, filter="data")
            stream.allowed = _LARGEST_HEADER
    if any(stream.read(_LARGEST_HEADER + 1)):
        raise ValueError("it is damaged")
    return files


class _Stream:
    """Decompresses an xz stream in little memory, and no more of it than is `allowed`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.allowed, self.taken = file, _LARGEST_HEADER, 0
        self._xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def read(self, size: int) -> bytes:
        data = b""
        while len(data) < size and not self._xz.eof:
            piece = self._file.read(2**16) if self._xz.needs_input else b""
            if self._xz.needs_input and not piece:
                raise EOFError("it is incomplete")
            data += self._xz.decompress(piece, size - len(data))
        self.allowed, self.taken = self.allowed - len(data), self.taken + len(data)
        if self.allowed < 0:
            raise ValueError("it holds more than it says")
        if self._xz.eof and (self._xz.unused_data or self._file.read(1)):
            raise ValueError("something follows its end")
        return data
