from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anenas.mil import read_arrays, write_arrays


@pytest.mark.parametrize("name", ["x", "file", "allow_pickle", "args", "var_42"])
def test_an_array_comes_back_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    arrays = {name: np.arange(6, dtype=np.float16).reshape(2, 3), "other": np.array(3)}
    write_arrays(tmp_path / "a.npz", arrays)
    found = read_arrays(tmp_path / "a.npz")
    assert found.keys() == arrays.keys()
    for key, array in arrays.items():
        assert found[key].dtype == array.dtype and np.array_equal(found[key], array)
    with np.load(tmp_path / "a.npz") as file:  # numpy's own reader takes it too
        assert set(file.files) == set(arrays)
