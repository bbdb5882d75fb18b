"""The bridge to Core ML: write an ML program, read one back as a graph, and measure it on a device."""

from anenas.coreml._arrays import as_arrays, example_inputs, package_digest
from anenas.coreml._convert import convert, convert_arrays, estimated_package_bytes, package_bytes
from anenas.coreml._device import compile_package, has_core_ml, measure_package, require_core_ml
from anenas.coreml._package import deployment_target
from anenas.coreml._read import read_graph
from anenas.coreml._validate import FORMAT, KIT, UNITS, VERSION, output_errors, write_whole

__all__ = [
    "FORMAT",
    "KIT",
    "UNITS",
    "VERSION",
    "as_arrays",
    "compile_package",
    "convert",
    "convert_arrays",
    "deployment_target",
    "estimated_package_bytes",
    "example_inputs",
    "has_core_ml",
    "measure_package",
    "output_errors",
    "package_bytes",
    "package_digest",
    "read_graph",
    "require_core_ml",
    "write_whole",
]
