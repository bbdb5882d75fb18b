"""Data given as objects rather than by name: arrays, torch's map-style data sets, and `Dataset`s."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anenas._errors import AnenasError, first_line
from anenas.data._album import Album
from anenas.data._arrays import NEEDED_KEYS, check_keys, raw_of_arrays, raw_of_inputs
from anenas.data._dataset import Dataset, Split
from anenas.data._encoding import FIRST
from anenas.data._format import InputFormat
from anenas.data._pictures import ArrayPictures, PhotoPictures, pixels
from anenas.data._raw import PARTS, Examples, RawData, file_safe
from anenas.data._series import Series
from anenas.data._sources import wrong_kind

_log = logging.getLogger(__name__)


class MapStyle(Protocol):
    """A map-style data set of torch: its items are pairs (input, label)."""

    def __len__(self) -> int:
        """How many items there are."""

    def __getitem__(self, index: int) -> Any:
        """The item at `index`."""


Data = str | Path | Dataset | Mapping[str, Any] | tuple[Any, ...] | MapStyle | None
"""What `load_data` takes."""


def raw_of_objects(data: object, wanted: InputFormat, *, where: str = "`data`", name: str = "data") -> RawData:
    """A data set from objects, which are checked like files.

    Args:
        data: As in `load_data`.
        wanted: The format that inputs are brought to.
        where: The origin of the objects, for messages.
        name: Of the data set, if they have none.

    Raises:
        AnenasError: If they are none of these, or not of the wanted kind.
    """
    if isinstance(data, Dataset):
        data = _raw_of_dataset(data, wanted)
    if isinstance(data, RawData):
        if data.kind is not wanted.kind:
            raise wrong_kind(data.name, data.kind, wanted.kind)
        return data
    if isinstance(data, Mapping):
        return _of_splits(data, wanted, where, name) if "train" in data else _of_arrays(data, wanted, where, name)
    if isinstance(data, tuple) and len(data) in (4, 5):
        return _of_arrays(dict(zip((*NEEDED_KEYS, "class_names"), data, strict=False)), wanted, where, name)
    if isinstance(data, tuple) and len(data) in (1, 2):
        return _of_splits(dict(zip(("train", "test"), data, strict=False)), wanted, where, name)
    if _is_map_style(data) and not isinstance(data, tuple):
        return _of_splits({"train": data}, wanted, where, name)
    raise AnenasError(
        f"{where} is a {type(data).__name__}; expected arrays {', '.join(NEEDED_KEYS)} as a mapping or tuple, "
        f"map-style data sets of (input, label) as one, a tuple (train, test) or a mapping, or a Dataset"
    )


def _raw_of_dataset(dataset: Dataset, wanted: InputFormat) -> RawData:
    name, given = dataset.name, dataset.metadata
    if dataset.kind is not wanted.kind:
        raise wrong_kind(name, dataset.kind, wanted.kind)
    if wanted.rate and given.get("sample_rate") != str(wanted.rate):
        raise AnenasError(
            f"{name} has recordings with {given.get('sample_rate', 'unknown')} samples per second in its metadata, not "
            f"{wanted.rate}; load them at that rate"
        )
    if wanted.encoding:
        tokens, vocabulary = given.get("tokens", "tokens"), json.loads(given.get("vocabulary", "[]"))
        most = wanted.encoding.vocabulary - FIRST
        if tokens != wanted.encoding.tokens or not 0 < len(vocabulary) <= most:
            raise AnenasError(
                f"{name} names {len(vocabulary):,} {tokens} as the vocabulary in its metadata; expected 1 to {most:,} "
                f"{wanted.encoding.tokens}: load the texts in that encoding"
            )
        if wanted.vocabulary is not None and vocabulary != list(wanted.vocabulary):
            raise AnenasError(
                f"{name} was encoded with another vocabulary than the model's; load its texts for the model"
            )
    if wanted.size is not None and wanted.size != (dataset.height, dataset.width):
        count = sum(len(split) for split in (dataset.train, dataset.validation, dataset.test))
        height, width = wanted.size
        _log.info(
            f"{count:,} {dataset.kind} of {dataset.height}×{dataset.width} pixels are resized to {height}×{width}"
        )

    def examples(split: Split) -> Examples:
        array: NDArray[Any] = split.inputs
        resized = dataset.kind.resized
        inputs = ArrayPictures(np.moveaxis(array, 1, 3)) if resized else Series(array, dataset.masked)
        return Examples(inputs, split.labels, split.groups, split.names)

    parts = {part: examples(getattr(dataset, part)) for part in PARTS}
    return RawData.of_parts(
        name, dataset.kind, dataset.classes, parts, flip=dataset.flip, metadata=given, task=dataset.task
    )


def _of_arrays(data: Mapping[Any, Any], wanted: InputFormat, where: str, name: str) -> RawData:
    check_keys(where, map(str, data))
    return raw_of_arrays(where, name, {str(key): _array(where, str(key), data[key]) for key in data}, wanted)


def _array(where: str, key: str, value: Any) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:
        raise AnenasError(f"{where}: {key} is not an array ({first_line(error)})") from error
    if array.dtype == object and all(isinstance(one, str) for one in array.flat):
        return array.astype(str)  # as pandas holds texts
    if array.dtype == object:
        raise AnenasError(f"{where}: {key} contains Python objects; expected a plain array of numbers or strings")
    return array


def _is_map_style(data: object) -> bool:
    return hasattr(data, "__len__") and hasattr(data, "__getitem__")


def _of_splits(splits: Mapping[Any, Any], wanted: InputFormat, where: str, name: str) -> RawData:
    """A data set from map-style ones; each item is read once."""
    for part, one in splits.items():
        if part not in PARTS or not _is_map_style(one) or not len(one):
            raise AnenasError(
                f"{where}: {part} is a {type(one).__name__}; expected map-style data sets, with items and a length, "
                f"for train and, optionally, validation and test"
            )
    inputs: dict[str, list[Any]] = {}
    arrays: dict[str, NDArray[Any]] = {}
    for part, one in splits.items():
        pairs = [_pair(f"{where}: item {i} of {part}", one[i]) for i in range(len(one))]
        inputs[part] = [given for given, _ in pairs]
        labels = [label for _, label in pairs]
        if len({label.shape for label in labels}) > 1:
            raise AnenasError(f"{where}: {part} has items with different numbers of labels; give all the same number")
        arrays[f"{part}_y"] = np.array(labels)
    train = splits["train"]
    while not hasattr(train, "classes") and hasattr(train, "dataset"):
        train = train.dataset  # torch's Subset
    names = getattr(train, "classes", None)
    if isinstance(names, (list, tuple)) and all(isinstance(one, str) for one in names):
        arrays["class_names"] = np.array(names)
    own = "" if isinstance(train, (list, tuple)) else type(train).__name__
    if wanted.kind.resized:
        return raw_of_inputs(where, file_safe(own or name), _photos(inputs, where), arrays, wanted)
    return raw_of_arrays(where, file_safe(own or name), arrays | _stacked(inputs, where), wanted)


def _pair(what: str, item: Any) -> tuple[Any, Any]:
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        raise AnenasError(f"{what} is a {type(item).__name__}; expected a pair (input, label)")
    label = np.asarray(item[1])
    if label.dtype.kind not in "biuf" or label.ndim > 1:
        raise AnenasError(
            f"{what} has the label {item[1]!r}; expected an integer from 0, or one flag per class whether the input "
            "belongs to it, or a number, or several, to predict"
        )
    return item[0], label


def _stacked(inputs: Mapping[str, list[Any]], where: str) -> dict[str, NDArray[Any]]:
    """Inputs other than images: arrays of one shape each, or strings."""
    arrays = {}
    for part, each in inputs.items():
        one = [given if isinstance(given, str) else _array(where, f"{part}_x", given) for given in each]
        if len({np.shape(given) for given in one}) > 1:
            raise AnenasError(
                f"{where}: {part} has items of different shapes; give one array, in which shorter ones are padded "
                "with NaN"
            )
        arrays[f"{part}_x"] = np.array(one)
    return arrays


def _photos(inputs: Mapping[str, list[Any]], where: str) -> dict[str, PhotoPictures]:
    """The images of each part, by its key."""
    images: list[Image.Image] = []
    indices, floats = {}, 0
    for part, each in inputs.items():
        for i, given in enumerate(each):
            image, was_float = _image(f"{where}: item {i} of {part}", given)
            images.append(image)
            floats += was_float
        indices[f"{part}_x"] = np.arange(len(images) - len(each), len(images))
    if floats:
        _log.info(f"{where}: {floats:,} images of floats from 0 to 1 are read as pixels from 0 to 255")
    # Drawing may change how an image is decoded; the caller's stay as they are.
    album = Album.of(lambda index: nullcontext(images[index].copy()), len(images))
    return {key: PhotoPictures(album, one) for key, one in indices.items()}


def _image(what: str, given: Any) -> tuple[Image.Image, bool]:
    """An item as an image, and whether it was of floats: a tensor is (C, H, W), an array (H, W, C), or both (H, W)."""
    if isinstance(given, Image.Image):
        try:
            given.load()
        except Exception as error:  # Pillow raises a dozen kinds on broken files
            raise AnenasError(f"{what} cannot be read as an image ({first_line(error)})") from error
        return given, False
    torch = sys.modules.get("torch")
    is_tensor = torch is not None and isinstance(given, torch.Tensor)
    array = _array(what, "its image", given)
    if is_tensor and array.ndim == 3:
        array = np.moveaxis(array, 0, 2)
    is_float = array.dtype.kind == "f"
    has_pixels = array.size and array.ndim in (2, 3) and array.shape[2:] in ((), (1,), (3,))
    if not has_pixels or not (is_float or array.dtype == np.uint8):
        expected = "a tensor (C, H, W)" if is_tensor else "an array (H, W, C)"
        raise AnenasError(
            f"{what} is {type(given).__name__} of {array.dtype} {tuple(np.shape(given))}; expected an image of PIL or "
            f"{expected} with 1 or 3 channels, of uint8 from 0 to 255 or floats from 0 to 1"
        )
    seen = pixels(what, array)
    return Image.fromarray(seen[..., 0] if seen.shape[2:] == (1,) else seen), is_float
