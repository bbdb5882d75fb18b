"""How long a program takes on a chip: one protocol, and what answers it."""

from anenas.latency._agreement import Agreement, Difference, agreement
from anenas.latency._base import Latency, LatencySource
from anenas.latency._calibrated import CalibratedLatency, Target
from anenas.latency._device import DeviceLatency
from anenas.latency._own_device import OwnDevice, checked_name, chip_or_own_device, own_devices
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
    "OwnDevice",
    "PlannedOp",
    "Profile",
    "Recording",
    "ReplayLatency",
    "Target",
    "agreement",
    "checked_name",
    "chip_or_own_device",
    "load_recordings",
    "own_devices",
    "profile",
    "read_recordings",
    "write_recordings",
]
