"""The bridge to Core ML: write an ML program, read, run and verify one, and measure it on a device."""

from anenas.coreml._arrays import as_arrays, example_inputs, package_digest
from anenas.coreml._classify import input_size, program_accuracy
from anenas.coreml._compress import Compressed, compress, stored_forms
from anenas.coreml._convert import (
    INPUT,
    NEXT,
    OUTPUT,
    SERIES,
    TOKENS,
    convert,
    convert_arrays,
    convert_streamed,
    estimated_package_bytes,
    package_bytes,
)
from anenas.coreml._device import compile_package, has_core_ml, measure_package, require_core_ml
from anenas.coreml._package import package_metadata, package_target
from anenas.coreml._quantise import Quantiser
from anenas.coreml._read import read_graph
from anenas.coreml._validate import FORMAT, KIT, UNITS, VERSION, output_errors, write_whole
from anenas.coreml._verify import LOSSY, TOLERANCES, Difference, Verification, verify, verify_module, verify_network
from anenas.coreml._verify_streamed import verify_streamed

__all__ = [
    "FORMAT",
    "INPUT",
    "KIT",
    "LOSSY",
    "NEXT",
    "OUTPUT",
    "SERIES",
    "TOKENS",
    "TOLERANCES",
    "UNITS",
    "VERSION",
    "Compressed",
    "Difference",
    "Quantiser",
    "Verification",
    "as_arrays",
    "compile_package",
    "compress",
    "convert",
    "convert_arrays",
    "convert_streamed",
    "estimated_package_bytes",
    "example_inputs",
    "has_core_ml",
    "input_size",
    "measure_package",
    "output_errors",
    "package_bytes",
    "package_digest",
    "package_metadata",
    "package_target",
    "program_accuracy",
    "read_graph",
    "require_core_ml",
    "stored_forms",
    "verify",
    "verify_module",
    "verify_network",
    "verify_streamed",
    "write_whole",
]
