"""The search: what is estimated and evaluated, where it is recorded, and the loop that asks and tells."""

from anenas.search._evaluation import (
    ARCHITECTURE,
    EVALUATION,
    OPERATIONS,
    PACKAGE,
    WEIGHTS,
    Estimate,
    Evaluation,
    Evaluator,
)
from anenas.search._evaluator import ImageEvaluator, load_deployed
from anenas.search._exports import export_best
from anenas.search._front import front, hypervolume, picks
from anenas.search._loop import Search
from anenas.search._pool import Outcome, Pool
from anenas.search._study import Record, Study, Trial, is_being_searched, searching, study_folder, study_names

__all__ = [
    "ARCHITECTURE",
    "EVALUATION",
    "OPERATIONS",
    "PACKAGE",
    "WEIGHTS",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "ImageEvaluator",
    "Outcome",
    "Pool",
    "Record",
    "Search",
    "Study",
    "Trial",
    "export_best",
    "front",
    "hypervolume",
    "is_being_searched",
    "load_deployed",
    "picks",
    "searching",
    "study_folder",
    "study_names",
]
