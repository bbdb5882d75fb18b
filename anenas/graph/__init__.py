"""The one vocabulary between networks and hardware: programs as frozen data, without torch."""

from anenas.graph._fingerprint import fingerprint
from anenas.graph._forms import SMALLEST, Form, all_forms, compressed, forms, get_form
from anenas.graph._graph import ITEM_BYTES, Flexible, Graph, Op, Storage, Tensor

__all__ = [
    "ITEM_BYTES",
    "SMALLEST",
    "Flexible",
    "Form",
    "Graph",
    "Op",
    "Storage",
    "Tensor",
    "all_forms",
    "compressed",
    "fingerprint",
    "forms",
    "get_form",
]
