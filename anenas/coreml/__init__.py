"""The bridge to Core ML: writing, opening, compressing and verifying packages."""

from anenas.coreml._arrays import as_arrays
from anenas.coreml._bounds import MARGIN, RUNS
from anenas.coreml._classify import class_places, program_accuracy, program_scores
from anenas.coreml._compress import compress
from anenas.coreml._convert import convert, convert_arrays, convert_streamed, estimated_package_bytes
from anenas.coreml._describe import describe, description_of
from anenas.coreml._on_mac import CoreMLProgram
from anenas.coreml._package import Package
from anenas.coreml._quantise import Quantiser
from anenas.coreml._verify import (
    LOSSY,
    TOLERANCES,
    Difference,
    Verification,
    verify,
    verify_network,
)
from anenas.coreml._verify_streamed import verify_streamed
from anenas.mil import INPUT, OUTPUT, SERIES, TOKENS

__all__ = [
    "INPUT",
    "LOSSY",
    "MARGIN",
    "OUTPUT",
    "RUNS",
    "SERIES",
    "TOKENS",
    "TOLERANCES",
    "CoreMLProgram",
    "Difference",
    "Package",
    "Quantiser",
    "Verification",
    "as_arrays",
    "class_places",
    "compress",
    "convert",
    "convert_arrays",
    "convert_streamed",
    "describe",
    "description_of",
    "estimated_package_bytes",
    "program_accuracy",
    "program_scores",
    "verify",
    "verify_network",
    "verify_streamed",
]
