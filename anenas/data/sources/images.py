"""Data sets as folders of images, one folder for each class."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError, features

from anenas._errors import AnenasError, first_line
from anenas._files import expanded, is_file, is_folder
from anenas.data._album import Album
from anenas.data._broken import without_broken
from anenas.data._class_folders import Files, read_class_folders
from anenas.data._file_table import is_file_table, raw_of_file_table, raw_of_split_tables
from anenas.data._format import InputFormat
from anenas.data._heic import HEIC_SUFFIXES, prepare_for_heic
from anenas.data._kept_looks import keep_looks, kept_looks
from anenas.data._layout import class_folders, split_of
from anenas.data._photos import MANY_PIXELS, Look, check_pixels, look_at
from anenas.data._pictures import PhotoPictures
from anenas.data._raw import PARTS, Examples, RawData, file_safe
from anenas.data._sources import source
from anenas.inputs import IMAGES

_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".avif", ".jpe", ".jfif", ".apng", ".dib",
    ".mpo", ".jp2", ".j2k", ".jpx", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".qoi", ".pcx", *HEIC_SUFFIXES,
)  # fmt: skip
_OTHERS = dict.fromkeys(
    (".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".svg", ".psd"),
    "to be converted, such as to .jpg",
)
"""Images that cannot be read, and what they need."""
_FORMATS = (
    "PNG", "JPEG", "BMP", "WEBP", "GIF", "TIFF", "AVIF", "DIB", "MPO", "JPEG2000", "PPM", "TGA", "QOI", "PCX", "HEIF",
)  # fmt: skip
"""Others may run programs, such as Ghostscript."""

_TABLES = ("metadata.csv", "metadata.jsonl", "metadata.parquet")

_KEPT = 16 * 10**6  # bytes of files from which the pictures that are drawn are kept for the next time

_LARGE = threading.Lock()  # of which one is looked at at a time, as it takes a good part of the memory

_log = logging.getLogger(__name__)


@source("images", IMAGES, rest="FOLDER")
def read_images(rest: str, wanted: InputFormat) -> RawData:
    """A data set of the images in class folders, as `read_class_folders` finds them.

    A `metadata.csv`, `.jsonl` or `.parquet` with a column of paths takes the place of class folders, as in the image
    folders of Hugging Face, at the top or in the folder of each split: see `read_file_table`.

    Raises:
        AnenasError: The folder is missing or not laid out like that, a class is empty, or a file is not an image.
    """
    path = expanded(rest)
    for name in _TABLES:
        if is_file_table(path / name):
            _log.info(f"{path.resolve().name}: {name} lists the files and their labels")
            return raw_of_file_table(path / name, IMAGES, wanted, read_photos)
    if "train" in (tables := _split_tables(path)):
        said = ", ".join(f"{table.parent.name}/{table.name}" for table in tables.values())
        _log.info(f"{path.resolve().name}: {said} list the files and their labels")
        return raw_of_split_tables(tables, IMAGES, wanted, read_photos)
    classes, files = read_class_folders(path, IMAGES, _SUFFIXES, _unreadable())
    title = path.resolve().name
    return RawData.of_parts(file_safe(title), IMAGES, classes, read_photos(title, files, wanted))


def _split_tables(path: Path) -> dict[str, Path]:
    """The table in each folder that is called like a split; folders without one are passed over, which is logged."""
    tables: dict[str, Path] = {}
    without = []
    for folder in class_folders(path) if is_folder(path) else ():
        if part := split_of(folder.name):
            table = next((folder / name for name in _TABLES if is_file_table(folder / name)), None)
            if table is None:
                without.append(folder.name)
            elif part in tables:
                raise AnenasError(
                    f"'{tables[part].parent}' and '{folder}' both have the name of the same split; keep one of them"
                )
            else:
                tables[part] = table
    if "train" in tables and without:
        _log.warning(f"{path.resolve().name}: skipped, because there is no {_TABLES[0]} in it: {', '.join(without)}")
    return {part: tables[part] for part in PARTS if part in tables}


def read_photos(title: str, files: Mapping[str, Files], wanted: InputFormat) -> dict[str, Examples]:
    """The images of files, by split.

    Args:
        title: What the data are called in messages.
        files: By split.
        wanted: Whether those that cannot be read are left out.

    Raises:
        AnenasError: If some cannot be read.
    """
    files = dict(files)
    paths = [path for found in files.values() for path in found.paths]
    prepare_for_heic(paths)
    key = _key(paths)
    looks = kept_looks(key, len(paths))
    if looks is None:
        files, looks = without_broken(title, files, IMAGES, _look, skip=wanted.skip_broken)
        if len(looks) == len(paths):
            keep_looks(key, looks)
        else:
            paths = [path for found in files.values() for path in found.paths]
            key = _key(paths)
    album = Album(lambda index: _opened(paths[index]), len(paths), tuple(looks), key)
    examples, start = {}, 0
    for part, found in files.items():
        end = start + len(found.paths)
        examples[part], start = found.examples(PhotoPictures(album, np.arange(start, end))), end
    return examples


def _unreadable() -> dict[str, str]:
    """How to get what reads images with suffixes that cannot be read, by suffix."""
    can = "AVIF" in _known_formats() and features.check("avif")
    return _OTHERS if can else _OTHERS | {".avif": "Pillow 11.3 or newer: pip install -U pillow"}


def _look(path: Path) -> Look:
    """What is known of a file; it is decoded, a JPEG at an eighth of its size, to see whether it can be."""
    with _opened(path) as image:
        found = look_at(image)
        image.draft(None, (1, 1))
        check_pixels(image)
        with _LARGE if image.width * image.height > MANY_PIXELS else contextlib.nullcontext():
            image.load()
        return found


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


def _known_formats() -> list[str]:
    Image.init()  # once; later calls cost nothing
    return [name for name in _FORMATS if name in Image.OPEN]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path, formats=_known_formats()) as image:
            yield image
    except Exception as error:  # Pillow raises a dozen kinds on broken files
        raise AnenasError(
            f"'{path}' cannot be read as an image ({_reason(path, error)}); repair or remove it"
        ) from error


def _reason(path: Path, error: Exception) -> str:
    if is_file(path) and not path.stat().st_size:
        return "it is empty"
    return "its format is unknown" if isinstance(error, UnidentifiedImageError) else first_line(error)
