"""Measuring on a Mac, or an iPhone attached to it: kits, recordings, and the estimate calibrated on them."""

from anenas.measure._agreement import Agreement, CoreAIUnits, agreement
from anenas.measure._calibrate import Calibrated, calibrate
from anenas.measure._compare import Measured, compare, record
from anenas.measure._core_ml import compile_package, has_core_ml, require_core_ml
from anenas.measure._device import DeviceLatency
from anenas.measure._kit import CALIBRATION_MODELS, write_kit
from anenas.measure._meter import EngineMeter
from anenas.measure._recorded import RecordedLatency
from anenas.measure._recording import CoreAIOp, PlannedOp, Recording, read_recordings, write_recordings

__all__ = [
    "CALIBRATION_MODELS",
    "Agreement",
    "Calibrated",
    "CoreAIOp",
    "CoreAIUnits",
    "DeviceLatency",
    "EngineMeter",
    "Measured",
    "PlannedOp",
    "RecordedLatency",
    "Recording",
    "agreement",
    "calibrate",
    "compare",
    "compile_package",
    "has_core_ml",
    "read_recordings",
    "record",
    "require_core_ml",
    "write_kit",
    "write_recordings",
]
