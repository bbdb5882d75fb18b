"""Neural architecture search for Apple's Neural Engine.

import anenas

result = anenas.run_search("mobile_cnn", chip="A15", trials=20)
for model in result.front:
    print(model.score, model.latency_ms, model.package)
"""

from __future__ import annotations

import importlib
import importlib.metadata
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anenas._errors import AnenasError as AnenasError
    from anenas.ane import chips as chips
    from anenas.api import FrontModel as FrontModel
    from anenas.api import SearchResult as SearchResult
    from anenas.api import check_data as check_data
    from anenas.api import evaluate as evaluate
    from anenas.api import load_result as load_result
    from anenas.api import run_search as run_search
    from anenas.api import write_report as write_report
    from anenas.blocks import Block as Block
    from anenas.blocks import SequenceBlock as SequenceBlock
    from anenas.blocks import activation_choice as activation_choice
    from anenas.blocks import activation_layer as activation_layer
    from anenas.blocks import choice as choice
    from anenas.blocks import register as register
    from anenas.bundle import Bundle as Bundle
    from anenas.bundle import export as export
    from anenas.coreml import Package as Package
    from anenas.data import Dataset as Dataset
    from anenas.data import InputFormat as InputFormat
    from anenas.data import load_data as load_data
    from anenas.data import source as source
    from anenas.inputs import InputKind as InputKind
    from anenas.latency import FunctionLatency as FunctionLatency
    from anenas.latency import Latency as Latency
    from anenas.latency import LatencySource as LatencySource
    from anenas.latency import TableLatency as TableLatency
    from anenas.latency import Target as Target
    from anenas.latency import latency_sources as latency_source
    from anenas.mil import Program as Program
    from anenas.mil import load_program as load_program
    from anenas.mil import stream as stream
    from anenas.network import build as build
    from anenas.search import EXECUTORS as executor
    from anenas.search import SAMPLERS as sampler
    from anenas.search import Estimate as Estimate
    from anenas.search import Evaluation as Evaluation
    from anenas.search import Evaluator as Evaluator
    from anenas.search import Executor as Executor
    from anenas.search import Outcome as Outcome
    from anenas.search import Problem as Problem
    from anenas.search import Sampler as Sampler
    from anenas.search import SearchSettings as SearchSettings
    from anenas.search import Study as Study
    from anenas.search import Task as Task
    from anenas.search import Trial as Trial
    from anenas.search import TrialFiles as TrialFiles
    from anenas.search.executors.cluster import DaskExecutor as DaskExecutor
    from anenas.slimming import Slim as Slim
    from anenas.slimming import slim as slim
    from anenas.space import Architecture as Architecture
    from anenas.space import Limits as Limits
    from anenas.space import SearchSpace as SearchSpace
    from anenas.space import load_space as load_space
    from anenas.tasks import Predictions as Predictions
    from anenas.tasks import metric as metric
    from anenas.tasks import task as task

# Where each public name lives; nothing heavy is imported before it is used.
_HOMES = {
    "anenas._errors": ("AnenasError",),
    "anenas.ane": ("chips",),
    "anenas.api": ("FrontModel", "SearchResult", "check_data", "evaluate", "load_result", "run_search", "write_report"),
    "anenas.blocks": ("Block", "SequenceBlock", "activation_choice", "activation_layer", "choice", "register"),
    "anenas.bundle": ("Bundle", "export"),
    "anenas.coreml": ("Package",),
    "anenas.data": ("Dataset", "InputFormat", "load_data", "source"),
    "anenas.inputs": ("InputKind",),
    "anenas.latency": ("FunctionLatency", "Latency", "LatencySource", "TableLatency", "Target"),
    "anenas.mil": ("Program", "load_program", "stream"),
    "anenas.network": ("build",),
    "anenas.search": (
        "Estimate",
        "Evaluation",
        "Evaluator",
        "Executor",
        "Outcome",
        "Problem",
        "Sampler",
        "SearchSettings",
        "Study",
        "Task",
        "Trial",
        "TrialFiles",
    ),
    "anenas.search.executors.cluster": ("DaskExecutor",),
    "anenas.slimming": ("Slim", "slim"),
    "anenas.space": ("Architecture", "Limits", "SearchSpace", "load_space"),
    "anenas.tasks": ("Predictions", "metric", "task"),
}
# Decorators that register something by name: `@anenas.sampler("mine")`.
_DECORATORS = {
    "executor": ("anenas.search", "EXECUTORS"),
    "latency_source": ("anenas.latency", "latency_sources"),
    "sampler": ("anenas.search", "SAMPLERS"),
}
_PLACES = {name: (home, name) for home, names in _HOMES.items() for name in names} | _DECORATORS

__all__ = sorted(_PLACES)

logging.getLogger("anenas").addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.metadata.version("anenas")
    if name not in _PLACES:
        raise AttributeError(f"module 'anenas' has no attribute '{name}'")
    home, attribute = _PLACES[name]
    return getattr(importlib.import_module(home), attribute)


def __dir__() -> list[str]:
    return __all__
