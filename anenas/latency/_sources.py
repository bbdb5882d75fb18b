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
"""Factories of sources by name: classes or functions without arguments, or with the text after the name and a colon.
Register one with `@anenas.latency_sources("shelf")`."""


def get_latency_source(text: str) -> LatencySource:
    """The source for "NAME" or "NAME:ARGUMENT", such as "table:operations.csv".

    Raises:
        AnenasError: If the name is unknown, it takes no argument or needs one, or the source cannot be made.
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
