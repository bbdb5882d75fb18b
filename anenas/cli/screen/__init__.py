"""What a person at a terminal sees: progress while something runs, tables when it has ended."""

from anenas.cli.screen._bundle import print_bundle
from anenas.cli.screen._chosen import print_chosen
from anenas.cli.screen._compared import print_comparison
from anenas.cli.screen._data import print_data
from anenas.cli.screen._device import print_calibration, print_measured, print_scores
from anenas.cli.screen._evaluated import print_evaluated, print_evaluations
from anenas.cli.screen._findings import print_findings, print_rules
from anenas.cli.screen._forms import print_compressed, print_forms
from anenas.cli.screen._front import exported_names, print_front
from anenas.cli.screen._profile import print_chips, print_profile
from anenas.cli.screen._progress import SearchProgress, TrainingProgress
from anenas.cli.screen._search_scores import print_search_scores
from anenas.cli.screen._studies import print_studies, print_study
from anenas.cli.screen._trial import print_trial
from anenas.cli.screen._verification import flushed_line, print_verification

__all__ = [
    "SearchProgress",
    "TrainingProgress",
    "exported_names",
    "flushed_line",
    "print_bundle",
    "print_calibration",
    "print_chips",
    "print_chosen",
    "print_comparison",
    "print_compressed",
    "print_data",
    "print_evaluated",
    "print_evaluations",
    "print_findings",
    "print_forms",
    "print_front",
    "print_measured",
    "print_profile",
    "print_rules",
    "print_scores",
    "print_search_scores",
    "print_studies",
    "print_study",
    "print_trial",
    "print_verification",
]
