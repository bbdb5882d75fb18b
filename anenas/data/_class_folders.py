"""Files in one folder for each class, optionally split into training and test folders."""

from __future__ import annotations

import difflib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas._files import is_file, is_folder
from anenas.data._layout import class_folders, entries, find_parts, is_of_tool
from anenas.data._passed_over import PassedOver, Reason, some_of
from anenas.data._raw import Examples, Inputs
from anenas.inputs import InputKind

_LISTED = 10
_HIDDEN = Reason("hidden file is passed over", "hidden files are passed over")
_TOOL = Reason("folder of a tool is passed over", "folders of tools are passed over")
_LOOP = Reason("link leads back to a folder above it", "links lead back to folders above them", logging.WARNING)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Files:
    """The files of a split."""

    paths: list[Path]
    labels: NDArray[Any]
    """See `Split.labels`."""
    names: tuple[str, ...]
    """See `Split.names`."""
    groups: NDArray[np.str_] | None = None
    """See `Split.groups`."""

    def examples(self, inputs: Inputs) -> Examples:
        """What was read of them, with their labels and names."""
        return Examples(inputs, self.labels, self.groups, self.names)


def read_class_folders(
    path: Path, kind: InputKind, suffixes: tuple[str, ...], unreadable: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], dict[str, Files]]:
    """The classes of path/CLASS/*, or of path/train/CLASS/* and so on, and the files by split.

    Which folders are splits, `find_parts` decides. Folders within those of classes are read too. What is passed over
    is counted and logged: hidden and other files, and the folders of tools.

    Args:
        path: The folder.
        kind: Of the files.
        suffixes: Of the files, in lower case.
        unreadable: By suffix, what other files of the kind need to be read, such as "Pillow 11.3 or newer".

    Raises:
        AnenasError: The folder is not there or not laid out like that, or a class is empty.
    """
    if not is_folder(path):
        raise AnenasError(
            f"'{path}' is {'a file' if is_file(path) else 'not there'}; expected a folder of class folders"
        )
    walk = _Walk(kind, suffixes, unreadable or {}, PassedOver(path))
    parts = find_parts(path, kind, walk.passed)
    classes = tuple(folder.name for folder in class_folders(parts["train"]))
    for folder in dict.fromkeys([path, *parts.values()]):
        walk.pass_over_beside(folder)
    files = {part: walk.labelled(folder, classes) for part, folder in parts.items()}
    walk.log()
    return classes, files


def expected_class(name: str, classes: Sequence[str]) -> str:
    """The classes that a class could have been, for messages: all, or of many the one that is most like it."""
    near = difflib.get_close_matches(name, classes, n=1) if len(classes) > _LISTED else []
    return f"did you mean '{near[0]}'?" if near else f"expected one of {some_of(classes, _LISTED)}"


class _Walk:
    """Finds files of a kind, and counts what it passes over."""

    def __init__(
        self, kind: InputKind, suffixes: tuple[str, ...], unreadable: Mapping[str, str], passed: PassedOver
    ) -> None:
        self._kind, self._suffixes, self._unreadable, self.passed = kind, suffixes, unreadable, passed
        self._others = Reason(f"file is no {kind.one}", f"files are no {kind}")
        self._classless = Reason(
            f"{kind.one} is in no class folder: it is passed over",
            f"{kind} are in no class folder: they are passed over",
            logging.WARNING,
        )
        self._deeper: Counter[str] = Counter()

    def labelled(self, path: Path, classes: tuple[str, ...]) -> Files:
        """Every file of the kind in the class folders of a folder, with their labels."""
        folders = class_folders(path)
        if not folders:
            example = path / "cat" / f"1{self._suffixes[0]}"
            raise AnenasError(f"'{path}' has no class folders; expected one per class, such as {example}")
        numbers = {name: number for number, name in enumerate(classes)}
        above = path.resolve(), *path.resolve().parents
        found: list[Path] = []
        labels: list[int] = []
        for folder in folders:
            if folder.name not in numbers:
                expected = expected_class(folder.name, classes)
                raise AnenasError(f"'{folder}' is a class with no training {self._kind}; {expected}")
            files = list(self._below(folder, {folder.resolve(), *folder.resolve().parents, *above}))
            if not files:
                raise self._nothing_in(folder)
            self._note_deeper(folder, files)
            found += files
            labels += [numbers[folder.name]] * len(files)
        names = tuple(file.relative_to(self.passed.root).as_posix() for file in found)
        return Files(found, np.array(labels, np.int64), names)

    def pass_over_beside(self, folder: Path) -> None:
        """Count what lies beside class folders, or beside folders of splits."""
        for entry in entries(folder):
            if entry.is_dir():
                if is_of_tool(entry):
                    self.passed.add(entry, _TOOL)
            elif self._takes(entry):
                self.passed.add(entry, self._classless)

    def log(self) -> None:
        """Log what was passed over, and what was read where one may not expect it."""
        if self._deeper:
            _log.info(
                f"{self.passed.title}: {self._deeper.total():,} {self._kind} in subfolders of class folders belong to "
                f"these classes: {some_of(list(self._deeper), 3)}"
            )
        self.passed.log()

    def _below(self, folder: Path, above: set[Path]) -> Iterator[Path]:
        """The files of the kind in a folder and those within it; `above` are the folders that it is in, and itself."""
        for entry in entries(folder):
            if not entry.is_dir():
                if self._takes(entry):
                    yield entry
            elif is_of_tool(entry):
                self.passed.add(entry, _TOOL)
            elif (real := entry.resolve()) in above:
                self.passed.add(entry, _LOOP)
            else:
                yield from self._below(entry, above | {real})

    def _takes(self, file: Path) -> bool:
        """Whether a file is one of the kind; otherwise it is counted."""
        suffix = file.suffix.lower()
        if suffix in self._unreadable:
            needed = self._unreadable[suffix]
            one, more = f"{suffix} file needs {needed}", f"{suffix} files need {needed}"
            self.passed.add(file, Reason(one, more, logging.WARNING))
        elif suffix not in self._suffixes or not (file.is_file() or file.is_symlink()):
            self.passed.add(file, self._others)
        elif file.name[0] == ".":
            self.passed.add(file, _HIDDEN)
        else:
            return True
        return False

    def _note_deeper(self, folder: Path, files: list[Path]) -> None:
        parents = (file.parent for file in files if file.parent != folder)
        self._deeper.update(parent.relative_to(self.passed.root).as_posix() for parent in parents)

    def _nothing_in(self, folder: Path) -> AnenasError:
        """An error for a class folder without a file of the kind."""
        held = [entry for entry in entries(folder) if entry.name[0] != "."]
        but = f" but {some_of([entry.name for entry in held], 3)}" if held else ""
        needs = {entry.suffix.lower() for entry in held} & self._unreadable.keys()
        hint = "".join(f"; {suffix} files need {self._unreadable[suffix]}" for suffix in sorted(needs))
        return AnenasError(
            f"class folder '{folder}' has no {self._kind} ({some_of(self._suffixes, 4)}){but}; add some or remove "
            f"the folder{hint}"
        )
