"""What may be searched: the YAML language of spaces, and architectures as values. No torch here."""

from anenas.space._architecture import Architecture, Head, Stage
from anenas.space._builtin import builtin_spaces, is_builtin, load_space
from anenas.space._schema import PACKAGED, BackboneSpec, Limits, is_least
from anenas.space._space import SearchSpace
from anenas.space._walk import Decide, Decisions, Pick, cross, draw, every, mutate, walk
from anenas.space._yaml import read_space

__all__ = [
    "PACKAGED",
    "Architecture",
    "BackboneSpec",
    "Decide",
    "Decisions",
    "Head",
    "Limits",
    "Pick",
    "SearchSpace",
    "Stage",
    "builtin_spaces",
    "cross",
    "draw",
    "every",
    "is_builtin",
    "is_least",
    "load_space",
    "mutate",
    "read_space",
    "walk",
]
