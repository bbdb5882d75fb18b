"""What rounding explains: how far a program's outputs may be from what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from anenas.coreml._package import Package
from anenas.mil import UNITS, Noise, Precision, Program

Outputs = Mapping[str, np.ndarray]

# The program runs so often with its results moved by rounding at random, and may differ by so many times the most that
# this moves its outputs.
RUNS, MARGIN = 3, 6
# Integers and labels have no margin: whether rounding changes them is found by running it more often.
RUNS_FOR_INTEGERS = 8
# And by so much, relative to the values around it, in any case: programs of float32 agree to 1e-5, and a value of
# float16 is at best as near as a few units. A factor that was rounded to 1 is taken for 1 (see `Noise`), so what it is
# off by is allowed as well where weights may have been rounded.
LEAST = {"fp32": 1e-5, "fp16": 4 * UNITS["fp16"]}
# But never by more than this part of the largest value: of a program of float32, and of others.
MOST_FLOAT32, MOST = 1e-2, 0.1
_FEWEST = 16  # values that tell together how far rounding moves one of them


def rounding_bounds(
    package: Package,
    precision: Precision,
    inputs: Outputs,
    outputs: Outputs,
    *,
    coarse: bool,
    formats: bool = False,
    prepared: Callable[[Outputs], Outputs] = dict,
    run: Callable[[Program], Outputs] | None = None,
) -> dict[str, np.ndarray]:
    """How far each value of each output may be off, of the output's shape.

    The bound follows the program: it is run with every rounded result and weight moved at random within a unit of
    rounding (see `Noise`). A value is judged by what is around it, the values with the same index along one axis, so
    that scores of 0 to 1 are not judged by the coordinates of 640 beside them. Integers and labels may differ only
    where rounding changed them.

    Args:
        package: The program.
        precision: How it computed `outputs`.
        inputs: What it computed them from.
        outputs: Its outputs.
        coarse: Whether weights may have been rounded to float16, in the program or in what it is compared with.
        formats: Whether it is compared with what had other weights than its compressed ones: these are moved by what
            their format may be off, too, and outputs may differ by a tenth of the values around at most.
        prepared: What becomes of outputs before they are compared.
        run: Gives the outputs of a program; by default what it computes from `inputs`.
    """
    base = package.program(precision)
    weights = UNITS["fp16"] if coarse or precision == "fp16" else UNITS["fp32"]
    moved: dict[str, list[np.ndarray]] = {name: [] for name in outputs}
    runs = RUNS if all(values.dtype.kind == "f" for values in outputs.values()) else RUNS_FOR_INTEGERS
    for seed in range(runs):
        program = Program(package, precision, Noise(UNITS[precision], weights, seed, formats=formats), like=base)
        for name, values in prepared(run(program) if run else program(inputs)).items():
            if name in moved:
                moved[name].append(values)
    most = MOST if coarse or precision == "fp16" else MOST_FLOAT32
    least = max(LEAST[precision], UNITS["fp16"] if coarse else 0.0)
    bounds = {name: _bound(values, moved[name], least, most) for name, values in outputs.items()}
    if not formats:
        return bounds
    return {
        name: np.minimum(bounds[name], MOST * _around(np.abs(values))) if values.dtype.kind == "f" else bounds[name]
        for name, values in outputs.items()
    }


def _bound(values: np.ndarray, moved: list[np.ndarray], least: float, most: float) -> np.ndarray:
    if values.dtype.kind != "f":
        return _changed(values, moved)
    with np.errstate(invalid="ignore"):
        off = np.max([np.abs(one.astype(np.float64) - values) for one in moved], axis=0)
    off = np.nan_to_num(off, nan=0.0, posinf=0.0)
    size = np.nan_to_num(np.abs(values).astype(np.float64), nan=0.0, posinf=0.0)
    bound: np.ndarray = np.minimum(MARGIN * _around(off) + least * _around(size), most * size.max(initial=0.0))
    return bound


def _changed(values: np.ndarray, moved: list[np.ndarray]) -> np.ndarray:
    """How far rounding changes integers; of labels, infinity where it does."""
    if values.dtype.kind in "iub":
        whole = values.astype(np.int64)
        return np.max([np.abs(one.astype(np.int64) - whole) for one in moved], axis=0).astype(np.float64)
    return np.where(np.any([one != values for one in moved], axis=0), np.inf, 0.0)


def _around(size: np.ndarray) -> np.ndarray:
    """The largest of the values around each: those with its index along the axis where that is least."""
    largest = np.full(size.shape, size.max(initial=0.0))
    for axis, count in enumerate(size.shape):
        if count and size.size // count >= _FEWEST:
            others = tuple(one for one in range(size.ndim) if one != axis)
            largest = np.minimum(largest, size.max(axis=others, keepdims=True))
    return largest
