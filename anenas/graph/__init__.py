"""The one vocabulary between networks and hardware: programs as frozen data, without torch."""

from anenas.graph._fingerprint import fingerprint
from anenas.graph._graph import Graph, Op, Tensor

__all__ = ["Graph", "Op", "Tensor", "fingerprint"]
