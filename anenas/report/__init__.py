"""Figures, pages and tables: of a study, of a model."""

from anenas.report._compare import write_comparison_png
from anenas.report._curves import write_curves_png
from anenas.report._forms import write_forms_png
from anenas.report._front import write_front_png
from anenas.report._profile import write_profile_page
from anenas.report._tables import write_front_csv, write_trials_csv
from anenas.report.comparison import Side, write_comparison_page
from anenas.report.study import Picked, answer, write_study_page

__all__ = [
    "Picked",
    "Side",
    "answer",
    "write_comparison_page",
    "write_comparison_png",
    "write_curves_png",
    "write_forms_png",
    "write_front_csv",
    "write_front_png",
    "write_profile_page",
    "write_study_page",
    "write_trials_csv",
]
