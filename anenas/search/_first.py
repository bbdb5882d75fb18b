"""What a search begins with, where the user knows something already."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

from anenas._errors import AnenasError
from anenas.search._problem import Space
from anenas.search._study import Study
from anenas.space import Architecture
from anenas.tables import encoding_of

_log = logging.getLogger(__name__)


def read_architectures(path: Path, space: Space, classes: int) -> list[Architecture]:
    """The architectures of a text file, one a line; empty lines and those that begin with # are left out.

    Args:
        path: Of the file.
        space: What they must be of.
        classes: How many classes they must tell apart.

    Raises:
        AnenasError: If it cannot be read, or a line is no architecture of the space.
    """
    try:
        lines = path.read_text(encoding=encoding_of(path)).splitlines()
    except OSError as error:
        raise AnenasError(f"cannot read {path}: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            architecture = Architecture.parse(line)
            space.decisions(architecture)
        except (AnenasError, ValueError) as error:
            raise AnenasError(f"{path}, line {number}: {error}") from error
        if architecture.head.classes != classes:
            raise AnenasError(
                f"{path}, line {number}: it has {architecture.head.classes} classes, but the data have {classes}"
            )
        found.append(architecture)
    return found


def front_of(
    earlier: Study,
    space: Space,
    input_shape: tuple[int, int, int, int],
    classes: int,
    *,
    masked: bool = False,
    skip: bool = False,
) -> list[Architecture]:
    """The front of an earlier study for this input and number of classes, as far as the space holds it.

    Args:
        earlier: The study.
        space: What they must be of. Of several sizes of input that it offers, each keeps its own.
        input_shape: (N, C, H, W) of those that have another.
        classes: That they are to tell apart.
        masked: Whether the input says where series are.
        skip: Whether their heads have a skip from its last step.

    Raises:
        AnenasError: If there is nothing of it in the space.
    """
    found = []
    for trial in earlier.front:
        head = dataclasses.replace(trial.architecture.head, classes=classes, skip=skip)
        own_size = (*input_shape[:2], *trial.architecture.input[2:])
        for shape in (own_size, input_shape):
            architecture = dataclasses.replace(trial.architecture, input=shape, head=head, masked=masked)
            try:
                space.decisions(architecture)
            except ValueError:
                continue
            found.append(architecture)
            break
    if not found:
        what = f"none of its front is in '{space.name}'" if earlier.front else "no trial of it has completed"
        raise AnenasError(f"study '{earlier.name}' has nothing to start from: {what}")
    if len(found) < len(earlier.front):
        _log.info(
            f"{len(found)} of the {len(earlier.front)} networks on the front of '{earlier.name}' are tried first; the "
            f"others are not in '{space.name}'"
        )
    return found
