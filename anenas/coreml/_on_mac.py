"""Packages run by Core ML itself, on a Mac."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError, first_line
from anenas.coreml._arrays import as_arrays
from anenas.coreml._package import Package
from anenas.mil import coremltools


class CoreMLProgram:
    """A package as Core ML runs it on this Mac, on the Neural Engine where it takes it; unproven on hardware.

    Its images and labels are replaced by arrays first, see `as_arrays`.

    Args:
        package: With one input, and one output besides a label, or numbers by name.

    Raises:
        AnenasError: Where there is no Core ML, or it refuses the package.
    """

    def __init__(self, package: Package) -> None:
        ct = coremltools()
        try:
            importlib.import_module("coremltools.libcoremlpython")  # only its packages for macOS have it
        except ImportError:
            raise AnenasError(
                f"{package} cannot be run by Core ML, which is only on macOS; the engine 'interpreter' runs anywhere"
            ) from None
        self._folder = tempfile.TemporaryDirectory(prefix="anenas-")  # Core ML may read it as long as it is loaded
        arrays = as_arrays(package, Path(self._folder.name, "model.mlpackage"))
        self._input, self._batch = arrays.inputs[0].name, arrays.inputs[0].batch
        self._dtype = arrays.example_inputs()[self._input].dtype
        named = zip(arrays.score_outputs, package.score_outputs, strict=True)
        self._called = {output.name: as_given.name for output, as_given in named}
        self._package = package
        with warnings.catch_warnings(record=True) as warned:  # what Core ML says of a model that it does not load
            warnings.simplefilter("always", RuntimeWarning)
            try:
                # ALL ends the process on some versions of macOS.
                self._model = ct.models.MLModel(str(arrays.path), compute_units=ct.ComputeUnit.CPU_AND_NE)
                self._model.get_compiled_model_path()  # raises where it is not loaded
            except Exception as error:  # Core ML's failures come as whatever coremltools makes of them
                told = str(warned[-1].message) if warned else first_line(error)
                why = told.rpartition("message was: ")[2]
                raise AnenasError(f"Core ML cannot load {package}: {why}") from error

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs of one batch after the other, by the package's own names."""
        (array,) = inputs.values()
        told: dict[str, list[np.ndarray]] = {name: [] for name in self._called}
        for start in range(0, len(array), self._batch):
            some = array[start : start + self._batch].astype(self._dtype)
            try:
                found = self._model.predict({self._input: some})
            except Exception as error:  # likewise
                raise AnenasError(f"Core ML cannot run {self._package}: {first_line(error)}") from error
            for name, arrays in told.items():
                arrays.append(np.asarray(found[name]))
        return {self._called[name]: np.concatenate(arrays) for name, arrays in told.items()}
