"""How long a program takes on a chip: one protocol, and what answers it."""

from anenas.latency._analytic import AnalyticLatency
from anenas.latency._base import Latency, LatencySource

__all__ = ["AnalyticLatency", "Latency", "LatencySource"]
