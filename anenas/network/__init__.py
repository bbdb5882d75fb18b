"""From architecture to network: modules that train and ship, and their graphs."""

from anenas.network._build import Deployed, Trainable, build, fuse
from anenas.network._fold import fold_batch_norms
from anenas.network._graph import architecture_cost, architecture_graph
from anenas.network._head import begin_with_last_value
from anenas.network._inherit import inherit
from anenas.network._normalise import Normalisation, fits_half
from anenas.network._reference import reference_values
from anenas.network._smallest import smallest
from anenas.network._streamed import Streamed, streaming_problem
from anenas.network._trace import trace

__all__ = [
    "Deployed",
    "Normalisation",
    "Streamed",
    "Trainable",
    "architecture_cost",
    "architecture_graph",
    "begin_with_last_value",
    "build",
    "fits_half",
    "fold_batch_norms",
    "fuse",
    "inherit",
    "reference_values",
    "smallest",
    "streaming_problem",
    "trace",
]
