"""Inputs and outputs as `.npz` files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas._files import replacing
from anenas._npz import opened_npz
from anenas.mil._values import Array


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of an `.npz` file by name. Nothing is ever unpickled.

    Raises:
        AnenasError: If there is no such file, or an array cannot be read.
    """
    with opened_npz(path) as file:
        return {name: file.read(name) for name in file.names}


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
