"""Figures and tables of a study."""

from anenas.report._front import write_front_csv, write_front_page, write_front_png, write_trials_csv

__all__ = ["write_front_csv", "write_front_page", "write_front_png", "write_trials_csv"]
