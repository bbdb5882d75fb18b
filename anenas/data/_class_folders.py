"""Files in one folder for each class, optionally split into training and test folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import is_file, is_folder
from anenas.data._raw import Examples, Inputs

_LAYOUTS = (  # names of the folders for training, validation and test
    {"train": "train", "test": "test"},
    {"train": "train", "test": "val"},
    {"train": "train", "validation": "val", "test": "test"},
)


@dataclass(frozen=True, eq=False)
class Files:
    """The files of a split."""

    paths: list[Path]
    labels: NDArray[np.int64]
    """Shape (N,)."""
    names: tuple[str, ...]
    """See `Split.names`."""

    def examples(self, inputs: Inputs) -> Examples:
        """What was read of them, with their labels and names."""
        return Examples(inputs, self.labels, names=self.names)


def read_class_folders(path: Path, suffixes: tuple[str, ...], what: str) -> tuple[tuple[str, ...], dict[str, Files]]:
    """The classes of path/<class>/*, or of path/train/<class>/* and path/test/<class>/*, and files and labels by split.

    The split into folders is used if they are exactly `train` and `test`, `train` and `val` (which is then the test
    set), or all three. Hidden files and those with another suffix are ignored.

    Args:
        path: The folder.
        suffixes: Of the files, in lower case.
        what: What the files are, such as "images".

    Raises:
        AnenasError: The folder is not there or not laid out like that, or a class is empty.
    """
    if not is_folder(path):
        raise AnenasError(
            f"'{path}' is {'a file' if is_file(path) else 'not there'}; expected a folder of class folders"
        )
    parts = _parts(path)
    classes = tuple(_subfolders(parts["train"]))
    files = {}
    for part, folder in parts.items():
        paths, labels = _labelled(folder, classes, suffixes, what)
        files[part] = Files(paths, labels, tuple(one.relative_to(path).as_posix() for one in paths))
    return classes, files


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


def _labelled(
    path: Path, classes: tuple[str, ...], suffixes: tuple[str, ...], what: str
) -> tuple[list[Path], NDArray[np.int64]]:
    """Every such file below `path`, and their labels."""
    folders = _subfolders(path)
    if not folders:
        example = path / "cat" / f"1{suffixes[0]}"
        raise AnenasError(f"'{path}' has no class folders; expected one for each class, such as {example}")
    found: list[Path] = []
    labels: list[int] = []
    for name, folder in folders.items():
        if name not in classes:
            raise AnenasError(f"'{folder}' is a class without training {what}; expected one of {', '.join(classes)}")
        files = [file for file in sorted(folder.iterdir()) if file.suffix.lower() in suffixes and file.name[0] != "."]
        if not files:
            raise AnenasError(
                f"class folder '{folder}' holds no {what} ({', '.join(suffixes)}); add some or remove the folder"
            )
        found += files
        labels += [classes.index(name)] * len(files)
    return found, np.array(labels, np.int64)
