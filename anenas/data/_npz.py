"""Data sets in one .npz file, among them the embedded one."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.data._pictures import ArrayPictures
from anenas.data._recordings import Heard, read_waveforms
from anenas.data._series import LAYOUTS, read_series
from anenas.data._source import PARTS, Examples, Inputs, Source, file_safe
from anenas.data._text import Encoding, text_array

_KEYS = ("train_x", "train_y", "test_x", "test_y")
_PLAIN = {"class_names": "strings", **dict.fromkeys(("train_x", "validation_x", "test_x"), "numbers, or of strings")}
_MORE_KEYS = ("validation_x", "validation_y", "class_names", "scale", "layout", "rate")


def read_embedded() -> Source:
    """A class-balanced cut of Fashion-MNIST that ships with anenas: 28×28 grey, 10 classes, 10,000 + 2,000 images."""
    return read_npz(Path(__file__).with_name("fashion_mnist.npz"), flip=True)


def read_embedded_series() -> Source:
    """Wrist motion in seven exercises that ships with anenas: 6 channels, 128 steps; 858 + 392 + 583 windows.

    It is split by people: three sets of people who have nobody in common.
    """
    return read_npz(Path(__file__).with_name("wrist_motion.npz"), series=True)


def read_npz(
    path: Path,
    *,
    flip: bool | None = None,
    series: bool = False,
    encoding: Encoding | None = None,
    heard: Heard | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Source:
    """A data set from the arrays train_x, train_y, test_x, test_y and, if there, validation_x and _y and class_names.

    Images are uint8, (N, H, W) or (N, H, W, C); series are what `read_series` takes, with the arrays scale and layout
    if need be; texts are strings, (N,); waveforms are what `read_waveforms` takes, with the number rate if need be.
    Labels are integers from 0 without gaps; class_names gives each its name. Nothing is ever unpickled.

    Args:
        path: The file.
        flip: Whether mirror images keep their class; None is yes for colour images and no for all others.
        series: Whether it holds series rather than images.
        encoding: How texts become ids, where it holds those.
        heard: The rate and length of its waveforms, where it holds those.
        say: Is told how waveforms were changed.

    Raises:
        AnenasError: The file is not there, is damaged, or its arrays are not as described.
    """
    arrays = _read_arrays(path)
    if arrays["train_x"].dtype.kind == "U" and not encoding:
        raise AnenasError(f"'{path}' holds texts; search them with a space of texts, such as text_rnn")
    parts = [part for part in PARTS if f"{part}_x" in arrays]
    keys = [f"{part}_x" for part in parts]
    inputs: Mapping[str, Inputs]
    if encoding:
        inputs, channels = {key: text_array(path, key, arrays[key], encoding) for key in keys}, 1
    elif heard:
        waves = {key: arrays[key] for key in keys}
        inputs, channels = read_waveforms(path, waves, _rate(path, arrays), heard, say), 1
    else:
        read = _all_series if series else _all_images
        inputs, channels = read(path, arrays, keys)
    labels = {part: _labels(path, f"{part}_y", arrays[f"{part}_y"], len(inputs[f"{part}_x"])) for part in parts}
    classes = _classes(path, arrays.get("class_names"), labels["train"])
    for part in parts:
        if labels[part].max() >= len(classes):
            raise AnenasError(
                f"'{path}': {part}_y holds the label {labels[part].max()}, but there are only {len(classes)} classes; "
                f"labels must be 0 to {len(classes) - 1}"
            )
    examples = {part: Examples(inputs[f"{part}_x"], labels[part]) for part in parts}
    mirrored = channels == 3 and not (series or encoding) if flip is None else flip
    facts = heard.facts if heard else {}
    jitter = series and heard is None  # noise would drown what is quiet in a waveform
    return Source(file_safe(path.stem), classes, channels, mirrored, **examples, jitter=jitter, facts=facts)


def _all_images(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], keys: list[str]
) -> tuple[Mapping[str, Inputs], int]:
    """The images under each key, and how many channels they have."""
    images = {key: _images(path, key, arrays[key]) for key in keys}
    channels = images["train_x"].shape[3]
    for key in keys:
        if images[key].shape[3] != channels:
            raise AnenasError(
                f"'{path}': train_x has {channels} channels but {key} has {images[key].shape[3]}; give both the same"
            )
    return {key: ArrayPictures(images[key]) for key in keys}, channels


def _all_series(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], keys: list[str]
) -> tuple[Mapping[str, Inputs], int]:
    """The series under each key, and how many channels they have."""
    layout = str(arrays["layout"]) if "layout" in arrays else None
    if layout not in (None, *LAYOUTS):
        raise AnenasError(f"'{path}': layout is '{layout}'; expected {' or '.join(LAYOUTS)}")
    series = read_series(path, {key: arrays[key] for key in keys}, scale=arrays.get("scale"), layout=layout)
    return series, series["train_x"].array.shape[1]


def _rate(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> int | None:
    """Samples a second of the waveforms, if the file says it."""
    if "rate" not in arrays:
        return None
    rate = arrays["rate"]
    if rate.size != 1 or rate.dtype.kind not in "iuf" or not 0 < (number := float(rate.reshape(()))) < 1e6:
        raise AnenasError(f"'{path}': rate must be one number, of samples a second, not {rate}")
    return round(number)


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
            for key in (*_KEYS, *_MORE_KEYS):
                if key in file.files:
                    arrays[key] = np.asarray(file[key])
            if ("validation_x" in arrays) != ("validation_y" in arrays):
                raise AnenasError(f"'{path}' has only one of validation_x and validation_y; expected both or neither")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        if "Object arrays" in str(error):
            raise AnenasError(
                f"'{path}': '{key}' holds Python objects, which anenas never unpickles; "
                f"save it as a plain array of {_PLAIN.get(key, 'numbers')}"
            ) from error
        raise AnenasError(f"'{path}' is damaged ({error}); write or copy it again") from error
    return arrays


def _images(path: Path, key: str, array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """`array` as (N, H, W, C)."""
    if array.dtype != np.uint8:
        hint = "; series need a space such as sequence_rnn" if array.dtype.kind == "f" and array.ndim == 3 else ""
        raise AnenasError(f"'{path}': {key} must be uint8 with pixels from 0 to 255, not {array.dtype}{hint}")
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
            f"'{path}': {key} must have the shape ({count},), one label for each example, not {array.shape}"
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
