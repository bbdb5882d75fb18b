"""The reader of Core ML programs: as a graph, and as a program that runs on torch, on any machine."""

from anenas.mil._apple import predict
from anenas.mil._arrays import read_arrays, write_arrays
from anenas.mil._examples import example_inputs
from anenas.mil._features import Feature, warn_of_scale
from anenas.mil._file import ProgramFile
from anenas.mil._graph import read_graph
from anenas.mil._names import INPUT, NEXT, OUTPUT, SERIES, TOKENS
from anenas.mil._noise import UNITS, Noise
from anenas.mil._precision import Event, Precision
from anenas.mil._program import Program, load_program
from anenas.mil._stream import stream
from anenas.mil._syntax import Value
from anenas.mil._tools import coremltools, quiet

__all__ = [
    "INPUT",
    "NEXT",
    "OUTPUT",
    "SERIES",
    "TOKENS",
    "UNITS",
    "Event",
    "Feature",
    "Noise",
    "Precision",
    "Program",
    "ProgramFile",
    "Value",
    "coremltools",
    "example_inputs",
    "load_program",
    "predict",
    "quiet",
    "read_arrays",
    "read_graph",
    "stream",
    "warn_of_scale",
    "write_arrays",
]
