"""From a torch module to the `Graph` of its converted program, without converting it, in milliseconds.

The module runs once on the meta device while its ATen operations are recorded. They get the names that coremltools'
converter gives them, and the same folding: batch normalisation into the convolution before it, a scale and a shift into
batch normalisation.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from anenas.graph import Graph
from anenas.network._passes import apply_passes
from anenas.network._recorder import Recorder
from anenas.network._recurrence import WholeRecurrences


def trace(module: nn.Module, *shapes: tuple[int, ...], name: str = "x") -> Graph:
    """The fp16 program of `module` for inputs of these shapes.

    Args:
        module: In evaluation mode and fused; it is neither run on data nor changed.
        shapes: Of each of its inputs, the first of which is (N, C, H, W).
        name: Of the first input; the others have a number appended.

    Raises:
        RuntimeError: By torch, if the module does not take such inputs.
    """
    is_ready = not module.training and all(t.is_meta for t in (*module.parameters(), *module.buffers()))
    on_meta = module if is_ready else copy.deepcopy(module).to("meta").eval()
    recorder = Recorder(on_meta)
    given = [torch.empty(shape, device="meta") for shape in shapes]
    sources = tuple(recorder.name_tensor(x, f"{name}{i or ''}") for i, x in enumerate(given))
    with torch.no_grad(), recorder, WholeRecurrences(recorder):
        result = on_meta(*given)
    results = result if isinstance(result, tuple) else (result,)
    return Graph(sources, apply_passes(recorder.ops), tuple(recorder.known[id(y)] for y in results))
