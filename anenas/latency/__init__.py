"""How long a program takes on a chip: one protocol, and what answers it."""

from anenas.latency._base import Latency, LatencySource
from anenas.latency._calibrated import CalibratedLatency, Target
from anenas.latency._own_device import OwnDevice, checked_name, chip_or_own_device, own_devices
from anenas.latency._profile import Profile, profile

__all__ = [
    "CalibratedLatency",
    "Latency",
    "LatencySource",
    "OwnDevice",
    "Profile",
    "Target",
    "checked_name",
    "chip_or_own_device",
    "own_devices",
    "profile",
]
