"""What pictures of reports have in common."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from anenas._files import replacing

BLUE, GREY, RED, EMPTY, INK = "#1f6feb", "#9aa5b1", "#c8332b", "#eceef1", "#24292f"
_NAME = 22  # letters of a name


def short(name: str) -> str:
    """Its beginning and its end: names that begin alike end in what tells them apart."""
    return name if len(name) <= _NAME else f"{name[: _NAME // 2]}…{name[-_NAME // 2 + 1 :]}"


def plain(axes: Any) -> None:
    """A light grid behind what is drawn, and no frame."""
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def save(figure: Any, path: Path) -> None:
    """Write a figure of matplotlib as PNG, whole or not at all."""
    with replacing(path) as unfinished, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # an emoji; the tables have the names
        figure.savefig(unfinished, format="png")
