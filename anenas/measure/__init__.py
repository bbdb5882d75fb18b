"""Measuring on a Mac, or an iPhone attached to it: kits, recordings, and the estimate calibrated on them."""

from anenas.measure._agreement import Agreement, Difference, agreement
from anenas.measure._calibrate import Calibrated, calibrate
from anenas.measure._compare import Measured, compare, record
from anenas.measure._core_ml import compile_package, has_core_ml, measure_package, require_core_ml
from anenas.measure._device import DeviceLatency
from anenas.measure._kit import CALIBRATION, expected_outputs, is_package, packaged, write_kit
from anenas.measure._recording import PlannedOp, Recording, load_recordings, read_recordings, write_recordings
from anenas.measure._replay import ReplayLatency
from anenas.measure.kit_script import FORMAT, KIT, UNITS, VERSION

__all__ = [
    "CALIBRATION",
    "FORMAT",
    "KIT",
    "UNITS",
    "VERSION",
    "Agreement",
    "Calibrated",
    "DeviceLatency",
    "Difference",
    "Measured",
    "PlannedOp",
    "Recording",
    "ReplayLatency",
    "agreement",
    "calibrate",
    "compare",
    "compile_package",
    "expected_outputs",
    "has_core_ml",
    "is_package",
    "load_recordings",
    "measure_package",
    "packaged",
    "read_recordings",
    "record",
    "require_core_ml",
    "write_kit",
    "write_recordings",
]
