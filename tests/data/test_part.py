from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas.data import InputFormat, load_data, load_part, source_folder
from anenas.data._part import PartName

Paint = Callable[..., Path]
WriteNpz = Callable[..., Path]
WANTED = InputFormat(size=(10, 12))


def names(*classes: str, count: int = 10) -> list[str]:
    return [f"{name}/{index}.png" for name in classes for index in range(count)]


def test_of_data_without_a_test_split_every_input_is_taken_with_its_file(paint: Paint) -> None:
    path = paint(*names("cat", "dog"))
    part = load_part(f"images:{path}", WANTED)
    assert (part.data, part.name, part.is_held_out, part.classes) == ("pets", "all", False, ("cat", "dog"))
    assert list(part.split.names or ()) == names("cat", "dog")
    for image, label, name in zip(part.split.inputs, part.split.labels, part.split.names or (), strict=True):
        np.testing.assert_array_equal(image, np.moveaxis(np.asarray(Image.open(path / name)), 2, 0))
        assert name.startswith(part.classes[label])


def test_one_class_with_one_input_will_do(paint: Paint) -> None:
    part = load_part(f"images:{paint('cat/1.png')}", WANTED)
    assert (part.classes, part.split.labels.tolist(), part.split.names) == (("cat",), [0], ("cat/1.png",))


def test_a_test_split_that_is_there_is_taken_by_default(write_npz: WriteNpz) -> None:
    path = str(write_npz())
    part = load_part(path, InputFormat(size=(8, 8)))
    assert (part.name, part.is_held_out, len(part.split), part.split.names) == ("test", False, 9, None)
    everything = load_part(path, InputFormat(size=(8, 8)), "all")
    assert len(everything.split) == 39
    np.testing.assert_array_equal(everything.split.inputs[-9:], part.split.inputs)


def test_many_images_of_several_splits_stay_in_a_file(
    write_npz: WriteNpz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(write_npz())
    in_memory = load_part(path, InputFormat(size=(8, 8)), "all").split.inputs
    monkeypatch.setattr("anenas.data._kept._LARGE", 50)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    in_a_file = load_part(path, InputFormat(size=(8, 8)), "all").split.inputs
    assert isinstance(in_a_file, np.memmap) and not isinstance(in_memory, np.memmap)
    np.testing.assert_array_equal(in_a_file, in_memory)


@pytest.mark.parametrize("name", ["train", "validation", "test"])
def test_a_split_that_is_not_there_is_the_one_of_a_search(name: PartName, paint: Paint) -> None:
    source = f"images:{paint(*names('cat', 'dog'))}"
    part = load_part(source, WANTED, name)
    expected = getattr(load_data(source, WANTED), name)
    assert part.is_held_out
    assert part.split.names == expected.names
    np.testing.assert_array_equal(part.split.inputs, expected.inputs)


def test_a_split_of_another_name_is_told(write_npz: WriteNpz) -> None:
    with pytest.raises(AnenasError, match="unknown split 'tests'; did you mean test"):
        load_part(str(write_npz()), WANTED, "tests")  # type: ignore[arg-type]


def test_the_folder_of_a_source_is_where_its_files_are(tmp_path: Path) -> None:
    assert source_folder(f"images:{tmp_path}") == tmp_path
    assert source_folder("wav:~/sounds") == Path("~/sounds").expanduser()
    assert [source_folder(one) for one in ("mine.npz", "fashion_mnist", None, {"train_x": 1})] == [None] * 4
