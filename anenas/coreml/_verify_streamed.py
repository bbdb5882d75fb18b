"""Whether a streaming program computes chunk by chunk what its network computes on whole series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from anenas.coreml._bounds import Outputs, rounding_bounds
from anenas.coreml._package import Package
from anenas.coreml._verify import Difference, Verification, part
from anenas.mil import OUTPUT, stream

if TYPE_CHECKING:
    from anenas.mil import Event, Precision, Program
    from anenas.network import Streamed

_COMPARED = 4  # positions in a series, evenly spaced from the first chunk to the last


def verify_streamed(
    package: Package,
    whole: Package,
    streamed: Streamed,
    series: np.ndarray,
    *,
    tolerances: Mapping[str, float] | None = None,
    whole_tolerances: Mapping[str, float] | None = None,
) -> tuple[Verification, Verification]:
    """Run a streaming program over series in both precisions, and compare its outputs.

    What may differ is derived as `verify` does it: the program is run over the series with results and weights moved at
    random, and its states carried from call to call as they come out then, so that a bound grows with what accumulates.
    Masks, and states of 0 and 1, stay as they are, so the bounds of masked series are as narrow as those of others.

    Args:
        package: The streaming program.
        whole: The program for whole series, computed in float32.
        streamed: The module that the streaming program was converted from; its network is run in torch on the series up
            to several chunks and on all of them, with weights rounded to float16 as the converter does.
        series: Inputs, (N, C, 1, T).
        tolerances: Largest allowed difference from the network relative to the largest value, by precision, in place of
            what is derived.
        whole_tolerances: Likewise from the program for whole series.

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

    names = {f"{min(call * steps, length)} of {length} steps": call for call in at}
    lost: dict[tuple[str, str], Event] = {}

    def told(program: Program) -> Outputs:
        """What it gives after each of the compared calls."""
        found = {}
        for call, outputs in enumerate(stream(program, series), start=1):
            found[call] = outputs[OUTPUT]
            lost.update({(event.op, event.kind): event for event in program.report})
        return {name: found[call] for name, call in names.items()}

    on_the_way: dict[str, tuple[Difference, ...]] = {}
    at_the_end: dict[str, tuple[Difference, ...]] = {}
    allowed, allowed_at_the_end = dict(tolerances or {}), dict(whole_tolerances or {})
    last = list(names)[-1]
    # The network's weights are rounded as the program's are. Those of a program for whole series may be of float32, as
    # an lstm's are, which Core ML runs off the engine.
    other_weights = _weight_types(package) != _weight_types(whole)
    precision: Precision
    for precision in ("fp32", "fp16"):
        outputs = told(package.program(precision))
        bounds: Outputs = {}
        of_whole = None
        if precision not in allowed:
            bounds = rounding_bounds(package, precision, {}, outputs, coarse=False, run=told)
            allowed[precision] = max(part(bounds[name], outputs[name]) for name in names)
        if precision not in allowed_at_the_end:
            as_network = bounds and not other_weights
            of_last = (
                bounds
                if as_network
                else rounding_bounds(package, precision, {}, outputs, coarse=other_weights, run=told)
            )
            of_whole = of_last[last]
            allowed_at_the_end[precision] = part(of_whole, outputs[last])
        on_the_way[precision] = tuple(
            Difference.between(name, outputs[name], expected[call], bounds=bounds.get(name))
            for name, call in names.items()
        )
        at_the_end[precision] = (Difference.between("all steps", outputs[last], at_once, bounds=of_whole),)
    events = tuple(lost.values())
    return (
        Verification("the trained network", len(series), **on_the_way, lost=events, tolerances=allowed),
        Verification(whole.path.name, len(series), **at_the_end, lost=(), tolerances=allowed_at_the_end),
    )


def _weight_types(package: Package) -> set[str]:
    return {tensor.dtype for op in package.graph.ops for tensor in op.weights}
