"""Running a streaming program over whole series."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from anenas._errors import AnenasError
from anenas.mil._names import NEXT
from anenas.mil._program import Program
from anenas.mil._values import Array


def stream(program: Program, series: Array) -> Iterator[dict[str, Array]]:
    """Run a streaming program over series from their start, and yield its outputs after each chunk.

    States start as zeros and are carried from call to call. The last chunk is padded with zeros.

    Args:
        program: As written by `anenas export --streaming`: its first input is a chunk, and the next value of each other
            input is an output of its name with the suffix "_out".
        series: (N, C, 1, T).

    Raises:
        AnenasError: If it is not a streaming program, or does not take such series.
    """
    if series.ndim != 4:
        raise AnenasError(f"expected series of shape (N, C, 1, T), got {series.shape}")
    chunk, *states = program.inputs
    following = {state.name: f"{state.name}{NEXT}" for state in states}
    missing = sorted(set(following.values()) - {output.name for output in program.outputs})
    if not states or missing or chunk.shape is None:
        raise AnenasError(f"not a streaming program: {f'it has no output {missing[0]}' if missing else chunk}")
    steps = chunk.shape[3] or 1
    count = len(series) // chunk.batch
    carried = {s.name: np.zeros((count * s.batch, *(n or 1 for n in (s.shape or ())[1:])), np.float32) for s in states}
    padded = np.pad(series, ((0, 0), (0, 0), (0, 0), (0, -series.shape[3] % steps)))
    for start in range(0, padded.shape[3], steps):
        outputs = program({chunk.name: padded[..., start : start + steps], **carried})
        carried = {name: outputs[out] for name, out in following.items()}
        yield outputs
