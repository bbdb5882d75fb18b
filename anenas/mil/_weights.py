"""The weight files of a package, in the format of coremltools' mlmodel/src/MILBlob/Blob/StorageFormat.hpp.

A header of 64 bytes, and for each blob 64 bytes of metadata with the offset and size of its data. All little endian.
"""

from __future__ import annotations

import struct
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from anenas._errors import AnenasError, plain
from anenas._files import is_file

_HEADER = struct.Struct("<II")  # number of blobs, version
_METADATA = struct.Struct("<IIQQ")  # sentinel, data type, size in bytes, offset of the data
_BLOCK = 64
_VERSION = 2
_SENTINEL = 0xDEADBEEF

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class Weights:
    """The weight files of a package, each mapped into memory when it is first read.

    Args:
        package: Its folder.
        folder: The model's folder, which programs name weight files relative to.
    """

    def __init__(self, package: Path, folder: Path) -> None:
        self.package = package
        self._folder = folder
        self._files: dict[str, Bytes] = {}

    def blob(self, file_name: str, offset: int) -> Bytes:
        """The bytes of a blob, not yet read from disk.

        Args:
            file_name: As in a program, such as "@model_path/weights/weight.bin".
            offset: Of the blob's metadata.

        Raises:
            AnenasError: If the package has no such file, or it is truncated, damaged or of another version.
        """
        if file_name not in self._files:
            self._files[file_name] = self._mapped(file_name)
        data, name = self._files[file_name], PurePosixPath(file_name).name
        if offset + _BLOCK > len(data):
            raise AnenasError(f"{self.package}: {name} is incomplete: a weight is at byte {offset} of {len(data)}")
        sentinel, _, size, start = _METADATA.unpack(bytes(data[offset : offset + _METADATA.size]))
        if sentinel != _SENTINEL:
            raise AnenasError(f"{self.package}: {name} is damaged: there is no weight at byte {offset}")
        if start + size > len(data):
            raise AnenasError(
                f"{self.package}: {name} is incomplete: a weight ends at byte {start + size}, the file at {len(data)}"
            )
        return data[start : start + size]

    def _mapped(self, file_name: str) -> Bytes:
        relative = file_name.removeprefix("@model_path").lstrip("/")
        file = inside(self.package, self._folder / relative, f"the weight file {plain(file_name)}")
        if not is_file(file):
            raise AnenasError(f"{self.package} is incomplete: it has no weight file {plain(relative)}")
        size = file.stat().st_size
        if size < _BLOCK:
            raise AnenasError(f"{self.package}: {file.name} is incomplete: it has {size} bytes")
        data = np.memmap(file, dtype=np.uint8, mode="r")
        _, version = _HEADER.unpack(bytes(data[: _HEADER.size]))
        if version != _VERSION:
            raise AnenasError(
                f"{self.package}: {file.name} has storage version {version}; only {_VERSION} is supported"
            )
        return data


def inside(package: Path, file: Path, what: str) -> Path:
    """`file`, which must be in the package after links and dots are resolved.

    Raises:
        AnenasError: If it is not, or is a path that leads nowhere.
    """
    try:
        is_inside = file.resolve().is_relative_to(package.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # a name too long, links in a circle, a null byte
        raise AnenasError(f"{package} is rejected: {what} is not the path of a file") from error
    if not is_inside:
        raise AnenasError(f"{package} is rejected: {what} is outside of it")
    return file
