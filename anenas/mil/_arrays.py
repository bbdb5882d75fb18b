"""Inputs and outputs as `.npz` files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas._files import is_file, is_folder, replacing
from anenas.mil._values import Array


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of an `.npz` file by name. Nothing is ever unpickled.

    Raises:
        AnenasError: If there is no such file, or an array cannot be read.
    """
    if not is_file(path):
        raise AnenasError(f"'{path}' is {'a folder' if is_folder(path) else 'not there'}; expected an .npz file")
    if not zipfile.is_zipfile(path):
        raise AnenasError(f"'{path}' is not an .npz file, or is cut short; write it with numpy.savez")
    arrays = {}
    name = ""
    try:
        with np.load(path, allow_pickle=False) as file:
            for name in file.files:
                arrays[name] = file[name]
    except Exception as error:  # whatever numpy, zipfile and zlib raise for damaged files
        raise AnenasError(f"'{path}': the array '{name}' cannot be read; it must hold numbers") from error
    return arrays


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Writes an `.npz` file whole, or not at all.

    Raises:
        AnenasError: If the folder does not exist or cannot be written to.
    """
    try:
        with replacing(path) as unfinished, zipfile.ZipFile(unfinished, "w") as archive:
            for name, array in arrays.items():  # `np.savez` takes names such as "file" for its own arguments
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
    except OSError as error:
        raise AnenasError(f"'{path}' cannot be written: {error.strerror or error}") from error
