"""Anything that a user can name as a model: loaded, verified, in other weight formats, packed."""

from anenas.models._evaluate import Evaluated, evaluate_package, find_package
from anenas.models._forms import Comparison, FormResult, load_test_data, marked, write_sweep
from anenas.models._load import load_graph, load_network
from anenas.models._pack import Packed, pack, unpack
from anenas.models._verify import verify_against

__all__ = [
    "Comparison",
    "Evaluated",
    "FormResult",
    "Packed",
    "evaluate_package",
    "find_package",
    "load_graph",
    "load_network",
    "load_test_data",
    "marked",
    "pack",
    "unpack",
    "verify_against",
    "write_sweep",
]
