"""Which folders are classes, which are splits, and which are neither."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from anenas._errors import AnenasError
from anenas.data._passed_over import PassedOver, Reason, some_of
from anenas.data._raw import PARTS
from anenas.inputs import InputKind

_NAMES = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
_TOOLS = (
    "__macosx", "__pycache__", "@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information",
)  # fmt: skip
_UNLABELLED = Reason(
    "folder called like a split has no class folders and is passed over",
    "folders called like a split have no class folders and are passed over",
    logging.WARNING,
)
_BESIDE = Reason(
    "folder beside the splits is passed over", "folders beside the splits are passed over", logging.WARNING
)

_log = logging.getLogger(__name__)


def find_parts(path: Path, kind: InputKind, passed: PassedOver) -> dict[str, Path]:
    """The folder of class folders for each part of the split that the user made; without one it is `path` itself.

    Folders are the split if they are called train or training; val, valid, validation or dev; and test or testing, in
    any case and perhaps followed by "data" or "set", and hold folders themselves. What is read as what is logged.

    Args:
        path: The folder that the user named.
        kind: Of the files.
        passed: Counts the folders that are neither.

    Raises:
        AnenasError: It cannot be told which folders are classes and which are splits.
    """
    folders = class_folders(path)
    parts: dict[str, Path] = {}
    for folder in folders:
        part = split_of(folder.name)
        if part and class_folders(folder):
            if part in parts:
                raise AnenasError(
                    f"'{parts[part]}' and '{folder}' both have the name of the {_words(part)} split; keep one of them"
                )
            parts[part] = folder
    if not parts:
        if flat := [folder.name for folder in folders if split_of(folder.name)]:
            _log.info(
                f"{passed.title}: {some_of(flat, 3)}: treated as classes, not splits, because they contain no folders"
            )
        return {"train": path}
    _check(path, kind, parts, [folder for folder in folders if folder not in parts.values()])
    for folder in folders:
        if folder not in parts.values():
            passed.add(folder, _UNLABELLED if split_of(folder.name) else _BESIDE)
    _say(passed.title, parts)
    return {part: parts[part] for part in PARTS if part in parts}


def _check(path: Path, kind: InputKind, parts: dict[str, Path], others: list[Path]) -> None:
    """Check that the folders called like splits can be nothing else."""
    names = " and ".join(f"'{folder.name}'" for folder in parts.values())
    is_are, holds, it_them = ("is", "holds", "it") if len(parts) == 1 else ("are", "hold", "them")
    classes = [folder.name for folder in others if not split_of(folder.name)]
    if "train" in parts and (len(parts) > 1 or not classes):
        return
    if not classes:
        raise AnenasError(
            f"'{path}' has class folders in {names} but none for training: put the training {kind} into "
            f"'{path / 'train'}', or name only the folder to split"
        )
    raise AnenasError(
        f"'{path}': {names} {is_are} named like a split and {holds} folders, but next to {it_them} there is "
        f"{some_of(classes, 3)}: put classes into '{path / 'train'}', or rename what is named like a split"
    )


def _say(title: str, parts: dict[str, Path]) -> None:
    names = {part: folder.name for part, folder in parts.items()}
    if len(parts) == 1:
        text = f"only the folder {names['train']} is a split: the others are held out of it unless they are given"
    else:
        each = [f"{names[part]} ({_words(part)})" for part in PARTS if part in names]
        text = f"folders {', '.join(each[:-1])} and {each[-1]} are the splits"
    _log.info(f"{title}: {text}")


def _words(part: str) -> str:
    return "training" if part == "train" else part


def split_of(name: str) -> str | None:
    """The part of a split that a folder is called like: "Training Data" is "train"; None if it is called otherwise."""
    word = re.sub(r"[ _-](data|set)$", "", name.casefold())
    return next((part for part, names in _NAMES.items() if word in names), None)


def class_folders(path: Path) -> list[Path]:
    """The folders in a folder that are not hidden and no tool's, sorted."""
    return [entry for entry in entries(path) if entry.is_dir() and not is_of_tool(entry)]


def is_of_tool(folder: Path) -> bool:
    """Whether a folder is hidden, or called like those that systems and tools leave."""
    return folder.name[0] == "." or folder.name.casefold() in _TOOLS


def entries(path: Path) -> list[Path]:
    """What a folder holds, sorted.

    Raises:
        AnenasError: It cannot be read.
    """
    try:
        return sorted(path.iterdir())
    except OSError as error:
        raise AnenasError(f"cannot read the folder '{path}': {error.strerror or error}") from error
