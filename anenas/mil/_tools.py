"""coremltools, imported late and without what it prints on importing."""

from __future__ import annotations

import functools
import logging
import warnings
from typing import Any


@functools.cache
def coremltools() -> Any:
    """The package. It warns of a newer torch and of the macOS libraries that other systems lack; nobody needs that."""
    logging.getLogger("coremltools").setLevel(logging.CRITICAL)  # errors are raised as well
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import coremltools
    return coremltools
