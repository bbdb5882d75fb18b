"""Data sets as folders of images, one folder for each class."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from anenas._errors import AnenasError
from anenas.data._pictures import PhotoPictures, draw_photo, is_grey
from anenas.data._source import Examples, Source, file_safe

_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif")
_LAYOUTS = (  # names of the folders for training, validation and test
    {"train": "train", "test": "test"},
    {"train": "train", "test": "val"},
    {"train": "train", "validation": "val", "test": "test"},
)


def read_folder(path: Path) -> Source:
    """A data set from path/<class>/*.png and other images, or from path/train/<class>/... and path/test/<class>/...

    The split into folders is taken where there are exactly `train` and `test`, `train` and `val` (which is then the
    test set), or all three. Hidden files and files that are not images are ignored.

    Raises:
        AnenasError: The folder is not there or not laid out like that, a class is empty, or a file is no image.
    """
    if not path.is_dir():
        raise AnenasError(
            f"'{path}' is {'a file' if path.exists() else 'not there'}; expected a folder of class folders"
        )
    parts = _parts(path)
    classes = tuple(_subfolders(parts["train"]))
    files = {part: _image_files(folder, classes) for part, folder in parts.items()}
    grey = _all_grey(file for part in files.values() for file, _ in part)
    examples = {part: _examples(labelled) for part, labelled in files.items()}
    name, channels = file_safe(path.resolve().name), 1 if grey else 3
    return Source(name=name, classes=classes, channels=channels, flip=not grey, jitter=False, **examples)


def _parts(path: Path) -> dict[str, Path]:
    """The folder of class folders for each part of the split that the user made."""
    folders = _subfolders(path)
    if all(_subfolders(folder) for folder in folders.values()):
        for layout in _LAYOUTS:
            if set(layout.values()) == set(folders):
                return {part: folders[name] for part, name in layout.items()}
    return {"train": path}


def _subfolders(path: Path) -> dict[str, Path]:
    return {entry.name: entry for entry in sorted(path.iterdir()) if entry.is_dir() and entry.name[0] != "."}


def _image_files(path: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Every image below `path` with its label."""
    folders = _subfolders(path)
    if not folders:
        raise AnenasError(
            f"'{path}' has no class folders; expected one for each class, such as {path / 'cat' / '1.jpg'}"
        )
    files = []
    for name, folder in folders.items():
        if name not in classes:
            raise AnenasError(f"'{folder}' is a class without training images; expected one of {', '.join(classes)}")
        images = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in _SUFFIXES and file.name[0] != "."]
        if not images:
            raise AnenasError(
                f"class folder '{folder}' holds no images ({', '.join(_SUFFIXES)}); add some or remove the folder"
            )
        files += [(image, classes.index(name)) for image in images]
    return files


def _examples(files: list[tuple[Path, int]]) -> Examples:
    paths = [path for path, _ in files]
    labels = np.array([label for _, label in files], np.int64)
    return Examples(PhotoPictures(partial(_draw_file, paths), np.arange(len(paths))), labels)


def _all_grey(paths: Iterable[Path]) -> bool:
    with ThreadPoolExecutor() as threads:
        return all(threads.map(_is_grey_file, paths))


def _is_grey_file(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return is_grey(image)
    except Exception as error:
        raise _broken(path, error) from error


def _draw_file(paths: list[Path], index: int, size: tuple[int, int], channels: int) -> NDArray[np.uint8]:
    try:
        with Image.open(paths[index]) as image:
            return draw_photo(image, size, channels)
    except Exception as error:
        raise _broken(paths[index], error) from error


def _broken(path: Path, error: Exception) -> AnenasError:
    """Pillow raises a dozen kinds of exception on broken files; all of them mean this."""
    return AnenasError(f"'{path}' cannot be read as an image ({error}); repair or remove it")
