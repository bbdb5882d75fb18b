"""What may be searched: the YAML language of spaces, and architectures as values. No torch here."""

from anenas.space._architecture import Architecture, Head, Stage
from anenas.space._builtin import builtin_spaces, load_space
from anenas.space._space import Limits, Pick, SearchSpace
from anenas.space._yaml import read_space

__all__ = [
    "Architecture",
    "Head",
    "Limits",
    "Pick",
    "SearchSpace",
    "Stage",
    "builtin_spaces",
    "load_space",
    "read_space",
]
