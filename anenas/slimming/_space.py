"""The space of all sub-networks of one network."""

from __future__ import annotations

import itertools
import math
from typing import Any

from anenas.blocks import Value
from anenas.slimming._largest import Largest, legal_width
from anenas.space import SearchSpace, Stage

_WIDTHS = (1, 3 / 4, 1 / 2)  # of the whole
_EXPANSIONS = (1, 2 / 3, 1 / 2, 1 / 3)  # of the whole


def space_of(largest: Largest, name: str) -> SearchSpace:
    """What may be left out of a network: blocks of a stage, channels, edges of kernels, and the last stages.

    Each decision's first option is the whole network's.

    Raises:
        pydantic.ValidationError: If it has more stages than a space may have.
    """
    network = largest.architecture
    stages = [_stage_spec(stage, i in largest.tied) for i, stage in enumerate(network.stages)]
    batch, channels, height, width = network.input
    ends = _ends(largest)
    return SearchSpace.model_validate(
        {
            "name": name,
            "description": "sub-networks of one network",
            "input": {"channels": channels, "height": height, "width": width, "batch": batch},
            "stem": stages[0],
            "stages": stages[1:],
            "cut": ends if len(ends) > 1 else None,
            "head": {
                "pool": network.head.pool,
                "width": _widths(network.head.width) if network.head.width else 0,
                "activation": network.head.activation or "relu",
            },
        }
    )


def _stage_spec(stage: Stage, tied: bool) -> dict[str, Any]:
    kind = type(stage.block)
    choices = {
        choice.name: _smaller(choice.name, getattr(stage.block, choice.name), choice.options)
        for choice in kind.choices()
    }
    return {
        "depth": list(range(stage.depth, 0, -1)),
        "width": "same" if tied else _widths(stage.width),
        "stride": stage.stride,
        "blocks": {kind.kind: choices},
    }


def _smaller(name: str, value: Value, options: tuple[Value, ...]) -> list[Value]:
    """The value of the whole network, and what may be sliced out of it."""
    if name == "expansion":
        return _distinct(e for part in _EXPANSIONS if (e := math.ceil(int(value) * part)) in options)
    if name in ("kernel", "start_kernel") and int(value) > 3:
        return sorted((k for k in options if 3 <= int(k) <= int(value)), key=int, reverse=True)
    return [value]


def _widths(width: int) -> list[int]:
    return _distinct(legal_width(math.ceil(width * part)) for part in _WIDTHS)


def _distinct(values: Any) -> list[Any]:
    return list(dict.fromkeys(values))


def _ends(largest: Largest) -> list[int]:
    """After which stages it may be cut: those of the last two resolutions, but not within a residual stream."""
    stages = largest.architecture.stages
    strides = list(itertools.accumulate((stage.stride for stage in stages), lambda all_, one: all_ * one))
    last = range(len(stages) - 1, 0, -1)
    return [i for i in last if 2 * strides[i] >= strides[-1] and i + 1 not in largest.tied]
