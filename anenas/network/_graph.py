"""The graph of an architecture, assembled from cached graphs of its parts."""

from __future__ import annotations

import dataclasses
import functools
import traceback
from pathlib import Path

import torch
from torch import nn

from anenas._errors import AnenasError, first_line
from anenas.ane import Chip, ProgramCost, program_cost
from anenas.blocks import Block, SequenceBlock, reparameterize
from anenas.graph import Graph, Op, Tensor, compressed, get_weight_format
from anenas.network._build import Deployed, mask_padding, with_last_step
from anenas.network._head import build_head, head_mask
from anenas.network._normalise import Normalisation
from anenas.network._trace import trace
from anenas.space import Architecture, Head, Stage

_Shape = tuple[int, ...]
_Mask = tuple[int, int] | None


def architecture_graph(architecture: Architecture) -> Graph:
    """The exported program of an architecture, without training or converting it.

    Blocks seen before, with the same input shape, are not traced again.
    """
    parts = [("input", _input_graph(architecture.input, *_of_input(architecture)))]
    for i, stage in enumerate(architecture.stages):
        parts.append((f"stage{i}" if i else "stem", _stage_graph(stage, parts[-1][1].outputs[0].shape)))
    mask = head_mask(architecture)
    parts.append(("head", _head_graph(architecture.head, parts[-1][1].outputs[0].shape, architecture.input, mask)))
    parts.append(("output", _output_graph(parts[-1][1].outputs[0].shape)))
    return _in_form(Graph.chain(parts), architecture.form)


def architecture_cost(architecture: Architecture, chip: Chip) -> ProgramCost:
    """The cost of an architecture's exported program on a chip: `program_cost` of its graph.

    It takes microseconds if its blocks were seen before, as their costs are cached and add up. With 8-bit activations
    it takes milliseconds, as what a block writes depends on its readers.
    """
    form = architecture.form
    if get_weight_format(form).activations:
        return program_cost(architecture_graph(architecture), chip)
    shape: _Shape = architecture.input
    cost = _input_cost(shape, *_of_input(architecture), chip)
    for stage in architecture.stages:
        of_stage, shape = stage_cost(stage, shape, chip, form)
        cost += of_stage
    return cost + _head_cost(architecture.head, shape, architecture.input, head_mask(architecture), chip, form)


def _of_input(architecture: Architecture) -> tuple[bool, bool, bool]:
    """What becomes of the input before the stem: whether it is raw, masked, and its last step kept for the head."""
    return architecture.raw, architecture.masked, architecture.head.skip


def _in_form(graph: Graph, form: str) -> Graph:
    return graph if form == "fp16" else compressed(graph, get_weight_format(form))


@functools.lru_cache(maxsize=100_000)
def stage_cost(stage: Stage, shape: _Shape, chip: Chip, form: str) -> tuple[ProgramCost, _Shape]:
    """The cost of a stage, and the shape of its output."""
    cost, shape = _block_cost(stage.block, stage.width, stage.stride, shape, chip, form)
    for _ in range(1, stage.depth):
        of_block, shape = _block_cost(stage.block, stage.width, 1, shape, chip, form)
        cost += of_block
    return cost, shape


@functools.lru_cache(maxsize=100_000)
def _block_cost(
    block: Block, width: int, stride: int, shape: _Shape, chip: Chip, form: str
) -> tuple[ProgramCost, _Shape]:
    graph = _block_graph(block, width, stride, shape)
    cost = program_cost(_in_form(graph, form), chip)
    if isinstance(block, SequenceBlock) and block.off_engine:
        cost = dataclasses.replace(cost, operation_problems=())  # its space offers it nevertheless
    return cost, graph.outputs[0].shape


@functools.lru_cache(maxsize=1_000)
def _input_cost(shape: _Shape, raw: bool, masked: bool, skip: bool, chip: Chip) -> ProgramCost:
    return program_cost(_input_graph(shape, raw, masked, skip), chip)


@functools.lru_cache(maxsize=10_000)
def _head_cost(head: Head, shape: _Shape, source: _Shape, mask: _Mask, chip: Chip, form: str) -> ProgramCost:
    graph = _in_form(_head_graph(head, shape, source, mask), form)
    return program_cost(graph, chip) + program_cost(_output_graph(graph.outputs[0].shape), chip)


@functools.lru_cache(maxsize=100_000)
def _stage_graph(stage: Stage, shape: _Shape) -> Graph:
    parts = [("0", _block_graph(stage.block, stage.width, stage.stride, shape))]
    for i in range(1, stage.depth):
        parts.append((str(i), _block_graph(stage.block, stage.width, 1, parts[-1][1].outputs[0].shape)))
    return Graph.chain(parts)


@functools.lru_cache(maxsize=100_000)
def _block_graph(block: Block, width: int, stride: int, shape: _Shape) -> Graph:
    try:
        with torch.device("meta"):  # only shapes matter, so nothing is initialised
            module = block.build(shape[1], width, stride).eval()
            graph = trace(reparameterize(module, inplace=True), shape)
    except AnenasError:
        raise
    except Exception as error:  # whatever a user's own block does
        raise AnenasError(f"block {block.kind} fails on {_sizes(shape)}: {_message(error)}") from error
    promised = (shape[0], width, *block.size(shape[2], shape[3], stride))
    if graph.outputs[0].shape != promised:
        found = _sizes(graph.outputs[0].shape)
        raise AnenasError(
            f"block {block.kind} turns {_sizes(shape)} into {found}; its width, stride of {stride} and `size` promise "
            f"{_sizes(promised)}"
        )
    return graph


def _sizes(shape: _Shape) -> str:
    return "×".join(map(str, shape))


def _message(error: Exception) -> str:
    """The error, and where it occurred in the block's own code."""
    others = (Path(torch.__file__).parent, Path(__file__).parent)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not any(Path(frame.filename).is_relative_to(other) for other in others)]
    place = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    return f"{type(error).__name__}: {first_line(error)}{place}"


@functools.lru_cache(maxsize=1_000)
def _head_graph(head: Head, shape: _Shape, source: _Shape, mask: _Mask) -> Graph:
    also = [(source[0], 1, 1, source[3])] if mask else [(*source[:2], 1, 1)] if head.skip else []
    with torch.device("meta"):
        return trace(build_head(head, shape[1], mask, source[1]).eval(), shape, *also)


@functools.lru_cache(maxsize=1_000)
def _input_graph(shape: _Shape, raw: bool, is_masked: bool, has_skip: bool) -> Graph:
    """The cast of the image, `Deployed`'s normalisation, if any, and the masking of padding or the last step."""
    image = Tensor("image", shape, "fp32")
    pixels = Tensor("pixels", shape)
    cast = Op("cast", "cast", (image,), (pixels,))
    normalise = Normalisation((0.5,) * shape[1], (0.5,) * shape[1], raw)
    network = _Masked() if is_masked else _Skipped() if has_skip else nn.Identity()
    normalised = trace(_Normalise(network, normalise), shape, name="pixels")
    return Graph((image,), (cast, *normalised.ops), normalised.outputs)


class _Masked(nn.Module):
    forward = staticmethod(mask_padding)


class _Skipped(nn.Module):
    forward = staticmethod(with_last_step)


class _Normalise(Deployed):
    """Only the first half of `Deployed`."""

    forward = Deployed.logits


@functools.lru_cache(maxsize=1_000)
def _output_graph(shape: _Shape) -> Graph:
    """The softmax, and the cast to fp32 that callers of Core ML expect."""
    softmax = trace(nn.Softmax(1), shape)
    probabilities = Tensor("probabilities", softmax.outputs[0].shape, "fp32")
    cast = Op("cast", "cast", softmax.outputs, (probabilities,))
    return Graph(softmax.inputs, (*softmax.ops, cast), (probabilities,))
