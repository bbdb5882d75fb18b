"""The bridge to Core ML: write an ML program, and read one back as a graph."""

from anenas.coreml._convert import convert, package_bytes
from anenas.coreml._read import read_graph

__all__ = ["convert", "package_bytes", "read_graph"]
