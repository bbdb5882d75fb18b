"""Tabular benchmarks: tables of known results as problems for a search."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from anenas._errors import AnenasError
from anenas._npz import opened_npz
from anenas._pareto import Losses, dominates, hypervolume
from anenas.latency import Latency
from anenas.search import Estimate, Evaluation, TrialFiles
from anenas.space import Architecture, Decisions, Pick

_REFERENCE = 1.1  # point of the hypervolume, in spans of the true front


class Row(tuple[int, ...]):
    """One candidate of a table: its choices."""

    __slots__ = ()

    def __str__(self) -> str:
        return "-".join(map(str, self))


@dataclass(frozen=True, eq=False)
class Table:
    """Every candidate of a small problem with its two objectives, both to be minimised. Read one with `read_table`.

    Its rows stand in for architectures, which the loop and the samplers only compare and print. One objective stands in
    for the accuracy, the other for the latency.

    Attributes:
        name: Of its file.
        choices: (n, d), one row a candidate.
        objectives: (n, 2).
        ideal: (2,), where the true front begins.
        nadir: (2,), where it ends.
        front_hypervolume: Of the true front, see `hypervolumes`.
        known: Index of the objective that is known without an evaluation; None if neither is.
    """

    name: str
    choices: np.ndarray
    objectives: np.ndarray
    ideal: np.ndarray
    nadir: np.ndarray
    front_hypervolume: float
    known: int | None = None

    # As a space

    @functools.cached_property
    def _options(self) -> list[tuple[str, tuple[int, ...]]]:
        columns = enumerate(self.choices.T)
        return [(f"choice{i:02d}", tuple(int(option) for option in np.unique(column))) for i, column in columns]

    @property
    def size(self) -> int:
        return math.prod(len(options) for _, options in self._options)

    def decide(self, pick: Pick, *, classes: int = 0) -> Architecture:
        return cast(Architecture, Row(int(pick(name, options)) for name, options in self._options))

    def decisions(self, architecture: Architecture) -> Decisions:
        return dict(zip((name for name, _ in self._options), _row(architecture), strict=True))

    # As an evaluator

    @functools.cached_property
    def _places(self) -> dict[Row, int]:
        return {Row(map(int, row)): i for i, row in enumerate(self.choices)}

    def estimate(self, architecture: Architecture) -> Estimate:
        place = self._places.get(_row(architecture))
        known = math.nan if self.known is None or place is None else float(self.objectives[place, self.known])
        missing = ("not in the table",) if place is None else ()
        return _estimate(known, missing)

    def evaluate(self, architecture: Architecture, files: TrialFiles, budget_fraction: float = 1.0) -> Evaluation:
        if budget_fraction < 1:
            raise ValueError("a table has no partial trainings")
        as_latency = 1 if self.known is None else self.known
        values = self.objectives[self._places[_row(architecture)]]
        column = self.objectives[:, 1 - as_latency]
        accuracy = 1 - (values[1 - as_latency] - column.min()) / max(np.ptp(column), 1e-12)
        return Evaluation(float(accuracy), _estimate(float(values[as_latency])))

    def test(self, architecture: Architecture, files: TrialFiles) -> float:
        return self.evaluate(architecture, files).score

    # As a judge

    def hypervolumes(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """The fraction of the true front's hypervolume found after each of the architectures in turn.

        Objectives are measured in spans of the true front, from `ideal`; the reference point is (1.1, 1.1).
        """
        places = [self._places[_row(architecture)] for architecture in architectures]
        points = (self.objectives[places] - self.ideal) / (self.nadir - self.ideal) / _REFERENCE
        found: list[Losses] = []
        fractions = []
        for point in map(tuple, points.tolist()):
            if not any(dominates(known, point) for known in found):
                found = [known for known in found if not dominates(point, known)] + [point]
            fractions.append(hypervolume(found) * _REFERENCE**2 / self.front_hypervolume)
        return np.array(fractions)


def _row(architecture: Architecture) -> Row:
    """The row that stands for an architecture."""
    return cast(Row, architecture)


def _estimate(latency_ms: float, broken_rules: tuple[str, ...] = ()) -> Estimate:
    latency = Latency(latency_ms, latency_ms, latency_ms, chip="", source="table")
    return Estimate({"": latency}, size_mb=0.0, macs=0, params=0, broken_rules=broken_rules)


def read_table(path: Path, known: int | None = None) -> Table:
    """A table of known results from an .npz file.

    It holds `choices` (n × d integers), `objectives` (n × 2, both to be minimised), `ideal` and `nadir` (the span of
    the true front) and `front_hypervolume`.

    Args:
        path: The file. Nothing in it is unpickled.
        known: Index of the objective that is known without an evaluation, 0 or 1.

    Raises:
        AnenasError: If it cannot be read or does not hold that.
    """
    fields = ("choices", "objectives", "ideal", "nadir", "front_hypervolume")
    with opened_npz(path) as file:
        if missing := [name for name in fields if name not in file.names]:
            raise AnenasError(f"{path}: no {', '.join(missing)}; a table needs {', '.join(fields)}")
        choices, *figures = (file.read(name) for name in fields)
    if choices.ndim != 2 or not choices.size or choices.dtype.kind not in "iu":
        raise AnenasError(f"{path}: choices must be n × d integers, got {choices.dtype} of shape {choices.shape}")
    if len(np.unique(choices, axis=0)) < len(choices):
        raise AnenasError(f"{path}: choices must differ from row to row")
    shapes = ((len(choices), 2), (2,), (2,), ())
    for name, figure, shape in zip(fields[1:], figures, shapes, strict=True):
        if figure.shape != shape:
            raise AnenasError(f"{path}: {name} must be of shape {shape}, got {figure.shape}")
        if figure.dtype.kind not in "iuf" or not np.isfinite(figure).all():
            raise AnenasError(f"{path}: {name} must be finite numbers")
    objectives, ideal, nadir, front_hypervolume = (figure.astype(float) for figure in figures)
    if not (ideal < nadir).all() or front_hypervolume <= 0:
        raise AnenasError(f"{path}: ideal must lie below nadir, and front_hypervolume above 0")
    if known not in (None, 0, 1):
        raise AnenasError(f"`known` must be 0 or 1, the number of an objective, got {known}")
    return Table(path.stem, choices, objectives, ideal, nadir, float(front_hypervolume), known)
