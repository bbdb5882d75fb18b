"""torch's LSTM and GRU as the converter translates them, recorded before torch decomposes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _disable_current_modes

from anenas.graph import Tensor
from anenas.network._recorder import Recorder


class WholeRecurrences(TorchFunctionMode):
    """Records an LSTM as one operation and a GRU as a loop for each direction, over (T, N, C).

    Stacked layers, and layers with the batch first, are left to torch.
    """

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        note = {"lstm": self._lstm, "gru": self._gru}.get(getattr(func, "__name__", ""))
        # Input, state, weights, with biases, layers, dropout, training, bidirectional, batch first.
        known = len(args) == 9 and id(args[0]) in self._recorder.known
        if note is None or not known or not args[3] or args[4] != 1 or args[8]:
            return func(*args, **(kwargs or {}))
        with _disable_current_modes():
            return note(func, args)

    def _lstm(self, func: Any, args: tuple[Any, ...]) -> tuple[torch.Tensor, ...]:
        x, weights = args[0], args[2]
        y, hidden, cell = self._recorder.compute(func, "lstm", args, {})
        # MIL's operation computes in float32; its weights in order of name: biases, states, matrices per direction.
        h, c = x.shape[1], y.shape[2]
        sizes = [tuple(bias.shape) for bias in weights[2::4]]
        sizes += [(h, c)] * 2 + [tuple(matrix.shape) for matrix in weights[1::4] + weights[0::4]]
        source = self._add("cast", x, x, dtype="fp32")
        self._recorder.add("lstm", (source,), y, tuple(sizes), dtype="fp32")
        self._recorder.write_more(hidden.new_empty(h, c), cell.new_empty(h, c), dtype="fp32")
        self._add("cast", y, y)
        return y, hidden, cell

    def _gru(self, func: Any, args: tuple[Any, ...]) -> tuple[torch.Tensor, ...]:
        x, state, weights, *rest = args
        directions: list[torch.Tensor] = []
        for first, *of_direction in zip(state, *(weights[i::4] for i in range(4)), strict=True):
            backward = bool(directions)
            given = x.flip(0) if backward else x
            if backward:
                self._add("reverse", x, given)
            single = (given, first[None], of_direction, *rest[:4], False, False)
            y, _ = self._recorder.compute(func, "gru", single, {})
            self._loop(given, first, of_direction, y)
            if backward:
                turned = y.flip(0)
                self._add("reverse", y, turned)
                y = turned
            directions.append(y)
        y = directions[0]
        if len(directions) > 1:
            y = torch.cat(directions, 2)
            self._recorder.add("concat", tuple(self._recorder.known[id(one)] for one in directions), y)
        return y, state

    def _loop(self, x: torch.Tensor, first: torch.Tensor, weights: list[torch.Tensor], y: torch.Tensor) -> None:
        """The loop of one direction: it counts steps and collects states, the first one before them."""
        states = torch.cat([first[None], y])
        of_input, of_state = weights[:2]
        width = y.shape[2]
        gate = ((width, of_input.shape[1]), (width,), (width, of_state.shape[1]), (width,))
        self._add("while_loop", x, first.new_full((1,), len(x)), dtype="int32")
        op = self._recorder.ops.pop()
        stored = [(tuple(states.shape), "fp32"), *((size, "fp16") for size in gate * 3)]
        constants = tuple(Tensor(f"{op.name}_weight{i}", *one) for i, one in enumerate(stored))
        self._recorder.ops.append(dataclasses.replace(op, weights=constants))
        self._recorder.write_more(states, dtype="fp32")
        self._add("cast", states, states)
        self._add("slice_by_index", states, y, begin=(1, 0, 0))

    def _add(self, kind: str, x: torch.Tensor, y: torch.Tensor, **attributes: Any) -> Any:
        return self._recorder.add(kind, (self._recorder.known[id(x)],), y, **attributes)
