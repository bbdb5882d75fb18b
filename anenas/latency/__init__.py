"""How long a program takes on a chip: one protocol, and what answers it."""

from anenas.latency._agreement import Agreement, Difference, agreement
from anenas.latency._base import Latency, LatencySource
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._device import DeviceLatency
from anenas.latency._profile import Profile, profile
from anenas.latency._recording import PlannedOp, Recording, load_recordings, read_recordings, write_recordings
from anenas.latency._replay import ReplayLatency

__all__ = [
    "Agreement",
    "CalibratedLatency",
    "DeviceLatency",
    "Difference",
    "Latency",
    "LatencySource",
    "PlannedOp",
    "Profile",
    "Recording",
    "ReplayLatency",
    "agreement",
    "load_recordings",
    "profile",
    "read_recordings",
    "write_recordings",
]
