"""The end of a classifier."""

from __future__ import annotations

from torch import Tensor

from anenas.mil._registry import MilList, op


@op("classify")
def classify(probabilities: Tensor, classes: MilList) -> tuple[MilList, Tensor]:
    """The most likely label of each input, and (inputs, classes) probabilities."""
    rows = probabilities.reshape(-1, len(classes))
    return [classes[index] for index in rows.argmax(1).tolist()], rows
