"""A package in each weight format: size, estimated latency, accuracy."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from anenas._files import write_whole
from anenas._pareto import front
from anenas.coreml import Package, compress, program_accuracy
from anenas.graph import WeightFormat, weight_formats
from anenas.latency import Latency, Target
from anenas.models._input import input_format

if TYPE_CHECKING:
    from anenas.data import Dataset

_INPUTS = 8  # random ones, to measure differences on


@dataclass(frozen=True)
class FormResult:
    """A package in one form.

    Attributes:
        form: Its name.
        package: Where it was written.
        target: The oldest system that runs it, such as "iOS16".
        weights: How many weights are compressed.
        weights_kept: How many stay as they were.
        bytes: What the package takes on disk.
        latency: The estimate.
        difference: Of the output that differs most, the root mean square of the difference from the plain package's
            output over that output's standard deviation, on random inputs.
        accuracy: On the test split, in float16; None without data.
        on_front: Whether no form is both smaller and better.
    """

    form: str
    package: Path
    target: str
    weights: int
    weights_kept: int
    bytes: int
    latency: Latency
    difference: float
    accuracy: float | None = None
    on_front: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Flat, for JSON and CSV."""
        row = dataclasses.asdict(self)
        latency = row.pop("latency")
        return {
            **row,
            "package": str(self.package),
            "latency_ms": latency["ms"],
            "latency_low_ms": latency["low_ms"],
            "latency_high_ms": latency["high_ms"],
        }


class Comparison:
    """Packages in several forms against the plain one.

    Args:
        package: The plain one.
        target: What latencies are estimated for.
        data: Whose test split accuracy is measured on.

    Raises:
        AnenasError: If the package cannot be read or run, or does not fit the data.
    """

    def __init__(self, package: Package, target: Target, data: Dataset | None = None) -> None:
        self._package, self._target, self._data = package, target, data
        self._inputs = _random_inputs(package)
        self._expected = _numbers(package.program()(self._inputs))

    def plain(self) -> FormResult:
        """The package as it is."""
        return self._result("fp16", self._package)

    def of(self, form: WeightFormat | str, out: Path) -> FormResult:
        """Compress to a form, write it, and evaluate what was written.

        Raises:
            AnenasError: If the package cannot be compressed or written.
        """
        name = form if isinstance(form, str) else form.name
        return self._result(name, compress(self._package, out, form))

    def sweep(self, folder: Path) -> Iterator[FormResult]:
        """Every form, each written to the folder under its name."""
        for form in weight_formats().values():
            yield self.of(form, folder / f"{form.name}.mlpackage")

    def _result(self, form: str, package: Package) -> FormResult:
        weights = [weight for op in package.graph.ops for weight in op.weights]
        compressed = sum(weight.storage is not None for weight in weights)
        outputs = _numbers(package.program()(self._inputs))
        return FormResult(
            form=form,
            package=package.path,
            target=package.target,
            weights=compressed,
            weights_kept=len(weights) - compressed,
            bytes=package.bytes,
            latency=self._target.latency(package.graph, package.path),
            difference=max((_error(wanted, outputs[name]) for name, wanted in self._expected.items()), default=0.0),
            accuracy=self._accuracy(package),
        )

    def _accuracy(self, package: Package) -> float | None:
        if self._data is None:
            return None
        test = self._data.test
        return program_accuracy(package, test.inputs, test.labels, classes=self._data.classes)


def marked(results: Sequence[FormResult]) -> list[FormResult]:
    """The same results with `on_front` set; without data, those closer to the plain package are better."""
    quality = [1 / (1 + r.difference) if r.accuracy is None else r.accuracy for r in results]
    best = set(front([(-q, r.bytes) for q, r in zip(quality, results, strict=True)]))
    return [dataclasses.replace(result, on_front=i in best) for i, result in enumerate(results)]


def write_sweep(results: Sequence[FormResult], folder: Path) -> list[Path]:
    """Write forms.csv, forms.json and forms.png to a folder, for results from `marked`."""
    from anenas.report import write_forms_png

    rows = [result.to_dict() for result in results]
    table, data, picture = (folder / f"forms.{ending}" for ending in ("csv", "json", "png"))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(table, text.getvalue())
    write_whole(data, json.dumps(rows, indent=2) + "\n")
    measured = all(result.accuracy is not None for result in results)
    write_forms_png(
        [(r.form, r.bytes / 1e6, 100 * (r.accuracy or 0.0) if measured else r.difference, r.on_front) for r in results],
        "test accuracy, %" if measured else "difference from fp16 outputs",
        picture,
    )
    return [table, data, picture]


def load_test_data(package: Package, source: str) -> Dataset:
    """A data set in the format of the package's input.

    Raises:
        AnenasError: If the package has no such input, or the data cannot be read.
    """
    from anenas.data import load_data

    return load_data(source, input_format(package), skip_broken=None)


def _random_inputs(package: Package) -> dict[str, np.ndarray]:
    drawn = [package.example_inputs(seed) for seed in range(_INPUTS)]
    return {name: np.concatenate([one[name] for one in drawn]) for name in drawn[0]}


def _numbers(outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Outputs without a classifier's label."""
    return {name: values for name, values in outputs.items() if values.dtype.kind in "fiu"}


def _error(wanted: np.ndarray, got: np.ndarray) -> float:
    """The root mean square of the difference, over the standard deviation of `wanted` unless that is zero."""
    wanted = wanted.astype(np.float64)
    return float(np.sqrt(np.mean((got - wanted) ** 2)) / (np.std(wanted) or 1.0))
