"""The graph of an architecture, put together from the remembered graphs of its parts."""

from __future__ import annotations

import functools

import torch
from torch import nn

from anenas.blocks import Block
from anenas.graph import Graph, Op, Tensor
from anenas.network._build import Deployed, build_head, fuse
from anenas.network._trace import trace
from anenas.space import Architecture, Head, Stage

_Shape = tuple[int, ...]


def architecture_graph(architecture: Architecture) -> Graph:
    """The exported program of an architecture, known before it is trained or converted.

    Blocks that were met before, with the same input, are not traced again.
    """
    parts = [("input", _input_graph(architecture.input))]
    for i, stage in enumerate(architecture.stages):
        parts.append((f"stage{i}" if i else "stem", _stage_graph(stage, parts[-1][1].outputs[0].shape)))
    parts.append(("head", _head_graph(architecture.head, parts[-1][1].outputs[0].shape)))
    parts.append(("output", _output_graph(parts[-1][1].outputs[0].shape)))
    return Graph.chain(parts)


@functools.lru_cache(maxsize=100_000)
def _stage_graph(stage: Stage, shape: _Shape) -> Graph:
    parts = [("0", _block_graph(stage.block, stage.width, stage.stride, shape))]
    for i in range(1, stage.depth):
        parts.append((str(i), _block_graph(stage.block, stage.width, 1, parts[-1][1].outputs[0].shape)))
    return Graph.chain(parts)


@functools.lru_cache(maxsize=100_000)
def _block_graph(block: Block, width: int, stride: int, shape: _Shape) -> Graph:
    with torch.device("meta"):  # only shapes matter, so nothing is initialised
        module = fuse(block.build(shape[1], width, stride))
    return trace(module, shape)


@functools.lru_cache(maxsize=1_000)
def _head_graph(head: Head, shape: _Shape) -> Graph:
    with torch.device("meta"):
        return trace(fuse(build_head(head, shape[1])), shape)


@functools.lru_cache(maxsize=1_000)
def _input_graph(shape: _Shape) -> Graph:
    """Pixels in: the cast of the image, and the normalisation that `Deployed` does."""
    image = Tensor("image", shape, "fp32")
    pixels = Tensor("pixels", shape)
    cast = Op("cast", "cast", (image,), (pixels,))
    channels = shape[1]
    normalised = trace(_Normalise(nn.Identity(), (0.5,) * channels, (0.5,) * channels), shape, name="pixels")
    return Graph((image,), (cast, *normalised.ops), normalised.outputs)


class _Normalise(Deployed):
    """Only the first half of what ships."""

    forward = Deployed.logits


@functools.lru_cache(maxsize=1_000)
def _output_graph(shape: _Shape) -> Graph:
    """Class probabilities out, in fp32 as callers of Core ML expect them."""
    softmax = trace(nn.Softmax(1), shape)
    probabilities = Tensor("probabilities", softmax.outputs[0].shape, "fp32")
    return Graph(
        softmax.inputs, (*softmax.ops, Op("cast", "cast", softmax.outputs, (probabilities,))), (probabilities,)
    )
