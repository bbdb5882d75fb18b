"""Latency of programs on chips: the protocol of latency sources, and its implementations."""

from anenas.latency._base import CostLatencySource, Latency, LatencySource
from anenas.latency._calibrated import CalibratedLatency
from anenas.latency._fit import FEWEST, Fit, fit_device
from anenas.latency._function import FunctionLatency
from anenas.latency._own_device import OwnDevice, check_device_name, chip_or_own_device, own_devices
from anenas.latency._profile import Profile, profile
from anenas.latency._sources import get_latency_source, latency_sources
from anenas.latency._table import TableLatency, operation_key
from anenas.latency._target import Target

__all__ = [
    "FEWEST",
    "CalibratedLatency",
    "CostLatencySource",
    "Fit",
    "FunctionLatency",
    "Latency",
    "LatencySource",
    "OwnDevice",
    "Profile",
    "TableLatency",
    "Target",
    "check_device_name",
    "chip_or_own_device",
    "fit_device",
    "get_latency_source",
    "latency_sources",
    "operation_key",
    "own_devices",
    "profile",
]
