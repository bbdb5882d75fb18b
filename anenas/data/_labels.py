"""Labels of arrays: what task they are of, and read by it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from anenas._errors import AnenasError
from anenas.tasks import Labels, Names, Task, task_of_array

_log = logging.getLogger(__name__)


def read_labels(
    where: str, arrays: Labels, names: NDArray[Any] | None, task: Task | None = None
) -> tuple[Task, Mapping[str, NDArray[Any]], Names]:
    """Labels as their task has them, and the name of each class or number; see `Task.read` of each.

    Whatever looks like no classification is told.

    Args:
        where: The origin of the arrays, for messages.
        arrays: By key, "train_y" among them.
        names: Of the classes or numbers; None numbers them.
        task: What they are of; by default what they look like, see `task_of_array`.

    Raises:
        AnenasError: If they are not of the task, or two names are the same.
    """
    found, looks = (task, "") if task else task_of_array(where, arrays["train_y"])
    if looks:
        _log.info("%s: its labels are %s, so the task is %s (`task` overrides this)", where, looks, found)
    return found, *found.read(where, arrays, _names(where, names))


def _names(where: str, names: NDArray[Any] | None) -> Names | None:
    if names is None:
        return None
    if names.dtype.kind != "U" or names.ndim != 1:
        raise AnenasError(f"{where}: class_names must be a list of strings, not {names.dtype} {names.shape}")
    found = tuple(map(str, names))
    if len(set(found)) < len(found):
        twice = next(name for name in found if found.count(name) > 1)
        raise AnenasError(f"{where}: class_names contains '{twice}' twice; give each class its own name")
    return found
