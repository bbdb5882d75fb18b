"""Studies side by side on one page."""

from anenas.report.comparison._page import Side, write_comparison_page

__all__ = ["Side", "write_comparison_page"]
