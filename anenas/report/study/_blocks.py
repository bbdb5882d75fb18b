"""An architecture as a row of blocks, to be drawn."""

from __future__ import annotations

from typing import Any

from anenas.blocks import Backbone
from anenas.space import Architecture


def blocks_of(architecture: Architecture) -> list[list[Any]]:
    """What its network is made of: kind, how often, width, size of what comes out, and the other choices in words.

    The size is empty where nothing tells it without building the network.
    """
    _, channels, height, width = architecture.input
    size: tuple[int, int] | None = (height, width)
    found: list[list[Any]] = [["input", 1, channels, _sizes(size), ""]]
    for stage in architecture.stages:
        for stride in (stage.stride, 1)[: stage.depth]:
            is_known = size and not isinstance(stage.block, Backbone)
            size = stage.block.size(*size, stride) if is_known and size else None
        if isinstance(stage.block, Backbone):
            kind, choices = stage.block.network, stage.block.cut and f"up to {stage.block.cut}"
        else:
            kind = stage.block.kind
            chosen = {choice.name: getattr(stage.block, choice.name) for choice in stage.block.choices()}
            choices = ", ".join(_chosen(name, value) for name, value in chosen.items() if value is not False)
        found.append([kind, stage.depth, stage.width, _sizes(size) if size else "", choices])
    head = architecture.head
    pooled = f"{head.pool} over all" + (f", a layer of {head.width} {head.activation}" if head.width else "")
    return [*found, ["head", 1, head.classes, "", pooled]]


def _sizes(size: tuple[int, int] | None) -> str:
    height, width = size or (0, 0)
    return f"{height}×{width}" if height > 1 else str(width)


def _chosen(name: str, value: object) -> str:
    return name if value is True else f"{name} {value}"
