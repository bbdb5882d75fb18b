"""The operations of MIL, which register themselves, one file per subject."""

from anenas.mil._registry import FOLDED, ON_ENGINE, OPERATIONS
from anenas.mil.operations import (  # noqa: F401
    _activation,
    _classification,
    _compression,
    _convolution,
    _creation,
    _detection,
    _elementwise,
    _linear,
    _lists,
    _normalisation,
    _on_engine,
    _pooling,
    _quantisation,
    _recurrent,
    _reduction,
    _resizing,
    _selection,
    _shape,
)

__all__ = ["FOLDED", "ON_ENGINE", "OPERATIONS"]
