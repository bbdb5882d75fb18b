"""The flavour: a folder as MLflow keeps models in, with the `.mlpackage` inside. Nothing in it is ever unpickled."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas._errors import AnenasError
from anenas._files import replacing
from anenas.coreml import Package
from anenas.mlflow._predictor import INTERPRETER

if TYPE_CHECKING:
    from anenas.mil import Program

FLAVOUR = "anenas"
"""Its name in a model's file `MLmodel`."""

_PACKAGE = Path("data", "model.mlpackage")  # where `mlflow.pyfunc` puts a folder of data


def save_model(
    package: str | Path, path: str | Path, *, input_example: np.ndarray | None = None, metadata: Mapping[str, Any] = {}
) -> None:
    """Write a package as a folder that MLflow loads.

    Args:
        package: A `.mlpackage` with one input of a fixed size and a row of scores for each.
        path: The folder, not there yet.
        input_example: (N, C, H, W), which a server shows to its users; by default made up.
        metadata: Of the model, for whoever asks MLflow about it.

    Raises:
        AnenasError: If the package cannot be read, or takes other inputs.
    """
    from mlflow import pyfunc
    from mlflow.models import Model

    opened = Package.open(Path(package))
    example = next(iter(opened.example_inputs().values())) if input_example is None else input_example
    model, version = Model(), importlib.metadata.version("anenas")
    model.add_flavor(FLAVOUR, anenas_version=version, package=_PACKAGE.as_posix())
    with tempfile.TemporaryDirectory(prefix="anenas-") as place, replacing(Path(path)) as new, _quiet():
        data = shutil.copytree(opened.path, Path(place, _PACKAGE.name))  # its name is that of what is copied
        pyfunc.save_model(
            new,
            loader_module="anenas.mlflow",
            data_path=str(data),
            mlflow_model=model,
            signature=_signature(opened, example.dtype),
            input_example=example,
            pip_requirements=[f"anenas=={version}"],
            metadata=dict(metadata),
            model_config={"engine": INTERPRETER},  # others can be asked for where one is named
        )


def load_model(uri: str) -> Program:
    """The program of a logged or registered model, run as `anenas.load_program` runs one.

    Args:
        uri: As MLflow names models, such as "runs:/RUN/model" or "models:/NAME@knee"; by `mlflow.set_tracking_uri`.

    Raises:
        AnenasError: If it is no model of this flavour.
    """
    from mlflow.artifacts import download_artifacts

    folder = Path(download_artifacts(uri))
    if not (folder / _PACKAGE).is_dir():
        raise AnenasError(f"{uri} is not a model of anenas: it contains no {_PACKAGE}")
    return Package.open(folder / _PACKAGE).program("fp16")


def _signature(package: Package, dtype: np.dtype[Any]) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema, TensorSpec

    given = Schema([TensorSpec(dtype, (-1, *package.input_size))])
    return ModelSignature(given, Schema([ColSpec("float", name) for name in package.class_names]))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what MLflow says of models that are no functions of Python."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
