"""The main job put together, and what it found."""

from anenas.api._choose import Chosen, choose_model
from anenas.api._compare import Comparison, Difference, compare_studies, load_studies
from anenas.api._data import DataReport, check_data
from anenas.api._evaluate import evaluate
from anenas.api._options import limits_of
from anenas.api._result import FrontModel, SearchResult, load_result
from anenas.api._search import DEFAULT_TRIALS, run_search
from anenas.api._show import ShownTrial, show_trial

__all__ = [
    "DEFAULT_TRIALS",
    "Chosen",
    "Comparison",
    "DataReport",
    "Difference",
    "FrontModel",
    "SearchResult",
    "ShownTrial",
    "check_data",
    "choose_model",
    "compare_studies",
    "evaluate",
    "limits_of",
    "load_result",
    "load_studies",
    "run_search",
    "show_trial",
]
