"""What a person at a terminal sees: progress while something runs, tables when it has ended."""

from anenas._terminal._device import print_calibration, print_measured, print_scores
from anenas._terminal._findings import print_findings, print_rules
from anenas._terminal._forms import print_compressed, print_forms, print_packed
from anenas._terminal._front import print_front
from anenas._terminal._profile import print_chips, print_profile
from anenas._terminal._progress import SearchProgress, TrainingProgress
from anenas._terminal._search_scores import print_search_scores
from anenas._terminal._verification import flushed_line, print_verification

__all__ = [
    "SearchProgress",
    "TrainingProgress",
    "flushed_line",
    "print_calibration",
    "print_chips",
    "print_compressed",
    "print_findings",
    "print_forms",
    "print_front",
    "print_measured",
    "print_packed",
    "print_profile",
    "print_rules",
    "print_scores",
    "print_search_scores",
    "print_verification",
]
