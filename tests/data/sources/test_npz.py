from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data import InputFormat, RawData
from anenas.data._pictures import ArrayPictures
from anenas.data.sources.npz import read_npz

WriteNpz = Callable[..., Path]

images = np.zeros((30, 8, 8), np.uint8)
labels = np.arange(30) % 3
WANTED = InputFormat(size=(8, 8))


def read(path: Path) -> RawData:
    return read_npz(str(path), WANTED)


def shown(source: RawData) -> tuple[int, bool]:
    """Channels of its images, and whether they may be mirrored."""
    inputs = source.train.inputs
    assert isinstance(inputs, ArrayPictures)
    return inputs.channels, inputs.flip if source.flip is None else source.flip


def test_arrays_become_a_source(write_npz: WriteNpz) -> None:
    source = read(write_npz(class_names=np.array(["cat", "dog", "cow"])))
    assert (source.name, source.classes, *shown(source)) == ("my_set", ("cat", "dog", "cow"), 1, False)
    assert source.test is not None
    assert (len(source.train.inputs), len(source.test.inputs)) == (30, 9)
    np.testing.assert_array_equal(source.train.labels, labels)


def test_classes_without_names_are_numbered(write_npz: WriteNpz) -> None:
    assert read(write_npz()).classes == ("0", "1", "2")


def test_colour_images_may_be_mirrored_and_others_not(write_npz: WriteNpz) -> None:
    def source(channels: int) -> tuple[int, bool]:
        test = images[:9, ..., None].repeat(channels, axis=3)
        return shown(read(write_npz(train_x=np.zeros((30, 8, 8, channels), np.uint8), test_x=test)))

    assert [source(1), source(3), source(4)] == [(1, False), (3, True), (4, False)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"test_y": None}, "has no array 'test_y'; expected train_x, train_y, test_x, test_y, found"),
        ({"train_x": images.astype(np.float32)}, "train_x must be uint8 .* not float32"),
        ({"train_x": images[0]}, r"train_x must be \(N, H, W\) or \(N, H, W, C\), not \(8, 8\)"),
        ({"test_x": images[:0], "test_y": labels[:0]}, "test_x has no pixels"),
        ({"train_x": np.zeros((30, 3, 8, 8), np.uint8)}, r"give train_x.transpose\(0, 2, 3, 1\)"),
        ({"train_x": np.zeros((30, 8, 8, 3), np.uint8)}, "train_x has 3 channels but test_x has 1"),
        ({"train_y": labels.reshape(30, 1)}, r"train_y must have one label per example, \(N,\), not \(30, 1\)"),
        ({"train_y": labels.astype(float)}, "train_y has whole numbers as float64; give classes as integers from 0"),
        ({"train_y": labels - 1}, "train_y has the negative label -1"),
        ({"train_y": labels * 2}, "train_y has the label 4 but not 1; labels must be 0, 1, 2"),
        ({"test_y": labels[:9] + 1}, "test_y has the label 3, but there are only 3 classes; labels must be 0 to 2"),
        ({"class_names": np.array(["a", "b"])}, "train_y has the label 2, but there are only 2 classes"),
        ({"class_names": np.array([1, 2, 3])}, "class_names must be a list of strings"),
        ({"train_y": labels.astype(object)}, "'train_y' contains Python objects, which anenas never unpickles"),
        (
            {"class_names": np.array(["a", "b", "c"], object)},
            "'class_names' contains .* plain array of numbers or strings",
        ),
    ],
)
def test_arrays_that_do_not_fit_are_one_clear_line(
    write_npz: WriteNpz, changes: dict[str, np.ndarray], message: str
) -> None:
    path = write_npz(**changes)
    with pytest.raises(AnenasError, match=message) as raised:
        read(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_or_no_npz_is_one_clear_line(write_npz: WriteNpz, tmp_path: Path) -> None:
    path = write_npz()
    with pytest.raises(AnenasError, match="is not there"):
        read(tmp_path / "other.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(AnenasError, match=r"is a folder; expected an \.npz file"):
        read(tmp_path / "folder.npz")
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(AnenasError, match=r"is not an \.npz file, or is incomplete"):
        read(path)
    path.write_bytes(b"")
    with pytest.raises(AnenasError, match=r"is not an \.npz file, or is incomplete"):
        read(path)


def test_damaged_bytes_are_one_clear_line(write_npz: WriteNpz) -> None:
    path = write_npz()
    content = bytearray(path.read_bytes())
    content[200:300] = bytes(100)
    path.write_bytes(content)
    with pytest.raises(AnenasError, match="is damaged"):
        read(path)


def test_a_pickle_is_never_loaded(write_npz: WriteNpz, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (tmp_path / "exploded",))

    path = write_npz()
    zipped = io.BytesIO(path.read_bytes())
    path.write_bytes(pickle.dumps(Bomb()) + zipped.getvalue())
    assert zipfile.is_zipfile(path)
    with pytest.raises(AnenasError):
        read(path)
    assert not (tmp_path / "exploded").exists()
