"""The main job put together, and what it found."""

from anenas.api._choose import Chosen, choose_model
from anenas.api._compare import (
    Comparison,
    Difference,
    check_comparison_path,
    compare_studies,
    load_studies,
    write_comparison,
)
from anenas.api._data import DataReport, check_data
from anenas.api._disk import KEEP, Keep
from anenas.api._evaluate import evaluate
from anenas.api._options import limits_of
from anenas.api._register import Registered, register
from anenas.api._result import FrontModel, SearchResult, load_result
from anenas.api._search import DEFAULT_TRIALS, run_search
from anenas.api._show import ShownTrial, show_trial
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
from anenas.api._study_report import StudyReport, write_report

__all__ = [
    "DEFAULT_TRIALS",
    "KEEP",
    "Chosen",
    "Comparison",
    "DataReport",
    "Difference",
    "FrontModel",
    "Keep",
    "Orphan",
    "Registered",
    "SearchResult",
    "ShownTrial",
    "StudyDetails",
    "StudyReport",
    "StudySummary",
    "check_comparison_path",
    "check_data",
    "choose_model",
    "compare_studies",
    "copy_to",
    "describe_study",
    "evaluate",
    "find_orphans",
    "limits_of",
    "list_studies",
    "load_result",
    "load_studies",
    "name_study",
    "register",
    "remove_orphans",
    "remove_study",
    "run_search",
    "show_trial",
    "write_comparison",
    "write_report",
]
