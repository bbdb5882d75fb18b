"""The network of a space that costs least, of a figure that adds up over its parts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from anenas.ane import Chip, ProgramCost
from anenas.graph import get_weight_format
from anenas.network._graph import architecture_cost, stage_cost
from anenas.space import Architecture, SearchSpace, Stage, every

_MOST = 3_000  # blocks that are looked at, at a few milliseconds each

Figure = Callable[[ProgramCost], float]


def smallest(space: SearchSpace, classes: int, chip: Chip, figure: Figure) -> tuple[Architecture, float] | None:
    """The architecture of a space that has the least of a figure.

    It is the narrowest and shallowest one with the smallest input, as no block has less of anything where it is wider
    or reads more; each stage has whatever block of those on offer has least there.

    Args:
        space: The space.
        classes: That its networks classify into.
        chip: Of the costs.
        figure: Of a cost: bytes, weights or multiply-accumulates, which add up over the parts of a network.

    Returns:
        It with its figure; None of a space of so many blocks that it takes long, or of 8-bit activations, whose costs
        do not add up.
    """
    blocks = sum(len(list(spec.blocks_offered())) for _, spec in space.named_stages())
    if blocks * len(space.forms) > _MOST or any(get_weight_format(form).activations for form in space.forms):
        return None
    batch, channels, *_ = space.input.shape
    shape = (batch, channels, *min(space.input.sizes))
    found = list(_backbones(space, shape, classes))
    heads = [head for head, _ in every(functools.partial(space.head.decide, classes=classes))]
    for form in space.forms if space.stem else ():
        for stages in _bodies(space, shape, chip, form, figure):
            found += [Architecture(shape, stages, head, form, space.input.masked) for head in heads]
    values = [figure(architecture_cost(architecture, chip)) for architecture in found]
    least = min(range(len(found)), key=values.__getitem__)
    return found[least], values[least]


def _backbones(space: SearchSpace, shape: tuple[int, int, int, int], classes: int) -> Iterator[Architecture]:
    """Each pretrained network cut as early as can be, and later where it is narrower there."""
    narrowest: dict[tuple[str, str], int] = {}
    for architecture in space.pretrained(classes):
        width, backbone = architecture.stages[0].width, architecture.backbone
        assert backbone
        network = backbone.network, architecture.form
        if architecture.input == shape and width < narrowest.get(network, width + 1):
            narrowest[network] = width
            yield architecture


def _bodies(
    space: SearchSpace, shape: tuple[int, int, int, int], chip: Chip, form: str, figure: Figure
) -> Iterator[tuple[Stage, ...]]:
    """The smallest stem and stages up to each of the stages that a network may end after, by what they put out."""
    ends = space.cut or (len(space.stages),)
    states: dict[tuple[int, ...], tuple[float, tuple[Stage, ...]]] = {shape: (0.0, ())}
    for number, (_, spec) in enumerate(space.named_stages()):
        after: dict[tuple[int, ...], tuple[float, tuple[Stage, ...]]] = {}
        for before, (value, stages) in states.items():
            for block in spec.blocks_offered():
                stage = Stage(block, min(spec.depth), spec.stride, min(spec.width, default=before[1]))
                cost, out = stage_cost(stage, before, chip, form)
                if out not in after or value + figure(cost) < after[out][0]:
                    after[out] = value + figure(cost), (*stages, stage)
        states = after
        if number in ends:
            yield from (stages for _, stages in states.values())
