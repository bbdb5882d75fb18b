"""Validation and test splits: whether they are large enough to tell networks apart."""

from __future__ import annotations

from collections.abc import Iterator

from anenas.data.checks._concern import Concern
from anenas.data.checks._copies import WORDS
from anenas.data.checks._inspected import Inspected
from anenas.tasks import binomial_error

_FEWEST = 100
"""Of so many inputs, nine in ten right is known to three points."""
_RIGHT = 0.9


def few_held_out(data: Inspected) -> Iterator[Concern]:
    """Splits that networks are judged by, and that are too small for it."""
    for part in ("validation", "test"):
        if not 0 < (count := len(data.parts[part])) < _FEWEST:
            continue
        kind = data.dataset.kind
        inputs, added = ("windows", "rows") if data.dataset.forecast_channels else (kind, kind)
        known = (
            f": {_RIGHT:.0%} right is ± {100 * binomial_error(_RIGHT, count):.0f} points" if data.is_classified else ""
        )
        message = f"there are only {count} {WORDS[part]} {inputs}{known}"
        fix = f"add {added}, or expect that most networks cannot be told apart"
        yield Concern("few held-out inputs", message, fix)
