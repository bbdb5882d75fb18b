"""coremltools, imported lazily and silenced, without lasting effects on the process."""

from __future__ import annotations

import contextlib
import functools
import logging
import warnings
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress coremltools' logs and warnings; errors are raised anyway."""
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
    """The package, without its warnings about newer torch versions and libraries that exist only on macOS."""
    with quiet():
        import coremltools
    return coremltools
