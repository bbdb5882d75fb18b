"""How long a program takes on a chip: one protocol, and what answers it."""

from anenas.latency._base import Latency, LatencySource
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._profile import Profile, profile

__all__ = ["CalibratedLatency", "Latency", "LatencySource", "Profile", "profile"]
