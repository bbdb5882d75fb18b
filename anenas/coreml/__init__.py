"""The bridge to Core ML: write an ML program, and read one back as a graph."""

from anenas.coreml._convert import convert, estimated_package_bytes, package_bytes
from anenas.coreml._read import read_graph

__all__ = ["convert", "estimated_package_bytes", "package_bytes", "read_graph"]
