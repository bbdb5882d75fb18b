"""A user's own device: how the calibrated model is adapted to it, and where that is stored."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from anenas._errors import AnenasError, unknown
from anenas._files import write_whole
from anenas._json import read_json
from anenas.ane import Chip, chip_names, chips, get_chip

_FORMAT = 1
_MOST = 1e6  # that a factor may be: no device is so much slower than another
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}"


@dataclass(frozen=True)
class OwnDevice:
    """Written by `anenas calibrate`. Latency is fixed × the chip's fixed cost + scale × everything else.

    Attributes:
        name: The user's name for it.
        chip: The chip that it has.
        model: Version of the latency model that it adapts, such as "calibrated-3.2f43".
        scale: Factor on operations and changes of unit.
        fixed: Factor on the fixed cost of a prediction.
        interval: Factor of the 90 % interval.
        models: Number of measured models that it was fitted to.
    """

    name: str
    chip: str
    model: str
    scale: float
    fixed: float
    interval: float
    models: int

    def save(self) -> Path:
        """Write it where `load` finds it, replacing an earlier one of that name."""
        path = _folder() / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, json.dumps({"format": _FORMAT, **dataclasses.asdict(self)}, indent=2) + "\n")
        return path

    @classmethod
    def load(cls, name: str) -> Self:
        """The device of that name.

        Raises:
            AnenasError: If there is none, or its file is not what `save` wrote.
        """
        path = _folder() / f"{name}.json"
        if not re.fullmatch(_NAME, name) or not path.is_file():
            raise unknown("chip or device", name, [*chip_names(), *own_devices()])
        try:
            values = read_json(path.read_text(encoding="utf-8"))
            version = values.pop("format")
            device = cls(**values)
            sound = version == _FORMAT and device._is_sound
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            sound = False
        if not sound:
            raise AnenasError(f"{path} is not a calibration of this version; calibrate the device again")
        return device

    @property
    def _is_sound(self) -> bool:
        """Whether each value is of its type, and no factor is beyond any device."""
        texts, factors = (self.name, self.chip, self.model), (self.scale, self.fixed, self.interval)
        return (
            all(isinstance(text, str) for text in texts)
            and all(type(factor) in (int, float) and 0 < factor <= _MOST for factor in factors)
            and self.interval >= 1
            and type(self.models) is int
        )


def own_devices() -> list[str]:
    """The names of the user's own devices."""
    return sorted(file.stem for file in _folder().glob("*.json"))


def check_device_name(name: str) -> None:
    """Check a name for a device.

    Raises:
        AnenasError: If it is a chip's name, or has characters unsuited to file names.
    """
    if not re.fullmatch(_NAME, name):
        raise AnenasError(
            f"invalid device name '{name}': expected letters, digits, '_', '.' and '-', at most 60 characters"
        )
    if name.casefold() in {chip.casefold() for chip in (*chips(), "all")}:
        raise AnenasError(f"'{name}' is the name of a chip; choose another name for your device, such as my-{name}")


def chip_or_own_device(name: str) -> tuple[Chip, OwnDevice | None]:
    """The chip of that name, or the own device of that name with its chip.

    Raises:
        AnenasError: If there is neither.
    """
    if name in own_devices():
        device = OwnDevice.load(name)
        return get_chip(device.chip), device
    try:
        return get_chip(name), None
    except AnenasError:
        if "@" in name:
            raise
        own, known = own_devices(), chips()
        raise unknown("chip or device", name, [*chip_names(), *own], listed=[*known, *own]) from None


def _folder() -> Path:
    return Path(os.environ.get("ANENAS_HOME") or Path.home() / ".anenas") / "devices"
