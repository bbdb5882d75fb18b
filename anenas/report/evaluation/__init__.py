"""What a model gets right and wrong of inputs, by its task: figures with intervals, tables, pictures, a page.

To add the report of a kind of task, write a subclass of `Report` in a file of its own and name it in `_kinds.py`.
"""

from anenas.report.evaluation._calibration import Bin
from anenas.report.evaluation._figure import Figure, percent
from anenas.report.evaluation._inputs import InputView
from anenas.report.evaluation._kinds import report_kind, report_of
from anenas.report.evaluation._of_class import ClassFigures, ClassReport, Confusion, Wrong
from anenas.report.evaluation._of_classes import LabelFigures, LabelReport, WrongLabel
from anenas.report.evaluation._of_metrics import MetricReport
from anenas.report.evaluation._of_numbers import FarOff, NumberFigures, NumberReport
from anenas.report.evaluation._report import Picture, Report
from anenas.report.evaluation._sheet import BadInput, BadInputs, Column, Sheet
from anenas.report.evaluation._write import DATA, PAGE, report_files, write_figures, write_report

__all__ = [
    "DATA",
    "PAGE",
    "BadInput",
    "BadInputs",
    "Bin",
    "ClassFigures",
    "ClassReport",
    "Column",
    "Confusion",
    "FarOff",
    "Figure",
    "InputView",
    "LabelFigures",
    "LabelReport",
    "MetricReport",
    "NumberFigures",
    "NumberReport",
    "Picture",
    "Report",
    "Sheet",
    "Wrong",
    "WrongLabel",
    "percent",
    "report_files",
    "report_kind",
    "report_of",
    "write_figures",
    "write_report",
]
