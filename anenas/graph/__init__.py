"""The one vocabulary between networks and hardware: programs as frozen data, without torch."""

from anenas.graph._fingerprint import fingerprint
from anenas.graph._forms import BLOCK, GROUP, SMALLEST, Form, compressed, forms, get_form, is_in_blocks
from anenas.graph._graph import Graph, Op, Storage, Tensor

__all__ = [
    "BLOCK",
    "GROUP",
    "SMALLEST",
    "Form",
    "Graph",
    "Op",
    "Storage",
    "Tensor",
    "compressed",
    "fingerprint",
    "forms",
    "get_form",
    "is_in_blocks",
]
