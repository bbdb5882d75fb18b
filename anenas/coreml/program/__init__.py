"""Running an exported program on torch, on any machine."""

from anenas.coreml.program._apple import predict
from anenas.coreml.program._arrays import read_arrays, write_arrays
from anenas.coreml.program._features import Feature
from anenas.coreml.program._precision import Event, Precision
from anenas.coreml.program._program import Program, load_program
from anenas.coreml.program._stream import stream

__all__ = [
    "Event",
    "Feature",
    "Precision",
    "Program",
    "load_program",
    "predict",
    "read_arrays",
    "stream",
    "write_arrays",
]
