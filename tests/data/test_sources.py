"""Data sources are entries: the embedded ones, and one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import anenas
from anenas._errors import AnenasError
from anenas._registry import Registry
from anenas.data import Dataset, InputFormat, RawData, absolute_source, load_data, source_folder
from anenas.inputs import IMAGES, RECORDINGS, SERIES


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry of the test's own, with all that is there."""
    import anenas.data._sources as home

    own: Registry[Any] = Registry("data source")
    for name in home._SOURCES:
        own(name)(home._SOURCES[name])
    monkeypatch.setattr(home, "_SOURCES", own)
    yield


def blobs(count: int = 30) -> dict[str, Any]:
    x, y = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8), np.arange(count) % 2
    return {"train_x": x, "train_y": y, "test_x": x[:9], "test_y": y[:9], "class_names": ["few", "many"]}


PLUGIN = '''
import numpy as np
import anenas
from anenas.inputs import IMAGES

@anenas.source("mine", IMAGES)
def read_mine(rest, wanted):
    """Images of noise, and of more noise."""
    y = np.arange(int(rest)) % 2
    x = np.random.default_rng(0).integers(0, 100, (len(y), *wanted.size, 3)) + 100 * y[:, None, None, None]
    x = x.astype(np.uint8)
    return {"train_x": x, "train_y": y, "test_x": x[:9], "test_y": y[:9], "class_names": ["less", "more"]}
'''


def test_a_source_of_ones_own_is_a_few_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(PLUGIN.splitlines()) < 40
    (tmp_path / "my_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    __import__("my_plugin")
    sys.modules.pop("my_plugin")
    dataset = load_data("mine:60", size=(6, 6))
    assert (dataset.name, dataset.classes, dataset.input_shape) == ("mine", ("less", "more"), (3, 6, 6))
    assert [len(split) for split in (dataset.train, dataset.validation, dataset.test)] == [48, 12, 9]
    with pytest.raises(AnenasError, match=r"mine:5 has images, not series: .* name series: FILE\.csv, FILE\.npz"):
        load_data("mine:5", InputFormat(SERIES))
    with pytest.raises(AnenasError, match="did you mean mine:NAME"):
        load_data("mime:5", size=(6, 6))


def test_two_sources_of_one_name_are_refused() -> None:
    def read(rest: str, wanted: InputFormat) -> Any:
        return blobs()

    def other(rest: str, wanted: InputFormat) -> Any:
        return blobs()

    anenas.source("mine")(read)
    anenas.source("mine")(read)  # the same again, as of a reloaded module
    with pytest.raises(AnenasError, match=r"two data sources have the name 'mine': .*\.read and .*\.other"):
        anenas.source("mine")(other)
    with pytest.raises(AnenasError, match="two data sources have the name 'wav'"):
        anenas.source("wav")(read)


def test_a_source_without_a_colon_or_of_a_suffix_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read: list[str] = []

    def keep(rest: str, wanted: InputFormat) -> Any:
        read.append(rest)
        return blobs()

    anenas.source("blobs", IMAGES, rest="")(keep)
    anenas.source("blob", IMAGES, rest="FILE", suffix=".blob")(keep)
    for text in ("blobs", "a.blob", "blob:b"):
        load_data(text, size=(8, 8))
    assert read == ["", "a.blob", "b"]
    assert [absolute_source(text) for text in ("blobs", "a.blob", "blob:b")] == [
        "blobs", f"{tmp_path}/a.blob", f"blob:{tmp_path}/b",
    ]  # fmt: skip
    for text in ("blob:", "blobs:x"):
        with pytest.raises(AnenasError, match=f"unknown data source '{text}'"):
            load_data(text, size=(8, 8))


@pytest.mark.parametrize("form", ["mapping", "pair", "one", "Dataset", "RawData"])
def test_a_source_gives_what_load_data_takes(form: str) -> None:
    arrays = blobs()
    items = [list(zip(arrays[f"{part}_x"], arrays[f"{part}_y"], strict=True)) for part in ("train", "test")]
    dataset = load_data(arrays, size=(8, 8))
    raw = anenas.data._memory.raw_of_objects(arrays, InputFormat(size=(8, 8)))
    assert isinstance(dataset, Dataset) and isinstance(raw, RawData)
    given = {"mapping": arrays, "pair": tuple(items), "one": items[0], "Dataset": dataset, "RawData": raw}[form]

    @anenas.source("mine")
    def read(rest: str, wanted: InputFormat) -> Any:
        return given

    found = load_data("mine:x", size=(8, 8))
    assert found.input_shape == (3, 8, 8)
    if form in ("mapping", "Dataset", "RawData"):
        assert found.fingerprint == dataset.fingerprint


def test_what_a_source_gives_is_held_to_what_files_are() -> None:
    @anenas.source("mine")
    def read(rest: str, wanted: InputFormat) -> Any:
        return blobs() | {"train_y": np.arange(30.0)} if rest == "floats" else 7

    with pytest.raises(AnenasError, match="'mine:floats': train_y has whole numbers as float64"):
        load_data("mine:floats", size=(8, 8))
    with pytest.raises(AnenasError, match="'mine:7' is a int; expected arrays"):
        load_data("mine:7", size=(8, 8))


@pytest.mark.parametrize(
    ("wanted", "fingerprint"),
    [
        (InputFormat(IMAGES, (28, 28), 1), "1f508d49cb27ec6baabf6d352696682bfd57490e7f891b9c6354d020918281b5"),
        (InputFormat(SERIES), "b4c489180417fe8081a7a7fbc403cc5605a076769e198b2e906d5170740e5049"),
    ],
)
def test_the_embedded_sets_stay_what_they_are(wanted: InputFormat, fingerprint: str) -> None:
    """So that studies of before go on."""
    assert load_data(None, wanted).fingerprint == fingerprint


def test_a_folder_is_answered_with_the_sources_that_read_folders_of_its_kind(tmp_path: Path) -> None:
    said = f"'{tmp_path}' is a folder; for a folder of class folders, use images:{tmp_path}"
    with pytest.raises(AnenasError) as raised:
        load_data(str(tmp_path), size=(6, 6))
    assert str(raised.value) == said
    with pytest.raises(AnenasError, match=f"for a folder of class folders, use wav:{tmp_path}$"):
        load_data(str(tmp_path), InputFormat(RECORDINGS, rate=8000, steps=8000))


def test_names_of_files_are_below_the_folder_of_their_split(tmp_path: Path) -> None:
    photos, more = f"images:{tmp_path / 'photos'}", f"images:{tmp_path / 'more'}"
    assert source_folder(photos) == tmp_path / "photos"
    splits = {"train": photos, "test": more}
    assert source_folder(splits) == tmp_path / "more"
    assert source_folder(splits, "validation") == tmp_path / "photos"
    assert source_folder(None) is None and source_folder(f"{tmp_path}/data.npz") is None
