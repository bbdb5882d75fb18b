"""The main job put together, and what it found."""

from anenas.api._data import DataReport, check_data
from anenas.api._disk import KEEP, Keep
from anenas.api._evaluate import evaluate
from anenas.api._result import FrontModel, SearchResult, load_result
from anenas.api._search import DEFAULT_TRIALS, run_search
from anenas.api._studies import (
    Orphan,
    StudyDetails,
    StudySummary,
    copy_to,
    describe_study,
    find_orphans,
    list_studies,
    name_study,
    remove_orphans,
    remove_study,
)

__all__ = [
    "DEFAULT_TRIALS",
    "KEEP",
    "DataReport",
    "FrontModel",
    "Keep",
    "Orphan",
    "SearchResult",
    "StudyDetails",
    "StudySummary",
    "check_data",
    "copy_to",
    "describe_study",
    "evaluate",
    "find_orphans",
    "list_studies",
    "load_result",
    "name_study",
    "remove_orphans",
    "remove_study",
    "run_search",
]
