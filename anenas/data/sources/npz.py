"""Data sets in one .npz file."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import is_file, is_folder
from anenas.data._arrays import MORE_KEYS, NEEDED_KEYS, check_keys, raw_of_arrays
from anenas.data._format import InputFormat
from anenas.data._raw import RawData, file_safe
from anenas.data._sources import source

_PLAIN = {"class_names": "strings", **dict.fromkeys(("train_x", "validation_x", "test_x"), "numbers, or of strings")}


@source("npz", rest="FILE", suffix=".npz")
def read_npz(rest: str, wanted: InputFormat) -> RawData:
    """A data set from the arrays of a file, see `raw_of_arrays`. Nothing is ever unpickled.

    Raises:
        AnenasError: The file is not there, is damaged, or its arrays are not as described.
    """
    path = Path(rest).expanduser()
    return raw_of_arrays(f"'{path}'", file_safe(path.stem), _read_arrays(path), wanted)


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if not is_file(path):
        raise AnenasError(f"'{path}' is {'a folder' if is_folder(path) else 'not there'}; expected an .npz file")
    if not zipfile.is_zipfile(path):
        raise AnenasError(f"'{path}' is not an .npz file, or is cut short; write it with numpy.savez_compressed")
    key = ""
    arrays = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            check_keys(f"'{path}'", file.files)
            for key in (*NEEDED_KEYS, *MORE_KEYS):
                if key in file.files:
                    arrays[key] = np.asarray(file[key])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        if "Object arrays" in str(error):
            raise AnenasError(
                f"'{path}': '{key}' holds Python objects, which anenas never unpickles; "
                f"save it as a plain array of {_PLAIN.get(key, 'numbers')}"
            ) from error
        raise AnenasError(f"'{path}' is damaged ({error}); write or copy it again") from error
    return arrays
