"""Measurements on a device, with their raw samples, in JSON files."""

from __future__ import annotations

import dataclasses
import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from anenas._errors import AnenasError
from anenas._files import is_folder, write_whole
from anenas._json import read_json
from anenas.latency import Latency
from anenas.measure.kit_script import FORMAT, VERSION

_MAX_BYTES = 64_000_000  # a thousand recordings of large models
_CONFIDENCE = 0.9

ComputeUnits = Literal["ALL", "CPU_AND_NE", "CPU_ONLY", "CPU_AND_GPU"]
_Milliseconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Rounds = Field(min_length=1, max_length=1000)  # the interval takes time that grows with their square
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Text = Annotated[str, Field(min_length=1, max_length=10_000)]


@dataclass(frozen=True)
class PlannedOp:
    """Where Core ML plans to run an operation.

    Attributes:
        name: Of its first output, as in the package.
        kind: MIL's name of the operation.
        preferred: "CPU", "GPU" or "NeuralEngine".
        supported: The devices that could run it.
        cost: Its fraction of the prediction as Core ML estimates it, 0 to 1; None where it does not say.
    """

    name: str
    kind: str
    preferred: str
    supported: tuple[str, ...]
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None

    __pydantic_config__ = ConfigDict(extra="forbid")

    @property
    def on_engine(self) -> bool:
        return self.preferred == "NeuralEngine"


@dataclass(frozen=True)
class CoreAIOp:
    """Where Core AI, beside Core ML on macOS 27 and later, would run an operation of the same network.

    Attributes:
        operation: Core AI's name of its kind, such as "coreai.conv2d".
        unit: "CPU", "GPU", "NeuralEngine", or several joined by "and".
        reason: Why the Neural Engine refuses it, in the engine's words; empty if none is given.
    """

    operation: Annotated[str, Field(min_length=1, max_length=200)]
    unit: Annotated[str, Field(min_length=1, max_length=100)]
    reason: Annotated[str, Field(max_length=10_000)]

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Recording:
    """One measurement of one package.

    Attributes:
        model: Its name: a model of timm, an architecture or the path of a package.
        fingerprint: `anenas.graph.fingerprint` of its program.
        package_sha256: `anenas.Package.digest` of the package.
        chip: Of the device.
        device: Apple's identifier of the device.
        os: Of the device, with its build.
        compute_units: That Core ML was allowed to use.
        date: When, ISO 8601.
        tool: What measured, with its version.
        load_ms: Milliseconds to load the compiled model, a sample for each round; coremltools' app reports 0 for a
            model that an iPhone has already.
        predict_ms: Milliseconds of each prediction after the first; one tuple for each round, before which the
            model was reloaded.
        plan: Core ML's compute plan in the program's order, without constants; empty if there was none.
        core_ai_plan: Core AI's plan in its program's order, preferring the engine; empty if there was none.
        output_errors: Error of each output that was compared, see `kit_script.output_errors`.
    """

    model: _Text
    fingerprint: _Digest
    package_sha256: _Digest
    chip: _Text
    device: _Text
    os: _Text
    compute_units: ComputeUnits
    date: _Text
    tool: _Text
    load_ms: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...]
    predict_ms: Annotated[tuple[Annotated[tuple[_Milliseconds, ...], Field(min_length=1)], ...], _Rounds]
    plan: tuple[PlannedOp, ...] = ()
    core_ai_plan: Annotated[tuple[CoreAIOp, ...], Field(max_length=100_000)] = ()
    output_errors: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = field(
        default_factory=dict, hash=False
    )

    __pydantic_config__ = ConfigDict(extra="forbid")

    @property
    def with_engine(self) -> bool:
        """Whether Core ML was allowed to use the Neural Engine."""
        return self.compute_units in ("ALL", "CPU_AND_NE")

    @property
    def round_medians_ms(self) -> list[float]:
        """The median prediction of each round."""
        return [statistics.median(samples) for samples in self.predict_ms]

    @property
    def median_ms(self) -> float:
        """The median of the rounds' medians."""
        return statistics.median(self.round_medians_ms)

    @property
    def interval_ms(self) -> tuple[float, float]:
        """A 90 % confidence interval of the median of the rounds' medians.

        The narrowest pair of order statistics of the rounds' medians with that confidence, by the sign test: the k-th
        smallest and the k-th largest of n hold the median with probability 1 - 2 P(Binomial(n, 1/2) < k). Rounds, not
        predictions, count as independent: clock and temperature change little from one prediction to the next. With
        fewer than five rounds no pair has that confidence, and the interval is the range of all samples.
        """
        medians = sorted(self.round_medians_ms)
        n = len(medians)
        tail, rank = 0.0, 0  # P(Binomial(n, 1/2) < rank), the largest rank for which twice that is rare enough
        while 2 * (tail + math.comb(n, rank) / 2**n) <= 1 - _CONFIDENCE:
            tail += math.comb(n, rank) / 2**n
            rank += 1
        if rank:
            return medians[rank - 1], medians[n - rank]
        samples = [sample for round_ in self.predict_ms for sample in round_]
        return min(samples), max(samples)

    def latency(self, source: str, version: str) -> Latency:
        """The median prediction with its interval, as the answer of a latency source."""
        low_ms, high_ms = self.interval_ms
        return Latency(
            self.median_ms,
            low_ms,
            high_ms,
            self.chip,
            source,
            version,
            f"{self.device}, {self.os}",
            samples_ms=tuple(self.round_medians_ms),
        )


@dataclass(frozen=True)
class _File:
    format: Literal["anenas-recordings"]
    version: Literal[1]
    recordings: tuple[Recording, ...]

    __pydantic_config__ = ConfigDict(extra="forbid")


_FILE, _RECORDING = TypeAdapter(_File), TypeAdapter(Recording)


def read_recordings(path: Path) -> list[Recording]:
    """The recordings of a file that `write_recordings` or a kit's script wrote.

    Raises:
        AnenasError: If it cannot be read, is of another version, or a field is missing, unknown or out of range.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise AnenasError(f"{path} is over {_MAX_BYTES // 1_000_000} MB; recordings are far smaller")
        content = read_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise AnenasError(f"cannot read the recording {path}: {error}") from error
    except ValueError as error:
        raise AnenasError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise AnenasError(f'{path} has no recordings: expected a JSON object with "format": "{FORMAT}"')
    if content.get("version") != VERSION:
        raise AnenasError(f"{path} has version {content.get('version')!r} of the format; this anenas reads {VERSION}")
    try:
        return list(_FILE.validate_python(content).recordings)
    except ValidationError as error:
        raise AnenasError(f"{path}: {_first_problem(error)}") from error


def to_recording(content: dict[str, object]) -> Recording:
    """A recording from a device's answer.

    Raises:
        AnenasError: If a field is missing, unknown or out of range.
    """
    try:
        return _RECORDING.validate_python(content)
    except ValidationError as error:
        raise AnenasError(f"the device's answer is not a measurement: {_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    details = error.errors()[0]
    return f"{'.'.join(map(str, details['loc']))}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def write_recordings(path: Path, recordings: Iterable[Recording]) -> None:
    """Write recordings to a file, whole or not at all.

    Raises:
        AnenasError: If it cannot be written.
    """
    content = {"format": FORMAT, "version": VERSION, "recordings": [dataclasses.asdict(one) for one in recordings]}
    try:
        write_whole(path, json.dumps(content, allow_nan=False) + "\n")
    except OSError as error:
        raise AnenasError(f"cannot write the recording {path}: {error}") from error


def load_recordings(paths: Sequence[Path]) -> list[Recording]:
    """Every recording of some files, and of the `.json` files in some folders."""
    files = [file for path in paths for file in (sorted(path.glob("*.json")) if is_folder(path) else [path])]
    return [recording for file in files for recording in read_recordings(file)]
