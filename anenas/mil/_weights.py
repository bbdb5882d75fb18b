"""The weight files of a package, as coremltools' mlmodel/src/MILBlob/Blob/StorageFormat.hpp lays them out.

A header of 64 bytes, and for each blob 64 bytes of metadata that say where its data begin and how many they are. All
little endian.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from anenas._errors import AnenasError

_HEADER = struct.Struct("<II")  # number of blobs, version
_METADATA = struct.Struct("<IIQQ")  # sentinel, data type, size in bytes, offset of the data
_BLOCK = 64
_VERSION = 2
_SENTINEL = 0xDEADBEEF

Bytes = np.ndarray[Any, np.dtype[np.uint8]]


class WeightFile:
    """A weight file, mapped into memory.

    Args:
        file: Its path.
        package: The package that it is in.

    Raises:
        AnenasError: If its header is cut short, or of another version than is known.
    """

    def __init__(self, file: Path, package: Path) -> None:
        self._name = f"{package}: {file.name}"
        size = file.stat().st_size
        if size < _BLOCK:
            raise AnenasError(f"{self._name} is cut short: it has {size} bytes")
        self._data = np.memmap(file, dtype=np.uint8, mode="r")
        _, version = _HEADER.unpack(bytes(self._data[: _HEADER.size]))
        if version != _VERSION:
            raise AnenasError(f"{self._name} is of storage version {version}; only {_VERSION} is known")

    def blob(self, offset: int) -> Bytes:
        """The bytes of the blob whose metadata are at `offset`, not yet read from disk.

        Raises:
            AnenasError: If the file is cut short or damaged.
        """
        length = len(self._data)
        if offset + _BLOCK > length:
            raise AnenasError(f"{self._name} is cut short: a weight is at byte {offset} of {length}")
        sentinel, _, size, start = _METADATA.unpack(bytes(self._data[offset : offset + _METADATA.size]))
        if sentinel != _SENTINEL:
            raise AnenasError(f"{self._name} is damaged: there is no weight at byte {offset}")
        if start + size > length:
            raise AnenasError(f"{self._name} is cut short: a weight ends at byte {start + size}, the file at {length}")
        return self._data[start : start + size]
