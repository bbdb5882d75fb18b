"""Reading `.npz` files of others: nothing is unpickled, and nothing takes more memory than the file says it needs."""

from __future__ import annotations

import contextlib
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.lib import format as npy
from numpy.typing import NDArray

from anenas._errors import AnenasError, first_line, plain
from anenas._files import is_file, is_folder

_LARGEST = 2**31  # bytes that a file may unfold to, however small it is
_TIMES = 200  # and how many times its own size beyond that: pictures and measurements fold to a tenth at best
_MOST_ARRAYS = 10_000
_SUFFIX = ".npy"


class Npz:
    """An open `.npz` file."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self._path, self._archive = path, archive
        entries = archive.infolist()
        if len(entries) > _MOST_ARRAYS:
            raise ValueError(f"{len(entries):,} entries")
        self._entries = {one.filename.removesuffix(_SUFFIX): one for one in entries}
        for name in self._entries:
            if plain(name) != name:
                raise ValueError(f"an array is called '{plain(name)}'")
        total, size = sum(one.file_size for one in entries), path.stat().st_size
        if total > max(_LARGEST, _TIMES * size):
            raise AnenasError(
                f"'{path}' has {size:,} bytes but decompresses to {total:,}, more than real data would; save it again "
                f"with numpy.savez"
            )

    @property
    def names(self) -> list[str]:
        """The names of its arrays."""
        return list(self._entries)

    def read(self, name: str) -> NDArray[Any]:
        """The array of that name.

        Raises:
            AnenasError: If it holds Python objects, or is damaged.
        """
        entry = self._entries[name]
        try:
            with self._archive.open(entry) as stream:
                self._check(name, stream, entry.file_size)
            with self._archive.open(entry) as stream:
                array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
                return array
        except AnenasError:
            raise
        except Exception as error:  # whatever numpy, zipfile and what unpacks raise for damaged files
            raise AnenasError(
                f"'{self._path}': the array '{name}' is damaged ({plain(first_line(error))}); write or copy it again"
            ) from error

    def _check(self, name: str, stream: Any, size: int) -> None:
        """Check, before there is memory for it, that an array is as large as its header says."""
        version = npy.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version} of the format")
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(stream)  # type: ignore[no-untyped-call]
        if dtype.hasobject:
            raise AnenasError(
                f"'{self._path}': '{name}' contains Python objects, which anenas never unpickles; save it as a plain "
                f"array of numbers or strings"
            )
        if not dtype.itemsize or not all(count >= 0 for count in shape):
            raise ValueError(f"elements of the type {dtype}, {shape}")
        if (there := size - stream.tell()) != math.prod(shape) * dtype.itemsize:
            raise ValueError(f"it says {shape} of {dtype}, and has {there:,} bytes")


def _is_archive(path: Path) -> bool:
    """Whether it is a zip file from its first byte on; Python reads one behind anything, even a pickle."""
    with path.open("rb") as file:
        return file.read(2) == b"PK" and zipfile.is_zipfile(path)


@contextlib.contextmanager
def opened_npz(path: Path) -> Iterator[Npz]:
    """Open an `.npz` file.

    Raises:
        AnenasError: If there is no such file, it is damaged, or it unfolds to far more than data do.
    """
    if not is_file(path):
        raise AnenasError(f"'{path}' is {'a folder' if is_folder(path) else 'not there'}; expected an .npz file")
    if not _is_archive(path):
        raise AnenasError(f"'{path}' is not an .npz file, or is incomplete; write it with numpy.savez_compressed")
    try:
        archive = zipfile.ZipFile(path)
        npz = Npz(path, archive)
    except AnenasError:
        raise
    except Exception as error:  # as above
        raise AnenasError(f"'{path}' is damaged ({plain(first_line(error))}); write or copy it again") from error
    with archive:
        yield npz
