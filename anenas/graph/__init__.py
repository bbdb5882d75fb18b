"""The one vocabulary between networks and hardware: programs as frozen data, without torch."""

from anenas.graph._fingerprint import fingerprint
from anenas.graph._graph import ITEM_BYTES, Flexible, Graph, Op, Storage, Tensor
from anenas.graph._weight_formats import (
    SMALLEST,
    WEIGHED,
    WeightFormat,
    all_weight_formats,
    compressed,
    get_weight_format,
    weight_formats,
)

__all__ = [
    "ITEM_BYTES",
    "SMALLEST",
    "WEIGHED",
    "Flexible",
    "Graph",
    "Op",
    "Storage",
    "Tensor",
    "WeightFormat",
    "all_weight_formats",
    "compressed",
    "fingerprint",
    "get_weight_format",
    "weight_formats",
]
