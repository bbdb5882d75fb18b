"""The bridge to Core ML: write an ML program, read, run and verify one, and measure it on a device."""

from anenas.coreml._arrays import as_arrays, example_inputs, package_digest
from anenas.coreml._classify import input_size, program_accuracy
from anenas.coreml._compress import Compressed, compress, stored_forms
from anenas.coreml._convert import (
    INPUT,
    OUTPUT,
    SERIES,
    TOKENS,
    convert,
    convert_arrays,
    convert_streamed,
    estimated_package_bytes,
    package_bytes,
)
from anenas.coreml._quantise import Quantiser
from anenas.coreml._read import read_graph
from anenas.coreml._verify import (
    LOSSY,
    TOLERANCES,
    Difference,
    Verification,
    output_errors,
    verify,
    verify_module,
    verify_network,
)
from anenas.coreml._verify_streamed import verify_streamed
from anenas.mil._package import package_metadata, package_target

__all__ = [
    "INPUT",
    "LOSSY",
    "OUTPUT",
    "SERIES",
    "TOKENS",
    "TOLERANCES",
    "Compressed",
    "Difference",
    "Quantiser",
    "Verification",
    "as_arrays",
    "compress",
    "convert",
    "convert_arrays",
    "convert_streamed",
    "estimated_package_bytes",
    "example_inputs",
    "input_size",
    "output_errors",
    "package_bytes",
    "package_digest",
    "package_metadata",
    "package_target",
    "program_accuracy",
    "read_graph",
    "stored_forms",
    "verify",
    "verify_module",
    "verify_network",
    "verify_streamed",
]
