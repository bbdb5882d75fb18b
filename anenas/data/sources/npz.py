"""Data sets in one .npz file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from anenas._files import expanded
from anenas._npz import opened_npz
from anenas.data._arrays import MORE_KEYS, NEEDED_KEYS, check_keys, raw_of_arrays
from anenas.data._format import InputFormat
from anenas.data._raw import RawData, file_safe
from anenas.data._sources import source


@source("npz", rest="FILE", suffix=".npz")
def read_npz(rest: str, wanted: InputFormat) -> RawData:
    """A data set from the arrays of a file, see `raw_of_arrays`. Nothing is ever unpickled.

    Raises:
        AnenasError: The file is not there, is damaged, or its arrays are not as described.
    """
    path = expanded(rest)
    return raw_of_arrays(f"'{path}'", file_safe(path.stem), _read_arrays(path), wanted)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    with opened_npz(path) as file:
        check_keys(f"'{path}'", file.names)
        return {key: file.read(key) for key in (*NEEDED_KEYS, *MORE_KEYS) if key in file.names}
