"""Where training runs."""

from __future__ import annotations

import os

import torch

from anenas._errors import AnenasError

DEVICES = ("cpu", "cuda", "mps")


def pick_device(name: str | None = None) -> torch.device:
    """The device of that name, such as "cuda:1", or the best one that is there.

    Raises:
        AnenasError: If it is unknown or not there.
    """
    there = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    if name is None:
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if there[kind]))
    try:
        device = torch.device(name)
    except RuntimeError:
        raise AnenasError(f"unknown device '{name}'; expected one of {', '.join(DEVICES)}") from None
    if (device.index or 0) >= there.get(device.type, 0):
        have = ", ".join(kind for kind, count in there.items() if count)
        raise AnenasError(f"device '{name}' is not available; this machine has {have}")
    return device


def visible_gpus(device: torch.device) -> list[str]:
    """The GPUs to use, as CUDA_VISIBLE_DEVICES names them: the one that was asked for, or all."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    names = visible.split(",") if visible else [str(i) for i in range(torch.cuda.device_count())]
    return names if device.index is None else [names[device.index]]
