"""What `mlflow.pyfunc` makes of a logged program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas.coreml import Package, program_scores

if TYPE_CHECKING:
    import pandas as pd


class Predictor:
    """A program as `mlflow.pyfunc` calls it. It is run by anenas' interpreter, rounded as the Neural Engine does.

    Args:
        path: Of the `.mlpackage`.

    Raises:
        AnenasError: If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.package = Package.open(path)

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
        return pd.DataFrame(program_scores(self.package, array), columns=self.package.class_names)


def _load_pyfunc(path: str) -> Predictor:
    """What MLflow calls with the path of the data in a model's folder."""
    return Predictor(Path(path))
