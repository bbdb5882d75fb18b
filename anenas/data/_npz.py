"""Data sets in one .npz file, among them the embedded one."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._pictures import ArrayPictures
from anenas.data._source import Examples, Source, file_safe

_KEYS = ("train_x", "train_y", "test_x", "test_y")


def read_embedded() -> Source:
    """A class-balanced cut of Fashion-MNIST that ships with anenas: 28×28 grey, 10 classes, 10,000 + 2,000 images."""
    return read_npz(Path(__file__).with_name("fashion_mnist.npz"), flip=True)


def read_npz(path: Path, *, flip: bool | None = None) -> Source:
    """A data set from the arrays train_x, train_y, test_x, test_y and, if there, class_names.

    Images are uint8, (N, H, W) or (N, H, W, C). Labels are integers from 0 without gaps; class_names gives each its
    name. Nothing is ever unpickled.

    Args:
        path: The file.
        flip: Whether mirror images keep their class; None is yes for colour images and no for all others.

    Raises:
        AnenasError: The file is not there, is damaged, or its arrays are not as described.
    """
    arrays = _read_arrays(path)
    train_images, test_images = (_images(path, f"{part}_x", arrays[f"{part}_x"]) for part in ("train", "test"))
    channels, test_channels = train_images.shape[3], test_images.shape[3]
    if channels != test_channels:
        raise AnenasError(
            f"'{path}': train_x has {channels} channels but test_x has {test_channels}; give both the same"
        )
    train_labels, test_labels = (
        _labels(path, f"{part}_y", arrays[f"{part}_y"], len(images))
        for part, images in (("train", train_images), ("test", test_images))
    )
    classes = _classes(path, arrays.get("class_names"), train_labels)
    for key, labels in (("train_y", train_labels), ("test_y", test_labels)):
        if labels.max() >= len(classes):
            raise AnenasError(
                f"'{path}': {key} holds the label {labels.max()}, but there are only {len(classes)} classes; "
                f"labels must be 0 to {len(classes) - 1}"
            )
    return Source(
        name=file_safe(path.stem),
        classes=classes,
        channels=channels,
        flip=channels == 3 if flip is None else flip,
        train=Examples(ArrayPictures(train_images), train_labels),
        test=Examples(ArrayPictures(test_images), test_labels),
    )


def _read_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    if not path.is_file():
        raise AnenasError(f"'{path}' is {'a folder' if path.is_dir() else 'not there'}; expected an .npz file")
    if not zipfile.is_zipfile(path):
        raise AnenasError(f"'{path}' is no .npz file, or is cut short; write it with numpy.savez_compressed")
    key = ""
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in _KEYS:
                if key not in file.files:
                    raise AnenasError(
                        f"'{path}' has no array '{key}'; expected {', '.join(_KEYS)}, found {', '.join(file.files)}"
                    )
            arrays = {}
            for key in (*_KEYS, "class_names"):
                if key in file.files:
                    arrays[key] = np.asarray(file[key])
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        if "Object arrays" in str(error):
            raise AnenasError(
                f"'{path}': '{key}' holds Python objects, which anenas never unpickles; "
                f"save it as a plain array of {'strings' if key == 'class_names' else 'integers'}"
            ) from error
        raise AnenasError(f"'{path}' is damaged ({error}); write or copy it again") from error
    return arrays


def _images(path: Path, key: str, array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """`array` as (N, H, W, C)."""
    if array.dtype != np.uint8:
        raise AnenasError(f"'{path}': {key} must be uint8 with pixels from 0 to 255, not {array.dtype}")
    if array.ndim not in (3, 4):
        raise AnenasError(f"'{path}': {key} must be (N, H, W) or (N, H, W, C), not {array.shape}")
    if array.size == 0:
        raise AnenasError(f"'{path}': {key} holds no pixels: its shape is {array.shape}")
    if array.ndim == 4 and array.shape[1] in (1, 3) and array.shape[3] > 4:
        raise AnenasError(
            f"'{path}': {key} looks like (N, C, H, W) with shape {array.shape}; "
            f"expected (N, H, W, C): save {key}.transpose(0, 2, 3, 1)"
        )
    images = array.astype(np.uint8, copy=False)
    return images if images.ndim == 4 else images[..., np.newaxis]


def _labels(path: Path, key: str, array: NDArray[np.generic], count: int) -> NDArray[np.int64]:
    if not np.issubdtype(array.dtype, np.integer):
        raise AnenasError(f"'{path}': {key} must hold integers from 0, not {array.dtype}")
    if array.shape != (count,):
        raise AnenasError(
            f"'{path}': {key} must have the shape ({count},), one label for each image, not {array.shape}"
        )
    labels = array.astype(np.int64)
    if labels.min() < 0:
        raise AnenasError(f"'{path}': {key} holds the negative label {labels.min()}; labels must count from 0")
    return labels


def _classes(path: Path, names: NDArray[np.generic] | None, train_labels: NDArray[np.int64]) -> tuple[str, ...]:
    if names is None:
        used = np.unique(train_labels)
        gaps = np.flatnonzero(used != np.arange(len(used)))
        if len(gaps):
            raise AnenasError(
                f"'{path}': train_y holds the label {used[-1]} but not {gaps[0]}; labels must be 0, 1, 2, … with no gap"
            )
        return tuple(map(str, used))
    if names.dtype.kind != "U" or names.ndim != 1:
        raise AnenasError(f"'{path}': class_names must be a list of strings, not {names.dtype} {names.shape}")
    classes = tuple(map(str, names))
    if len(set(classes)) < len(classes):
        twice = next(name for name in classes if classes.count(name) > 1)
        raise AnenasError(f"'{path}': class_names holds '{twice}' twice; give each class its own name")
    return classes
