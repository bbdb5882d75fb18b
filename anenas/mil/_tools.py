"""coremltools, imported late and kept quiet, without a trace of that in the process afterwards."""

from __future__ import annotations

import contextlib
import functools
import logging
import warnings
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what coremltools logs and warns of; what goes wrong is raised as well."""
    logger = logging.getLogger("coremltools")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


@functools.cache
def coremltools() -> Any:
    """The package. It warns of a newer torch and of the macOS libraries that other systems lack; nobody needs that."""
    with quiet():
        import coremltools
    return coremltools
