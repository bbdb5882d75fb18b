"""Files that cannot be read: all are found at once, before anything else is done with the others."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from anenas._errors import AnenasError
from anenas._progress import Progress
from anenas.data._class_folders import Files
from anenas.data._passed_over import some_of
from anenas.inputs import InputKind

_SHOWN = 10

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


def without_broken(
    title: str, files: Mapping[str, Files], kind: InputKind, look: Callable[[Path], _T], *, skip: bool | None
) -> tuple[dict[str, Files], list[_T]]:
    """The files that can be read, by split, and what `look` found in each.

    Args:
        title: What the data are called in messages.
        files: By split.
        kind: Of the files.
        look: Reads a file, in one of several threads; raises `AnenasError`, "'PATH' is …; what to do", if it cannot.
        skip: Whether the others are left out, which is logged, rather than an error; None does not offer to.

    Raises:
        AnenasError: If some cannot be read, naming up to ten; if `skip`, only if a split has none that can.
    """

    def attempt(path: Path) -> _T | AnenasError:
        try:
            return look(path)
        except AnenasError as error:
            return error

    paths = [path for found in files.values() for path in found.paths]
    names = [name for found in files.values() for name in found.names]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        progress, results = Progress(f"looking through {kind}", len(paths)), []
        for result in threads.map(attempt, paths):
            results.append(result)
            progress.add(1)
    broken = {i: result for i, result in enumerate(results) if isinstance(result, AnenasError)}
    if broken:
        listed = some_of([f"{names[i]} {_reason(paths[i], error)}" for i, error in broken.items()], _SHOWN)
        if not skip:
            raise _error(title, kind, list(broken.values()), len(paths), listed, can_skip=skip is not None)
        _log.warning(f"{title}: {len(broken):,} of {len(paths):,} {kind} are left out: {listed}")
    whole = {part: _without(found, {paths[i] for i in broken}) for part, found in files.items()}
    for part, found in whole.items():
        if not found.paths:
            raise AnenasError(f"{title}: none of its {part} {kind} can be read: repair or replace them")
    return whole, [result for result in results if not isinstance(result, AnenasError)]


def _without(files: Files, broken: set[Path]) -> Files:
    keep = [i for i, path in enumerate(files.paths) if path not in broken]
    return dataclasses.replace(
        files,
        paths=[files.paths[i] for i in keep],
        labels=files.labels[np.array(keep, np.int64)],
        groups=None if files.groups is None else files.groups[np.array(keep, np.int64)],
        names=tuple(files.names[i] for i in keep),
    )


def _error(
    title: str, kind: InputKind, errors: list[AnenasError], count: int, listed: str, *, can_skip: bool
) -> AnenasError:
    text, them = str(errors[0]), "it"
    if len(errors) > 1:
        them = "them"
        text = f"{title}: {len(errors):,} of {count:,} {kind} cannot be read: {listed}; repair or remove them"
    if can_skip:
        return AnenasError(f"{text}, or skip {them} with `skip_broken=True`")
    return AnenasError(text.replace(f"repair or remove {them}", f"repair {them}"))


def _reason(path: Path, error: AnenasError) -> str:
    """The error without the path before it and what to do behind it."""
    return str(error).removeprefix(f"'{path}' ").rpartition("; ")[0]
