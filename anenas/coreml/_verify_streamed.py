"""Whether a streaming program computes chunk by chunk what its network computes on whole series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from anenas.coreml._package import Package
from anenas.coreml._verify import TOLERANCES, Difference, Verification
from anenas.mil import OUTPUT, stream

if TYPE_CHECKING:
    from anenas.mil import Event
    from anenas.network import Streamed

_COMPARED = 4  # positions in a series, evenly spaced from the first chunk to the last


def verify_streamed(
    package: Package,
    whole: Package,
    streamed: Streamed,
    series: np.ndarray,
    *,
    tolerances: Mapping[str, float] = TOLERANCES,
    whole_tolerances: Mapping[str, float] = TOLERANCES,
) -> tuple[Verification, Verification]:
    """Run a streaming program over series in both precisions, and compare its outputs.

    Args:
        package: The streaming program.
        whole: The program for whole series, computed in float32.
        streamed: The module that the streaming program was converted from; its network is run in torch on the series up
            to several chunks and on all of them, with weights rounded to float16 as the converter does.
        series: Inputs, (N, C, 1, T).
        tolerances: For the comparison with the network, by precision.
        whole_tolerances: For the comparison with the program for whole series, by precision.

    Returns:
        The comparison with the network, with a difference for each length, and that with the program for whole series.
        For an operation that loses values to float16, their number is that of the last call that lost some.

    Raises:
        AnenasError: If a package does not fit.
    """
    import torch

    from anenas.network import reference_values

    length, steps = series.shape[3], streamed.shape[3]
    calls = -(-length // steps)
    at = sorted({round(call) for call in np.linspace(1, calls, min(calls, _COMPARED))})
    expected = {}
    for call in at:
        so_far = torch.from_numpy(series[..., : call * steps]).float()
        expected[call] = reference_values(streamed.whole(so_far.shape[3]), so_far)[-1][1].numpy()
    (output,), (source,) = whole.score_outputs, whole.inputs
    at_once = whole.program()({source.name: series})[output.name]

    on_the_way: dict[str, tuple[Difference, ...]] = {}
    at_the_end: dict[str, tuple[Difference, ...]] = {}
    lost: dict[tuple[str, str], Event] = {}
    for precision in ("fp32", "fp16"):
        program = package.program(precision)
        found = []
        for call, outputs in enumerate(stream(program, series), start=1):
            lost |= {(event.op, event.kind): event for event in program.report}
            if call in expected:
                name = f"{min(call * steps, length)} of {length} steps"
                found.append(Difference.between(name, outputs[OUTPUT], expected[call]))
        on_the_way[precision] = tuple(found)
        at_the_end[precision] = (Difference.between("all steps", outputs[OUTPUT], at_once),)
    events = tuple(lost.values())
    return (
        Verification("the trained network", len(series), **on_the_way, lost=events, tolerances=dict(tolerances)),
        Verification(whole.path.name, len(series), **at_the_end, lost=(), tolerances=dict(whole_tolerances)),
    )
