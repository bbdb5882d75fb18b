"""From a torch module to a `Graph`, without converting it: what coremltools would make of it, in milliseconds.

The module runs once on the meta device while every ATen operation it calls is noted. Operations get the names that
coremltools' converter gives them, and what it folds into one is folded: batch normalisation into the convolution before
it, a scale and a shift into batch normalisation.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from anenas.graph import Graph
from anenas.network._passes import converted
from anenas.network._recorder import Recorder
from anenas.network._recurrence import WholeRecurrences


def trace(module: nn.Module, shape: tuple[int, ...], *, name: str = "x") -> Graph:
    """The program that `module` becomes for an input of that shape, in fp16.

    Args:
        module: In evaluation mode and fused; it is neither run on data nor changed.
        shape: Of its only input, (N, C, H, W).
        name: Of the input.

    Raises:
        RuntimeError: As torch raises it, where the module does not take such an input.
    """
    is_ready = not module.training and all(t.is_meta for t in (*module.parameters(), *module.buffers()))
    on_meta = module if is_ready else copy.deepcopy(module).to("meta").eval()
    recorder = Recorder(on_meta)
    x = torch.empty(shape, device="meta")
    source = recorder.name_tensor(x, name)
    with torch.no_grad(), recorder, WholeRecurrences(recorder):
        y = on_meta(x)
    return Graph((source,), converted(recorder.ops), (recorder.known[id(y)],))
