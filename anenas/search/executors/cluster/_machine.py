"""What a machine has for trials: versions, threads, GPUs, a Neural Engine."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from anenas.search.executors._base import ENGINE


@dataclass(frozen=True)
class Machine:
    """What this machine has.

    Attributes:
        threads: Cores, as its container or job limits them.
        gpus: CUDA devices.
        engine: Whether it is a Mac with a Neural Engine.
    """

    threads: int
    gpus: int
    engine: bool

    @classmethod
    def here(cls) -> Self:
        """This one."""
        import joblib  # its count knows the limits of containers
        import torch

        is_mac = platform.system() == "Darwin" and platform.machine() == "arm64"
        return cls(joblib.cpu_count(), torch.cuda.device_count(), is_mac)

    @property
    def slots(self) -> int:
        """How many trials it can train side by side: one a GPU, or one a core."""
        return self.gpus or self.threads

    @property
    def resources(self) -> dict[str, int]:
        """In Dask's words."""
        return ({"GPU": self.gpus} if self.gpus else {}) | ({ENGINE: 1} if self.engine else {})

    def __str__(self) -> str:
        """Such as "4 trials side by side, one a GPU"."""
        trials = f"{self.slots} trial{'' if self.slots == 1 else 's'} side by side"
        return f"{trials}, one a {'GPU' if self.gpus else 'core'}" + (", and a Neural Engine" if self.engine else "")


def versions() -> Callable[[], dict[str, str]]:
    """What tells versions that have to be the same wherever trials run, by name; "none" where a package is missing.

    Being no function of a module it is pickled by value, so that a worker without anenas can answer.
    """

    def tell() -> dict[str, str]:
        import importlib.metadata
        import sys

        found = {"Python": "{}.{}".format(*sys.version_info)}
        for name in ("anenas", "torch"):
            try:
                version = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                version = "none"
            found[name] = version.partition("+")[0]  # torch is built for CUDA or without
        return found

    return tell


def difference(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """What differs, with both versions; empty where nothing does."""
    differing = [name for name in ours if theirs.get(name) != ours[name]]
    return ", ".join(f"{name} {theirs.get(name, 'none')} (here {ours[name]})" for name in differing)
