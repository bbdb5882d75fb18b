"""Whether a block goes around itself."""

from __future__ import annotations

from typing import Any

from anenas.blocks._choices import choice


def skip_choice() -> Any:
    """The choice of a block without the skip connection that it has else where its input is of its output's shape."""
    return choice("plain", False, True, later=True)
