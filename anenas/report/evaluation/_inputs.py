"""Single inputs as a browser shows them: images as they are, series and recordings as lines, texts as their words."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anenas.inputs import InputKind

_WIDTH, _HEIGHT, _POINTS = 180, 110, 180  # of a drawing, and how many points a line has at most
_LANES = 6  # channels of a series that are drawn
_COLOURS = ("#1f6feb", "#bc4c00", "#2a9d5c", "#8250df", "#b07300", "#c8332b")
_LETTERS = 300  # of a text
_FIRST = 2  # id of the first token of a vocabulary, see `anenas.data.Encoding`


@dataclass(frozen=True, eq=False)
class InputView:
    """How inputs of a data set are shown.

    Attributes:
        kind: Of the inputs.
        masked: Whether their last channel is a mask.
        metadata: Of the data set, with a "vocabulary" where ids have words.
    """

    kind: InputKind
    masked: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    def html(self, one: NDArray[Any]) -> str:
        """An element of HTML for one input, (C, H, W)."""
        if self.kind.resized:
            return _image(one)
        return self._text(one) if self._tokens is not None else self._lines(one)

    @cached_property
    def _tokens(self) -> list[str] | None:
        return json.loads(self.metadata["vocabulary"]) if "vocabulary" in self.metadata else None

    def _text(self, ids: NDArray[Any]) -> str:
        tokens, words = self._tokens or [], self.metadata.get("tokens") == "words"
        shown = (
            tokens[i - _FIRST] if i >= _FIRST and i - _FIRST < len(tokens) else "�"
            for i in ids.ravel().astype(int)
            if i > 0
        )
        text = (" " if words else "").join(shown)
        return f"<p class='text'>{html.escape(text[:_LETTERS])}{'…' if len(text) > _LETTERS else ''}</p>"

    def _lines(self, series: NDArray[Any]) -> str:
        values = series[:, 0]
        if self.masked:
            *channels, mask = values
            values = np.array(channels)[:, mask > 0]
        shown = values[:_LANES]
        lane = _HEIGHT / max(len(shown), 1)
        lines = [
            f"<polyline points='{_points(one, top=i * lane, height=lane)}' stroke='{_COLOURS[i]}'/>"
            for i, one in enumerate(shown)
        ]
        drawing = f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' class='series'>{''.join(lines)}</svg>"
        return drawing + (f"<small>{_LANES} of {len(values)} channels</small>" if len(values) > _LANES else "")


def _image(pixels: NDArray[Any]) -> str:
    """Colour, or grey; of images with other channels, such as depth or infrared, the first alone."""
    from PIL import Image

    channels = len(pixels)
    array = np.moveaxis(pixels, 0, 2) if channels == 3 else pixels[0]
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(array, dtype=np.uint8)).save(file, format="png")
    data = base64.b64encode(file.getvalue()).decode("ascii")
    note = f"<small>the first of {channels} channels</small>" if channels not in (1, 3) else ""
    return f"<img alt='' src='data:image/png;base64,{data}'>{note}"


def _points(values: NDArray[Any], *, top: float, height: float) -> str:
    """The corners of a line in its lane: of many values the smallest and the largest of every few."""
    if not len(values):
        return ""
    if len(values) > 2 * _POINTS:
        parts = np.array_split(values, _POINTS)
        places = np.repeat(np.arange(_POINTS) / (_POINTS - 1), 2)
        values = np.array([end(part) for part in parts for end in _ENDS])
    else:
        places = np.linspace(0, 1, len(values))
    low, span = values.min(), np.ptp(values) or 1.0
    heights = top + height * (0.95 - 0.9 * (values - low) / span)
    return " ".join(f"{_WIDTH * x:.1f},{y:.1f}" for x, y in zip(places, heights, strict=True))


_ENDS: tuple[Callable[[NDArray[Any]], Any], ...] = (np.min, np.max)
