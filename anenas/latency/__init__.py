"""How long a program takes on a chip: one protocol, and what answers it."""

from anenas.latency._base import Latency, LatencySource
from anenas.latency._calibrated import CalibratedLatency

__all__ = ["CalibratedLatency", "Latency", "LatencySource"]
