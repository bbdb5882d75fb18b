"""torchvision's classification data sets, downloaded on first use."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError, unknown
from anenas._torchvision import import_torchvision
from anenas.data._album import Album
from anenas.data._format import InputFormat
from anenas.data._pictures import PhotoPictures
from anenas.data._raw import Examples, RawData
from anenas.data._sources import source
from anenas.inputs import IMAGES

_TIMEOUT_S = 30
_LOOKED_AT = 50  # pictures of a set, which are all alike


@dataclass(frozen=True)
class _Set:
    """How to construct one of torchvision's classes, and what it cannot tell us itself."""

    train: dict[str, Any]
    test: dict[str, Any] | None
    flip: bool = True


_BY_FLAG = ({"train": True}, {"train": False})
_BY_NAME = ({"split": "train"}, {"split": "test"})
_BY_TRAINVAL = ({"split": "trainval"}, {"split": "test"})

SETS = {
    "CIFAR10": _Set(*_BY_FLAG),
    "CIFAR100": _Set(*_BY_FLAG),
    "DTD": _Set(*_BY_NAME),
    "EuroSAT": _Set({}, None),
    "FGVCAircraft": _Set(*_BY_TRAINVAL),
    "FashionMNIST": _Set(*_BY_FLAG),
    "Flowers102": _Set(*_BY_NAME),
    "Food101": _Set(*_BY_NAME),
    "GTSRB": _Set(*_BY_NAME, flip=False),  # "keep left" is not "keep right"
    "KMNIST": _Set(*_BY_FLAG, flip=False),
    "MNIST": _Set(*_BY_FLAG, flip=False),
    "OxfordIIITPet": _Set(*_BY_TRAINVAL),
    "STL10": _Set(*_BY_NAME),
    "SVHN": _Set(*_BY_NAME, flip=False),
    "USPS": _Set(*_BY_FLAG, flip=False),
}


@source("torchvision", IMAGES, known=SETS)
def read_torchvision(rest: str, wanted: InputFormat) -> RawData:
    """A torchvision data set by the name of its class, kept in ~/.cache/anenas/<name>.

    Raises:
        AnenasError: There is no such set, or it cannot be downloaded.
    """
    if rest not in SETS:
        raise unknown("torchvision data set", rest, SETS)
    kind = SETS[rest]
    train = _construct(rest, kind.train)
    test = None if kind.test is None else _construct(rest, kind.test)
    labels = _labels(train)
    return RawData(
        name=rest,
        kind=IMAGES,
        classes=_classes(train, count=int(labels.max()) + 1),
        train=Examples(_pictures(train), labels),
        test=None if test is None else Examples(_pictures(test), _labels(test)),
        flip=kind.flip,
    )


def _construct(name: str, arguments: dict[str, Any]) -> Any:
    """One of torchvision's data sets: a sequence of (PIL image, label)."""
    root = Path.home() / ".cache" / "anenas" / name
    constructor = getattr(import_torchvision().datasets, name)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _network_timeout():
            return constructor(root=root, download=True, **arguments)
    except Exception as error:  # whatever a server, a proxy, an archive or a half-written file can do
        reason = " ".join(str(error).split()) or type(error).__name__
        raise AnenasError(
            f"torchvision could not get {name} ({reason}); "
            f"check the internet connection, delete '{root}' if a download is incomplete, and try again"
        ) from error


@contextmanager
def _network_timeout() -> Iterator[None]:
    """torchvision waits for a silent server for ever unless sockets have a default timeout."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _pictures(dataset: Any) -> PhotoPictures:
    count = len(dataset)
    album = Album.of(lambda index: nullcontext(dataset[index][0]), count, _LOOKED_AT)
    return PhotoPictures(album, np.arange(count))


def _labels(dataset: Any) -> NDArray[np.int64]:
    for attribute in ("targets", "labels", "_labels"):
        if hasattr(dataset, attribute):
            return np.asarray(getattr(dataset, attribute), np.int64)
    return np.array([dataset[index][1] for index in range(len(dataset))], np.int64)  # slow, but every set can do it


def _classes(dataset: Any, count: int) -> tuple[str, ...]:
    """The names that torchvision gives the classes, or numbers where it gives none."""
    names = tuple(map(str, getattr(dataset, "classes", ())))
    return names if len(names) == count else tuple(map(str, range(count)))
