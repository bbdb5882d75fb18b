from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from anenas._errors import AnenasError
from anenas.data import InputFormat
from anenas.data.sources.table import read_table
from anenas.inputs import IMAGES, RECORDINGS

IMAGE, SOUND = InputFormat(IMAGES, (4, 4), 1), InputFormat(RECORDINGS, rate=8000, steps=50)


@pytest.fixture
def table(tmp_path: Path) -> Callable[[str], Path]:
    """Writes three files, each all of another value, and a table of them in another order."""

    def table(suffix: str) -> Path:
        for i in range(3):
            if suffix == "png":
                Image.new("L", (4, 4), 10 * i).save(tmp_path / f"{i}.png")
            else:
                wavfile.write(tmp_path / f"{i}.wav", 8000, np.full(50, i / 10, np.float32))
        path = tmp_path / "my rows.csv"
        path.write_text(f"path,label\n2.{suffix},dog\n0.{suffix},cat\n1.{suffix},dog\n")
        return path

    return table


@pytest.mark.parametrize(("suffix", "wanted", "values"), [("png", IMAGE, [20, 0, 10]), ("wav", SOUND, [0.2, 0, 0.1])])
def test_files_of_a_table_are_read_as_the_kind_that_is_wanted(
    suffix: str, wanted: InputFormat, values: list[float], table: Callable[[str], Path]
) -> None:
    raw = read_table(str(table(suffix)), wanted)
    assert (raw.name, raw.kind, raw.classes) == ("my_rows", wanted.kind, ("cat", "dog"))
    assert raw.train.names == (f"2.{suffix}", f"0.{suffix}", f"1.{suffix}")
    assert raw.train.labels.tolist() == [1, 0, 1]
    drawn = raw.train.inputs.draw(raw.train.inputs.settle(wanted, "mine"))
    np.testing.assert_allclose(drawn.reshape(3, -1), np.repeat(np.array(values)[:, None], drawn[0].size, 1), rtol=1e-6)


@pytest.mark.parametrize("name", ["none.csv", "folder"])
def test_a_table_that_is_no_file_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(AnenasError) as raised:
        read_table(str(tmp_path / name), IMAGE)
    assert str(raised.value) == (f"'{tmp_path / name}' is not there; expected a .csv, .tsv, .jsonl or .parquet file")
