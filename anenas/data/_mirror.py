"""What the names of classes tell of mirror images."""

from __future__ import annotations

import re
from collections.abc import Sequence


def sided(classes: Sequence[str]) -> bool:
    """Whether a mirror image may be of another class: one is of a left or a right, or all are letters or digits.

    Names are read as words, so that "bright" has no right; of words that are written together, such as "turnleft", the
    other side must be a class, too.
    """
    words = {word.casefold() for name in classes for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    names = {name.casefold() for name in classes}
    paired = any("left" in name and name.replace("left", "right") in names for name in names)
    return bool(words & {"left", "right"}) or paired or all(len(name) == 1 and name.isalnum() for name in classes)
