"""Running an exported program on torch, on any machine."""

from anenas.mil._apple import predict
from anenas.mil._arrays import read_arrays, write_arrays
from anenas.mil._features import Feature
from anenas.mil._precision import Event, Precision
from anenas.mil._program import Program, load_program
from anenas.mil._stream import NEXT, stream

__all__ = [
    "NEXT",
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
