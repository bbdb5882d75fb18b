"""Data sets as folders of images, one folder for each class."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from anenas._errors import AnenasError
from anenas.data._album import Album
from anenas.data._class_folders import read_class_folders
from anenas.data._format import InputFormat
from anenas.data._heic import HEIC_SUFFIXES, prepare_for_heic
from anenas.data._pictures import PhotoPictures
from anenas.data._raw import RawData, file_safe
from anenas.data._sources import source
from anenas.inputs import IMAGES

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", *HEIC_SUFFIXES)

_KEPT = 16 * 10**6  # bytes of files from which the pictures that are drawn are kept for the next time


@source("images", IMAGES, rest="FOLDER")
def read_images(rest: str, wanted: InputFormat) -> RawData:
    """A data set of the images in class folders, as `read_class_folders` finds them.

    Raises:
        AnenasError: The folder is missing or not laid out like that, a class is empty, or a file is not an image.
    """
    path = Path(rest).expanduser()
    classes, files = read_class_folders(path, _SUFFIXES, IMAGES.name)
    paths = [path for found in files.values() for path in found.paths]
    prepare_for_heic(paths)
    album = Album.of(lambda index: _opened(paths[index]), len(paths), key=_key(paths))
    examples, start = {}, 0
    for part, found in files.items():
        end = start + len(found.paths)
        examples[part], start = found.examples(PhotoPictures(album, np.arange(start, end))), end
    return RawData.of_parts(file_safe(path.resolve().name), IMAGES, classes, examples)


def _key(paths: list[Path]) -> str:
    """Another one if a file changes; empty if all are read in no time."""
    try:
        found = [(path, path.stat()) for path in paths]
    except OSError:
        return ""  # opening them will tell which and why
    files = [(str(path.absolute()), status.st_size, status.st_mtime_ns) for path, status in found]
    if sum(size for _, size, _ in files) < _KEPT:
        return ""
    return hashlib.sha256(repr(files).encode()).hexdigest()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as image:
            yield image
    except Exception as error:  # Pillow raises a dozen kinds on broken files
        raise AnenasError(f"'{path}' cannot be read as an image ({error}); repair or remove it") from error
