"""Guidelines that a graph must keep to be worth training: small functions from graph and chip to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from anenas.ane._chips import Chip
from anenas.ane._guidelines import batch_problem
from anenas.graph import Graph

_MAX_RANK = 5
_MAX_KERNEL_HEIGHT, _MAX_KERNEL_WIDTH = 29, 13  # of the oldest chips: A14 and M1 in fp16
_MAX_CHANNELS = 65_536
_OFF_ENGINE = {"lstm", "gru", "rnn", "while_loop", "cond", "non_zero", "one_hot", "cumsum", "topk", "argsort"}


@dataclass(frozen=True)
class Finding:
    """Something about a program that a guideline says something about.

    Attributes:
        rule: The rule's name.
        severity: "error" where it leaves the engine or does not run, "warning" where it runs but wastes.
        op: The operation's name, empty where it is the whole program.
        message: What is wrong.
        fix: How to mend it.
    """

    rule: str
    severity: Literal["error", "warning", "info"]
    op: str
    message: str
    fix: str

    @property
    def is_error(self) -> bool:
        return self.severity == "error"


def check(graph: Graph, chip: Chip) -> list[Finding]:
    """What every rule finds in a graph."""
    return [finding for rule in _RULES for finding in rule(graph, chip)]


def _rank(graph: Graph, chip: Chip) -> Iterator[Finding]:
    """Tensors of rank six and more never run on the engine (Apple's authoring rules; 751K's validator)."""
    for op in graph.ops:
        for tensor in op.outputs:
            if len(tensor.shape) > _MAX_RANK:
                message = f"{tensor.name} has rank {len(tensor.shape)}, the engine takes {_MAX_RANK} at most"
                yield Finding("rank", "error", op.name, message, "merge axes with a reshape")


def _dimension(graph: Graph, chip: Chip) -> Iterator[Finding]:
    """Height and width are limited by the chip, batch and channels by 65,536 (ane-guide, appendix A)."""
    for op in graph.ops:
        for tensor in op.outputs:
            for axis, size in enumerate(tensor.shape):
                limit = chip.max_dimension if axis >= 2 else _MAX_CHANNELS
                if size > limit:
                    message = f"{tensor.name} has {size:,} along axis {axis}, {chip.name} takes {limit:,}"
                    yield Finding("dimension", "error", op.name, message, "split the axis")


def _kernel(graph: Graph, chip: Chip) -> Iterator[Finding]:
    """Larger kernels do not compile (ane-guide; 751K), and wider ones than 8 are slow."""
    for op in graph.ops:
        if op.kind == "conv" and len(op.weights[0].shape) == 4:
            height, width = op.weights[0].shape[2:]
            if height > _MAX_KERNEL_HEIGHT or width > _MAX_KERNEL_WIDTH:
                message = f"{height}×{width} kernel, the engine takes {_MAX_KERNEL_HEIGHT}×{_MAX_KERNEL_WIDTH}"
                yield Finding("kernel", "error", op.name, message, "use several smaller convolutions")
            elif width > 8:
                message = f"kernel {width} wide costs about 1.8 times what its size suggests"
                yield Finding("kernel", "warning", op.name, message, "keep kernels at most 8 wide")


def _batch(graph: Graph, chip: Chip) -> Iterator[Finding]:
    for tensor in graph.inputs:
        if tensor.shape and (problem := batch_problem(tensor.shape[0])):
            yield Finding("batch", "error", "", problem, "use a power of two")


def _off_engine(graph: Graph, chip: Chip) -> Iterator[Finding]:
    """Operations that no chip's engine runs (751K's validator text; aneforge's sweep)."""
    for op in graph.ops:
        if op.kind in _OFF_ENGINE:
            yield Finding("off-engine", "error", op.name, f"{op.kind} never runs on the engine", "replace it")


_RULES: tuple[Callable[[Graph, Chip], Iterator[Finding]], ...] = (_rank, _dimension, _kernel, _batch, _off_engine)
