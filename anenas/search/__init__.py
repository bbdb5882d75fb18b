"""The search: what is estimated and evaluated, where it is recorded, and the loop that asks and tells."""

from anenas.search._evaluation import (
    ARCHITECTURE,
    CHECKPOINT,
    EVALUATION,
    OPERATIONS,
    PACKAGE,
    WEIGHTS,
    Estimate,
    Evaluation,
    Evaluator,
)
from anenas.search._evaluator import TrainingEvaluator
from anenas.search._exports import export_best
from anenas.search._first import front_of, read_architectures
from anenas.search._loop import Search
from anenas.search._objectives import DEFAULT_OBJECTIVES, METRICS, Metric, Objective, Objectives, objective_names
from anenas.search._pool import Inline, Outcome, Pool
from anenas.search._problem import LATENCY_BOUNDS, LatencyBound, Outlook, Problem, Space
from anenas.search._record import Record, Trial
from anenas.search._rungs import DEFAULT_RUNGS, FEWEST_TRIALS, Rungs
from anenas.search._ship import ExportError, load_deployed, ship
from anenas.search._store import is_being_searched, searching, study_folder, study_names
from anenas.search._study import Study
from anenas.search.samplers import DEFAULT_SAMPLER, SAMPLERS, check_sampler, make_sampler

__all__ = [
    "ARCHITECTURE",
    "CHECKPOINT",
    "DEFAULT_OBJECTIVES",
    "DEFAULT_RUNGS",
    "DEFAULT_SAMPLER",
    "EVALUATION",
    "FEWEST_TRIALS",
    "LATENCY_BOUNDS",
    "METRICS",
    "OPERATIONS",
    "PACKAGE",
    "SAMPLERS",
    "WEIGHTS",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "ExportError",
    "Inline",
    "LatencyBound",
    "Metric",
    "Objective",
    "Objectives",
    "Outcome",
    "Outlook",
    "Pool",
    "Problem",
    "Record",
    "Rungs",
    "Search",
    "Space",
    "Study",
    "TrainingEvaluator",
    "Trial",
    "check_sampler",
    "export_best",
    "front_of",
    "is_being_searched",
    "load_deployed",
    "make_sampler",
    "objective_names",
    "read_architectures",
    "searching",
    "ship",
    "study_folder",
    "study_names",
]
