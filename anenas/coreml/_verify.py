"""Whether an exported program computes what it was made from."""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from anenas._errors import AnenasError
from anenas.coreml._bounds import Outputs, rounding_bounds
from anenas.coreml._package import Package
from anenas.mil import warn_of_scale

if TYPE_CHECKING:
    import torch
    from torch import nn

    from anenas.mil import Event, Precision

# Largest allowed difference relative to the largest expected value, where it is not derived from the program: of
# networks in float32, where only the order of sums differs, and of what float16 rounds to another step of 8 bits.
TOLERANCES = {"fp32": 1e-4, "fp16": 0.1}
# Where float32 itself is further than a part of that from float64, as in deep networks whose folded weights lie between
# two of float16, so much of its difference is no fault; but never more than a hundredth.
_ROUNDING_MARGIN, _MOST_ROUNDING = 4, 1e-2
# For programs whose weights were changed on purpose: differences are reported, and only overflow fails.
LOSSY = dict.fromkeys(TOLERANCES, math.inf)


@dataclass(frozen=True)
class Difference:
    """How an array differs from the expected one.

    Attributes:
        name: Name of the output, or of the operation that computed it.
        largest: Largest difference of two values.
        mean: Mean difference.
        relative: `largest` relative to the largest expected value.
        cosine: Cosine similarity of the two; 1 if both are all zeros.
        top1: Fraction of the samples with the same argmax, or the same classes where they may have several; None if not
            of shape (N, C).
        allowed: The difference that is allowed where it is exceeded most, or met most nearly; None where one figure for
            the whole array is allowed (`Verification.tolerances`).
        found: The difference there.
        beyond: How many values differ by more than is allowed at their place.
    """

    name: str
    largest: float
    mean: float
    relative: float
    cosine: float
    top1: float | None = None
    allowed: float | None = None
    found: float = 0.0
    beyond: int = 0

    @classmethod
    def between(
        cls,
        name: str,
        actual: np.ndarray,
        expected: np.ndarray,
        threshold: float | None = None,
        least: float = 0.0,
        bounds: np.ndarray | None = None,
    ) -> Difference:
        """The difference of two arrays of the same shape; infinite if they differ and are not finite.

        Labels differ by 1 where they are not the same.

        Args:
            name: See above.
            actual: The one.
            expected: The other.
            threshold: From which value on of a column a sample has its class, where it may have several.
            least: What is taken for the largest expected value at least.
            bounds: How far each value may be off.
        """
        if "f" not in (actual.dtype.kind, expected.dtype.kind) and not actual.dtype.kind == expected.dtype.kind == "i":
            actual, expected = (actual.astype(str) != expected.astype(str)).astype(float), np.zeros(actual.shape)
        a, e = actual.astype(np.float64), expected.astype(np.float64)
        judged = _judged(a, e, bounds)
        if not (np.isfinite(a).all() and np.isfinite(e).all()):
            same = bool(np.array_equal(a, e, equal_nan=True))
            return cls(name, *((0.0, 0.0, 0.0, 1.0) if same else (np.inf, np.inf, np.inf, 0.0)), None, *judged)
        off, highest = np.abs(a - e), float(np.abs(e).max(initial=least))
        largest = float(off.max(initial=0.0))
        norms = float(np.linalg.norm(a) * np.linalg.norm(e))
        return cls(
            name,
            largest,
            float(off.mean()) if off.size else 0.0,
            largest / highest if highest else (0.0 if largest == 0 else np.inf),
            float(np.vdot(a, e)) / norms if norms else float(largest == 0),
            _agreement(a, e, threshold) if a.ndim == 2 and a.shape[1] > 1 else None,
            *judged,
        )

    def problem(self, precision: str, tolerance: float) -> str | None:
        """Why it is too much, or None.

        Args:
            precision: Of the program.
            tolerance: Largest allowed difference relative to the largest value, where `allowed` is not derived.
        """
        if self.allowed is None:
            if self.relative <= tolerance:
                return None
            return f"{self.name} differs by {self.relative:.2g} of its largest value in {precision}, not {tolerance:g}"
        if not self.beyond:
            return None
        values = "1 value does" if self.beyond == 1 else f"{self.beyond:,} values do"
        return f"{self.name} differs by {self.found:.2g} in {precision} where {self.allowed:.2g} is allowed; {values}"


def _judged(a: np.ndarray, e: np.ndarray, bounds: np.ndarray | None) -> tuple[float | None, float, int]:
    """What is allowed and found where a bound is exceeded most, and how often."""
    if bounds is None:
        return None, 0.0, 0
    if not a.size:
        return 0.0, 0.0, 0
    with np.errstate(invalid="ignore"):
        off = np.where((a == e) | (np.isnan(a) & np.isnan(e)), 0.0, np.nan_to_num(np.abs(a - e), nan=np.inf))
    part = np.divide(off, bounds, out=np.where(off > 0, np.inf, 0.0), where=bounds > 0)
    place = np.unravel_index(int(part.argmax()), part.shape)
    return float(bounds[place]), float(off[place]), int((off > bounds).sum())


def _agreement(actual: np.ndarray, expected: np.ndarray, threshold: float | None) -> float:
    if threshold is None:
        return float(np.mean(actual.argmax(1) == expected.argmax(1)))
    return float(np.mean(((actual >= threshold) == (expected >= threshold)).all(1)))


@dataclass(frozen=True)
class Verification:
    """The result of comparing a program's outputs with expected ones.

    Attributes:
        against: What it was compared with.
        samples: Number of samples.
        fp32: Each output, computed in float32.
        fp16: Each output, with every result rounded to float16.
        lost: What float16 loses: overflow to infinity, NaN, flushed denormal numbers.
        tolerances: Largest allowed difference relative to the largest value, by precision. Where it is derived from the
            program, each value has its own (`Difference.allowed`), and this is the largest.
        layers: Each operation in program order, in float32, if requested.
    """

    against: str
    samples: int
    fp32: tuple[Difference, ...]
    fp16: tuple[Difference, ...]
    lost: tuple[Event, ...]
    tolerances: Mapping[str, float]
    layers: tuple[Difference, ...] = ()

    @property
    def problems(self) -> list[str]:
        """Messages of why it does not pass."""
        found = [
            f"{event.kind} of {event.count} values at {event.op} ({event.op_type}) in float16"
            for event in self.lost
            if event.is_loss
        ]
        for precision, differences in {"fp32": self.fp32, "fp16": self.fp16}.items():
            problems = [one.problem(precision, self.tolerances[precision]) for one in differences]
            found += [problem for problem in problems if problem is not None]
        return found

    @property
    def passed(self) -> bool:
        return not self.problems

    def require(self, what: str) -> Self:
        """Itself, if it passed.

        Args:
            what: Name of the verified program in the message: "the exported program".

        Raises:
            AnenasError: If it did not pass.
        """
        if not self.passed:
            raise AnenasError(f"{what} is not {self.against}: {'; '.join(self.problems)}")
        return self

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, with `passed` and `problems`."""
        return {"passed": self.passed, "problems": self.problems, **_finite(dataclasses.asdict(self))}


def _finite(value: Any) -> Any:
    """Replace numbers that JSON cannot hold with None."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def verify(
    package: Package,
    inputs: Mapping[str, np.ndarray],
    expected: Mapping[str, np.ndarray],
    against: str,
    *,
    tolerances: Mapping[str, float] | None = None,
    units: Mapping[str, tuple[float, float]] | None = None,
    threshold: float | None = None,
    other: Package | None = None,
    same_weights: bool = False,
) -> Verification:
    """Run a program in both precisions and compare its outputs.

    What may differ follows from types and precision: labels, indices and other integers are the same, but where
    rounding changes them; numbers are within what rounding explains, which is found by running the program with results
    and weights moved at random (`rounding_bounds`). Where compressed weights stand for others, they are moved by what
    their format may be off as well, and a tenth of the values around is allowed at most; so a mistake that is smaller
    than what compression may do, such as a wrong epsilon, is found only beside values of the same compressed weights.

    Args:
        package: The exported program.
        inputs: Arrays by input name; samples are concatenated.
        expected: Arrays by output name. Outputs that are not in it are not compared.
        against: Description of where the expected values come from.
        tolerances: Largest allowed difference relative to the largest value by precision, in place of what is derived.
        units: Mean and standard deviation of outputs that are compared standardised, by name, relative to a standard
            deviation at least; their expected values are standardised.
        threshold: See `Difference.between`.
        other: The program that the expected values come from, if it is one; with weights in the same formats, they are
            taken for the same.
        same_weights: Whether the expected values come from the weights as the program stores them.

    Raises:
        AnenasError: If the package or the inputs do not fit, or nothing can be compared.
    """

    def prepared(outputs: Outputs) -> dict[str, np.ndarray]:
        standardised = {
            name: (outputs[name].astype(np.float64) - mean) / std for name, (mean, std) in (units or {}).items()
        }
        return {name: values for name, values in {**outputs, **standardised}.items() if name in expected}

    warn_of_scale(package.inputs, inputs)
    programs = [package, *([other] if other else [])]
    forms = [one.stored_forms for one in programs]
    are_same = same_weights or (other is not None and forms[0] == forms[1])
    formats = any(forms) and not are_same
    coarse = any(_holds_float16(one) for one in programs)
    found: dict[str, tuple[Difference, ...]] = {}
    allowed = dict(tolerances or {})
    lost: tuple[Event, ...] = ()
    precision: Precision
    for precision in ("fp32", "fp16"):
        program = package.program(precision)
        told = program(inputs)
        outputs = prepared(told)
        if not outputs:
            given, wanted = ", ".join(told), ", ".join(expected)
            raise AnenasError(f"nothing to compare: the program returns {given}, expected {wanted}")
        lost = program.report
        bounds: Mapping[str, np.ndarray] = {}
        if precision not in allowed:
            moved = package if not formats or package.stored_forms or other is None else other
            bounds = rounding_bounds(
                moved, precision, inputs, outputs, coarse=coarse, formats=formats, prepared=prepared
            )
        else:
            bounds = {name: np.zeros(one.shape) for name, one in outputs.items() if one.dtype.kind != "f"}
            bounds = bounds if math.isfinite(allowed[precision]) else {}
        found[precision] = tuple(_compared(outputs, expected, threshold, 1.0 if units else 0.0, bounds))
        allowed.setdefault(precision, max((part(bounds[name], outputs[name]) for name in bounds), default=0.0))
    samples = max(len(array) for array in inputs.values())
    return Verification(against, samples, found["fp32"], found["fp16"], lost, allowed)


def _holds_float16(package: Package) -> bool:
    """Whether a program has values or weights of float16."""
    graph = package.graph
    return any(tensor.dtype == "fp16" for op in graph.ops for tensor in (*op.inputs, *op.outputs, *op.weights))


def part(bounds: np.ndarray, values: np.ndarray) -> float:
    """The largest bound of an output, relative to its largest value."""
    if values.dtype.kind != "f" or not values.size:
        return 0.0
    highest = float(np.abs(np.nan_to_num(values)).max())
    return float(bounds.max()) / highest if highest else 0.0


def verify_network(
    package: Package,
    network: nn.Module,
    pixels: np.ndarray,
    against: str = "the trained network",
    *,
    tolerances: Mapping[str, float] | None = None,
    rounded: bool = True,
    layers: bool = False,
) -> Verification:
    """Compare a program with the network that it was converted from.

    Numbers that are told in units of their own are compared standardised: a price is not right because it is large.

    Args:
        package: With one input and one output besides a label, or one for each number.
        network: Deployed, in evaluation mode, on the CPU.
        pixels: Inputs, (N, C, H, W).
        against: Description of the network.
        tolerances: By precision. By default 1e-4 in float32, and at least four times what the network in float32
            differs from itself in float64, up to a hundredth; what is derived (`verify`) in float16, and where
            `rounded` is false.
        rounded: Whether to round its weights to float16 first, as the converter does; if not, they are the package's.
        layers: Whether to compare every operation on the first sample, too.

    Raises:
        AnenasError: If the package has other inputs or outputs, or is not this network's program.
    """
    import torch

    from anenas.network import Deployed

    given = torch.from_numpy(pixels).float()
    in_units = network.units if isinstance(network, Deployed) else None
    if isinstance(network, Deployed) and in_units:
        network = network.standardised()
    rounding = 0.0
    if rounded:
        expected, rounding = _reference(network, given)
    else:
        with torch.no_grad():
            expected = network(given).numpy()
    if tolerances is None and rounded:
        explained = min(_ROUNDING_MARGIN * rounding, _MOST_ROUNDING)
        tolerances = {"fp32": max(TOLERANCES["fp32"], explained)}
    outputs, (source,) = package.score_outputs, package.inputs
    parts = dict(zip((one.name for one in outputs), np.array_split(expected, len(outputs), axis=1), strict=True))
    threshold = package.task.threshold
    units = dict(zip(parts, zip(*(one.tolist() for one in in_units), strict=True), strict=True)) if in_units else None
    result = verify(
        package,
        {source.name: pixels},
        parts,
        against,
        tolerances=tolerances,
        units=units,
        threshold=threshold,
        same_weights=not rounded,
    )
    return dataclasses.replace(result, layers=_layers(package, network, pixels[:1])) if layers else result


def _reference(network: nn.Module, given: torch.Tensor) -> tuple[np.ndarray, float]:
    """What a network with weights of float16 computes in float64, and how far from that it is in float32."""
    from anenas.network import reference_values

    exact = reference_values(copy.deepcopy(network).double(), given.double())[-1][1].numpy()
    in_float32 = reference_values(network, given)[-1][1].numpy()
    return exact, Difference.between("", in_float32, exact).relative


def _layers(package: Package, network: nn.Module, sample: np.ndarray) -> tuple[Difference, ...]:
    """Compare each operation of the program with that of the network."""
    import torch

    from anenas.network import reference_values

    values = reference_values(network, torch.from_numpy(sample).float())
    reference = [(op, value) for op, value in values if op.kind != "cast"]
    ops = [op for op in package.graph.ops if op.kind not in ("cast", "classify")]
    if not package.task.classifies:
        ops = ops[: len(reference)]  # what follows brings numbers to their units
    if [op.kind for op in ops] != [op.kind for op, _ in reference]:
        raise AnenasError(
            f"{package} has other operations than the converted network: {len(ops)}, expected {len(reference)}"
        )
    program = package.program()
    computed = dict(program.intermediates({program.inputs[0].name: sample}))
    pairs = ((op.outputs[0].name, value.numpy()) for op, (_, value) in zip(ops, reference, strict=True))
    return tuple(Difference.between(name, computed[name].reshape(value.shape), value) for name, value in pairs)


def _compared(
    outputs: Outputs, expected: Outputs, threshold: float | None, least: float, bounds: Outputs
) -> list[Difference]:
    differences = []
    for name, actual in outputs.items():
        wanted = expected[name]
        if actual.shape != wanted.shape:
            raise AnenasError(f"{name} has the shape {actual.shape}, expected {wanted.shape}")
        differences.append(Difference.between(name, actual, wanted, threshold, least, bounds.get(name)))
    return differences
