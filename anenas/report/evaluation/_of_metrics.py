"""The report of a task of which no more is known than its metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anenas.report.evaluation._report import Report


@dataclass(frozen=True, eq=False)
class MetricReport(Report):
    """The task's metrics, with their intervals."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"inputs": len(self), **self._measures()}
