"""Latency sources by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from anenas._errors import AnenasError
from anenas._registry import Registry
from anenas.latency._base import LatencySource
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._table import TableLatency

latency_sources: Registry[Callable[..., LatencySource]] = Registry("latency source")
"""What makes a source, by name: a class or a function that takes nothing, or the text that a user writes after the
name and a colon. `@anenas.latency_sources("shelf")` above one makes it known."""


def get_latency_source(text: str) -> LatencySource:
    """The source that "NAME" or "NAME:ARGUMENT" stands for, such as "table:operations.csv".

    Raises:
        AnenasError: If there is none of that name, it takes no argument or needs one, or cannot be had.
    """
    name, colon, argument = text.partition(":")
    make = latency_sources[name]
    arguments = (argument,) if colon else ()
    try:
        inspect.signature(make).bind(*arguments)
    except TypeError:
        expected = f"'{name}' alone" if colon else f"'{name}:' and an argument"
        raise AnenasError(f"latency source '{text}': expected {expected}") from None
    return make(*arguments)


@latency_sources("calibrated")
def _calibrated() -> LatencySource:
    return CalibratedLatency()


@latency_sources("table")
def _table(file: str) -> LatencySource:
    return TableLatency.read(file)
