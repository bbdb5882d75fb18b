"""The page of a study."""

from anenas.report.study._answer import answer
from anenas.report.study._page import Picked, write_study_page

__all__ = ["Picked", "answer", "write_study_page"]
