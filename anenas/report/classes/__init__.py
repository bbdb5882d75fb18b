"""What a classifier gets right and wrong: figures with intervals, pictures, a page."""

from anenas.report.classes._calibration import Bin
from anenas.report.classes._figures import write_confusion_png
from anenas.report.classes._inputs import InputView
from anenas.report.classes._page import absent_line, named_averages, percent
from anenas.report.classes._report import Average, ClassFigures, ClassReport, Confusion, Wrong, is_probabilities
from anenas.report.classes._write import CONFUSION, DATA, PAGE, REPORT_FILES, write_class_report

__all__ = [
    "CONFUSION",
    "DATA",
    "PAGE",
    "REPORT_FILES",
    "Average",
    "Bin",
    "ClassFigures",
    "ClassReport",
    "Confusion",
    "InputView",
    "Wrong",
    "absent_line",
    "is_probabilities",
    "named_averages",
    "percent",
    "write_class_report",
    "write_confusion_png",
]
