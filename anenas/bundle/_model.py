"""What a bundle is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from anenas.data import Dataset
from anenas.latency import CalibratedLatency, Target
from anenas.search import CompletedTrial, Study, draws_of, load_deployed, loss_of
from anenas.space import Architecture
from anenas.tasks import Loss

if TYPE_CHECKING:
    from anenas.network import Deployed

_VERIFIED = 64  # inputs that network and program are compared on


@dataclass(frozen=True)
class Model:
    """A trial of a study to export.

    Attributes:
        study: Where it is from.
        record: The trial.
        picked: Why this one.
        architecture: The trial's, with the format that its weights ship in.
        epochs: Of its training.
        trained: How long it was trained in all, in words.
        dataset: The study's.
        weights: Folder of its float32 weights.
        package: Path of its program.
        author: That its package shall tell.
        license: Likewise.
    """

    study: Study
    record: CompletedTrial
    picked: str
    architecture: Architecture
    epochs: int
    trained: str
    dataset: Dataset
    weights: Path
    package: Path
    author: str = ""
    license: str = ""

    @property
    def target(self) -> Target:
        """What the search estimated latencies for: a chip, or the user's own device."""
        latency = self.record.evaluation.estimate.latency
        # Not what the search fitted to its own measurements, which is stored nowhere.
        is_own = latency.source == CalibratedLatency.name and latency.device == self.study.settings.chip
        return Target.named(latency.device if is_own and latency.device else latency.chip)

    @property
    def loss(self) -> Loss:
        """What its training minimises."""
        return loss_of(self.study.settings.class_weights, self.dataset)

    @property
    def draws(self) -> NDArray[np.float64] | None:
        """How likely its training draws each input."""
        return draws_of(self.study.settings.class_weights, self.dataset)

    def load(self) -> Deployed:
        """Its network, with the float32 weights."""
        return load_deployed(self.architecture, self.weights, self.dataset)

    def some(self, inputs: np.ndarray, wanted: int = _VERIFIED) -> np.ndarray:
        """About `wanted` of the inputs, evenly spaced, a multiple of the batch."""
        batch, count = self.architecture.input[0], len(inputs)
        spread = np.unique(np.linspace(0, count - 1, min(count, wanted)).astype(np.int64))
        chosen: np.ndarray = inputs[np.resize(spread, max(batch, len(spread) // batch * batch))]
        return chosen
