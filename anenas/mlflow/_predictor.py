"""What `mlflow.pyfunc` makes of a logged program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas._errors import unknown
from anenas.coreml import CoreMLProgram, Package, program_scores

if TYPE_CHECKING:
    import pandas as pd


INTERPRETER, CORE_ML = "interpreter", "core_ml"
"""What runs a program: anenas' interpreter, rounded as the Neural Engine does, or Core ML itself."""


class Predictor:
    """A program as `mlflow.pyfunc` calls it.

    Args:
        path: Of the `.mlpackage`.
        engine: "interpreter" runs it anywhere, "core_ml" on a Mac; unproven on hardware.

    Raises:
        AnenasError: If it cannot be read, there is no such engine, or no Core ML.
    """

    def __init__(self, path: Path, engine: str = INTERPRETER) -> None:
        if engine not in (INTERPRETER, CORE_ML):
            raise unknown("engine", engine, (INTERPRETER, CORE_ML))
        self.package = Package.open(path)
        self._run = CoreMLProgram(self.package) if engine == CORE_ML else None

    def predict(self, inputs: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """What the program gives for each input.

        Args:
            inputs: (N, C, H, W) as the program takes them: pixels from 0 to 255, (C, 1, T) of series, ids of texts;
                or a dictionary with them by the input's name.
            params: None are known.

        Returns:
            A row for each input, with a column for each class (probabilities) or number.

        Raises:
            AnenasError: If they have another shape.
        """
        import pandas as pd

        array = np.asarray(next(iter(inputs.values())) if isinstance(inputs, dict) else inputs)
        return pd.DataFrame(program_scores(self.package, array, run=self._run), columns=self.package.class_names)


def _load_pyfunc(path: str, model_config: Mapping[str, Any] = {}) -> Predictor:
    """What MLflow calls with the path of the data in a model's folder, and what `load_model` was given."""
    return Predictor(Path(path), **model_config)
