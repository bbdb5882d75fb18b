"""A folder as one small file to download, and back, bit for bit.

The numbers of a weight file hardly repeat, but some of their bits do: of fp16 those of the exponent. A file is cut into
chunks, each goes through the filter that a sample of it comes out smallest with, so that bytes of one kind stand
together, and all chunks of a file make one xz stream, by the LZMA of Python's standard library.

The file, in order, with numbers little endian:

    8 bytes    "anenas", 0, and the version, 1
    8 bytes    length of the header
    header     JSON: {"folders": [path, …], "files": [{"path", "size", "sha256", "filters", "packed"}, …]}
    streams    for each file its xz stream, of "packed" bytes

Paths are relative, with "/". "folders" are those without files. "filters" has a character for each chunk of 256 KiB:

    -    as it is
    2    bytes of 16-bit numbers: all first ones, all second ones
    4    the same of 32-bit numbers
    d    differences to the byte before
    6    6-bit integers, the first in the lowest bits, each in a byte of its own; then what is left of bits

Names and contents are kept; permissions and times are not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import lzma
import shutil
import struct
import tempfile
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from anenas._errors import AnenasError

_MAGIC = b"anenas\0"
_VERSION = 1
_START = struct.Struct("<7sBQ")
_CHUNK = 256 * 1024
_SAMPLE = 32 * 1024
_PIECE = 64 * 1024
# What an archive may ask for before its contents are looked at.
_LARGEST_HEADER, _MOST_FILES, _DICTIONARY, _MEMORY = 16 * 2**20, 100_000, 16 * 2**20, 64 * 2**20
LARGEST = 4 * 10**9
# For each file in a zip: local header, entry of the central directory, and its name twice; and the end record.
_ZIP_FILE, _ZIP_END = 30 + 46, 22


@dataclass(frozen=True)
class PackedFile:
    """One file of an archive.

    Attributes:
        path: In the folder, with "/".
        bytes: Its size.
        packed_bytes: Of its stream.
        zip_bytes: What it would take in a zip, deflated as well as zlib can.
    """

    path: str
    bytes: int
    packed_bytes: int
    zip_bytes: int


@dataclass(frozen=True)
class Packed:
    """An archive that was written.

    Attributes:
        path: Where.
        files: What is in it.
        packed_bytes: Its size.
    """

    path: Path
    files: tuple[PackedFile, ...]
    packed_bytes: int

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    @property
    def zip_bytes(self) -> int:
        """What a zip of the same files would take."""
        return _ZIP_END + sum(file.zip_bytes for file in self.files)


def pack(folder: Path, out: Path) -> Packed:
    """Write a folder, such as a `.mlpackage`, to an archive. Equal folders give equal archives.

    Args:
        folder: What to pack, not itself in the archive.
        out: The archive; replaced whole, or not at all.

    Raises:
        AnenasError: If there is no such folder, it holds something other than files and folders, or a name that not
            every system has, or the archive cannot be written.
    """
    if not folder.is_dir():
        raise AnenasError(f"there is no folder '{folder}' to pack")
    if out.resolve().is_relative_to(folder.resolve()):
        raise AnenasError(f"'{out}' lies in the folder to pack; write it elsewhere")
    files, empty = _contents(folder)
    with _writing(out) as unfinished, tempfile.TemporaryFile(dir=unfinished) as streams:
        packed, rows = [], []
        for path in files:
            one, row = _pack_file(folder / path, path, streams)
            packed.append(one)
            rows.append(row)
        header = json.dumps({"folders": empty, "files": rows}, separators=(",", ":")).encode()
        if len(header) > _LARGEST_HEADER:
            raise AnenasError(f"{folder} holds too many files to pack: their names take {len(header)} bytes")
        archive = unfinished / "archive"
        with archive.open("wb") as target:
            target.write(_START.pack(_MAGIC, _VERSION, len(header)) + header)
            streams.seek(0)
            shutil.copyfileobj(streams, target)
        archive.replace(out)
    return Packed(out, tuple(packed), out.stat().st_size)


def unpack(archive: Path, out: Path, *, largest: int = LARGEST) -> int:
    """Restore the folder of an archive, after `pack`.

    Args:
        archive: A file that anybody may have written.
        out: The folder to make; must be empty if it is there. Written whole, or not at all.
        largest: The most bytes that its files may take.

    Returns:
        How many files it had.

    Raises:
        AnenasError: If it is no archive, damaged, too large, or has paths that lead elsewhere.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise AnenasError(f"'{out}' is there already; give a folder that is not")
    if not archive.is_file():
        raise AnenasError(f"there is no file '{archive}' to unpack")
    with archive.open("rb") as source, _writing(out) as unfinished:
        header = _read_header(archive, source)
        total = sum(file["size"] for file in header["files"])
        if total > largest:
            raise AnenasError(f"{archive} unpacks to {total:,} bytes, over the limit of {largest:,}")
        folder = unfinished / "folder"
        folder.mkdir()
        for path in header["folders"]:
            (folder / path).mkdir(parents=True)
        for file in header["files"]:
            target = folder / file["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                _unpack_file(source, file, target)
            except (lzma.LZMAError, EOFError, ValueError) as error:
                raise AnenasError(f"{archive} is damaged or cut short at {file['path']}: {error}") from error
        if source.read(1):
            raise AnenasError(f"{archive} is damaged: something follows its last file")
        if out.exists():
            out.rmdir()
        folder.replace(out)
    return len(header["files"])


@contextlib.contextmanager
def _writing(out: Path) -> Iterator[Path]:
    """A temporary folder beside what is to be written."""
    try:
        with tempfile.TemporaryDirectory(dir=out.absolute().parent, prefix=".packing-") as folder:
            yield Path(folder)
    except OSError as error:
        raise AnenasError(f"'{out}' cannot be written: {error.strerror or error}") from error


def _contents(folder: Path) -> tuple[list[str], list[str]]:
    """Paths of the files in a folder, and of the folders without any, in order."""
    files, empty = [], []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder).as_posix()
        if problem := _path_problem(relative):
            raise AnenasError(f"{folder} cannot be packed: the name {relative!r} {problem}")
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise AnenasError(f"{folder} cannot be packed: {relative} is neither file nor folder")
        if path.is_file():
            files.append(relative)
        elif not any(path.iterdir()):
            empty.append(relative)
    if problem := _paths_problem(files, empty):
        raise AnenasError(f"{folder} cannot be packed: {problem}")
    return files, empty


def _path_problem(path: str) -> str:
    """What is wrong with a path in an archive, by the rules of every system that it may be unpacked on."""
    if not path or any(part in ("", ".", "..") for part in path.split("/")):
        return "leads elsewhere"
    if any(character in '\\:*?"<>|' or not character.isprintable() for character in path):
        return "has characters that not every system allows"
    return ""


def _paths_problem(files: list[str], empty: list[str]) -> str:
    """What is wrong with paths together: one that is there twice, also on disks that ignore case."""
    seen: set[str] = set()
    for path in (*files, *empty):
        name = unicodedata.normalize("NFC", path).casefold()
        if name in seen:
            return f"{path} is there twice"
        seen.add(name)
    for name in seen:
        if any(name[:at] in seen for at, character in enumerate(name) if character == "/"):
            return f"a file is in the way of {name}"
    return ""


# --- filters


def _transposed(width: int) -> tuple[Callable[[bytes], bytes], Callable[[bytes, int], bytes]]:
    def apply(data: bytes) -> bytes:
        whole = len(data) // width * width
        return np.frombuffer(data, np.uint8, whole).reshape(-1, width).T.tobytes() + data[whole:]

    def undo(data: bytes, size: int) -> bytes:
        whole = size // width * width
        return np.frombuffer(data, np.uint8, whole).reshape(width, -1).T.tobytes() + data[whole:]

    return apply, undo


def _differences(data: bytes) -> bytes:
    return np.diff(np.frombuffer(data, np.uint8), prepend=np.uint8(0)).tobytes()


def _sums(data: bytes, size: int) -> bytes:
    return np.cumsum(np.frombuffer(data, np.uint8), dtype=np.uint8).tobytes()


_INDEX = 6


def _indices(data: bytes) -> bytes:
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    whole = len(bits) // _INDEX * _INDEX
    each = np.packbits(bits[:whole].reshape(-1, _INDEX), axis=1, bitorder="little")
    return each.tobytes() + np.packbits(bits[whole:], bitorder="little").tobytes()


def _from_indices(data: bytes, size: int) -> bytes:
    count, left = divmod(8 * size, _INDEX)
    each = np.unpackbits(np.frombuffer(data, np.uint8, count).reshape(-1, 1), axis=1, bitorder="little")[:, :_INDEX]
    rest = np.unpackbits(np.frombuffer(data, np.uint8, offset=count), count=left, bitorder="little")
    return np.packbits(np.concatenate([each.ravel(), rest]), bitorder="little").tobytes()


# By the character that names it: what it does, what undoes it.
_FILTERS: dict[str, tuple[Callable[[bytes], bytes], Callable[[bytes, int], bytes]]] = {
    "-": (lambda data: data, lambda data, size: data),
    "2": _transposed(2),
    "4": _transposed(4),
    "d": (_differences, _sums),
    "6": (_indices, _from_indices),
}


def _filtered_size(name: str, size: int) -> int:
    """What a filter makes of so many bytes."""
    return 8 * size // _INDEX + -(-(8 * size % _INDEX) // 8) if name == "6" else size


def _best_filter(chunk: bytes) -> str:
    """The filter that a sample from the middle of a chunk is smallest with."""
    start = max(0, (len(chunk) - _SAMPLE) // 2) // 12 * 12  # a multiple of every width of numbers
    sample = chunk[start : start + _SAMPLE]

    def size(name: str) -> int:
        return len(
            lzma.compress(_FILTERS[name][0](sample), lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=_chain(1, len(sample)))
        )

    return min(_FILTERS, key=size)


# --- streams


def _chain(preset: int, size: int) -> list[dict[str, Any]]:
    """LZMA for so many bytes. Where a byte stands, and what the one before it is, tells nothing of weights."""
    dictionary = min(max(size, 4096), _DICTIONARY)
    return [{"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": dictionary, "lc": 0, "lp": 0, "pb": 0}]


def _pack_file(file: Path, path: str, target: BinaryIO) -> tuple[PackedFile, dict[str, Any]]:
    """Append a file's stream; what it takes, and its row in the header."""
    compressor = lzma.LZMACompressor(lzma.FORMAT_XZ, lzma.CHECK_NONE, filters=_chain(9, file.stat().st_size))
    deflated = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    digest, filters, size, zipped, start = hashlib.sha256(), "", 0, 0, target.tell()
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            filters += _best_filter(chunk)
            target.write(compressor.compress(_FILTERS[filters[-1]][0](chunk)))
            zipped += len(deflated.compress(chunk))
            digest.update(chunk)
            size += len(chunk)
    target.write(compressor.flush())
    zipped += len(deflated.flush())
    packed = target.tell() - start
    row = {"path": path, "size": size, "sha256": digest.hexdigest(), "filters": filters, "packed": packed}
    return PackedFile(path, size, packed, zipped + _ZIP_FILE + 2 * len(path.encode())), row


class _Stream:
    """The contents of one xz stream of a known length, in pieces of a known length."""

    def __init__(self, source: BinaryIO, packed: int) -> None:
        self._source, self._left = source, packed
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)

    def take(self, size: int) -> bytes:
        """Exactly so many bytes of it."""
        pieces, missing = [], size
        while missing:
            piece = self._more(missing)
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def end(self) -> None:
        """It must hold no more."""
        while not self._decompressor.eof:
            if self._more(1):
                raise ValueError("it is longer than its size")
        if self._left or self._decompressor.unused_data:
            raise ValueError("something follows its stream")

    def _more(self, most: int) -> bytes:
        if self._decompressor.eof:
            raise EOFError("it is shorter than its size")
        data = b""
        if self._decompressor.needs_input:
            data = self._source.read(min(_PIECE, self._left))
            self._left -= len(data)
            if not data:
                raise EOFError("its stream ends early")
        return self._decompressor.decompress(data, most)


def _unpack_file(source: BinaryIO, row: dict[str, Any], target: Path) -> None:
    stream, digest, left = _Stream(source, row["packed"]), hashlib.sha256(), row["size"]
    with target.open("xb") as file:
        for name in row["filters"]:
            size = min(left, _CHUNK)
            chunk = _FILTERS[name][1](stream.take(_filtered_size(name, size)), size)
            digest.update(chunk)
            file.write(chunk)
            left -= size
    stream.end()
    if digest.hexdigest() != row["sha256"]:
        raise ValueError("its contents are not what was packed")


def _read_header(archive: Path, source: BinaryIO) -> dict[str, Any]:
    start = source.read(_START.size)
    if len(start) < _START.size or not start.startswith(_MAGIC):
        raise AnenasError(f"{archive} was not made by `anenas pack`, or is cut short")
    _, version, length = _START.unpack(start)
    if version != _VERSION:
        raise AnenasError(f"{archive} is of version {version}; this anenas knows version {_VERSION}")
    if length > _LARGEST_HEADER:
        raise AnenasError(f"{archive} is damaged: a header of {length:,} bytes")
    try:
        header = json.loads(source.read(length))
        problem = _header_problem(header)
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise AnenasError(f"{archive} is damaged or cut short: its header cannot be read") from error
    if problem:
        raise AnenasError(f"{archive} is refused: {problem}")
    return dict(header)


def _header_problem(header: Any) -> str:
    files, folders = header["files"], header["folders"]
    if len(files) + len(folders) > _MOST_FILES:
        return f"it has more than {_MOST_FILES:,} files"
    paths = [file["path"] for file in files]
    for path in (*paths, *folders):
        if not isinstance(path, str):
            return "a path is no text"
        if problem := _path_problem(path):
            return f"the path {path!r} {problem}"
    for file in files:
        for number in (file["size"], file["packed"]):
            if type(number) is not int or number < 0:
                return f"{file['path']} has no size"
        if not isinstance(file["sha256"], str) or not isinstance(file["filters"], str):
            return f"{file['path']} has no digest or filters"
        if len(file["filters"]) != -(-file["size"] // _CHUNK) or not set(file["filters"]) <= set(_FILTERS):
            return f"{file['path']} has filters that are not known, or too few"
    return _paths_problem(paths, folders)
