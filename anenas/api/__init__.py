"""The main job put together, and what it found."""

from anenas.api._data import DataReport, check_data
from anenas.api._evaluate import evaluate
from anenas.api._result import FrontModel, SearchResult, load_result
from anenas.api._search import DEFAULT_TRIALS, run_search
from anenas.api._study_report import StudyReport, write_report

__all__ = [
    "DEFAULT_TRIALS",
    "DataReport",
    "FrontModel",
    "SearchResult",
    "StudyReport",
    "check_data",
    "evaluate",
    "load_result",
    "run_search",
    "write_report",
]
