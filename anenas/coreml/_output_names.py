"""Names of the outputs of numbers to predict."""

from __future__ import annotations

import re
from collections.abc import Sequence

from anenas.mil import INPUT


def output_names(targets: Sequence[str], source: str = INPUT) -> list[str]:
    """The names of the outputs of numbers to predict: theirs, as identifiers, each once.

    Args:
        targets: The numbers' names.
        source: Name of the input, which none may have.
    """
    names: list[str] = []
    for target in targets:
        name = re.sub(r"\W+", "_", target, flags=re.ASCII).strip("_") or "value"
        name = f"_{name}" if name[0].isdigit() else name
        while name in (*names, source):
            name += "_"
        names.append(name)
    return names
