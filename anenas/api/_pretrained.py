"""The pretrained networks of a search: the space that holds them, and files with their weights."""

from __future__ import annotations

import dataclasses
import logging
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from anenas._errors import AnenasError
from anenas._files import replacing
from anenas.api._trained import is_trained, trained_network
from anenas.blocks import backbone_cuts
from anenas.inputs import IMAGES
from anenas.pretrained import PretrainedWeights, TrainedNetwork, load_pretrained
from anenas.search import Learned
from anenas.space import Architecture, BackboneSpec, SearchSpace, load_space

if TYPE_CHECKING:
    import torch

    from anenas.slimming import Slim

BACKBONES, SLIM = "backbones", "slim"
"""The spaces of pretrained networks as they are, and of one network's sub-networks."""

_DEFAULT = "mobile_cnn"
_SLIM_INPUT = (3, 96, 96)  # where none is asked for

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """What the networks of a space have learned before.

    Attributes:
        backbones: The weights of each, by its name in timm.
        slim: The network that all of the space are parts of, if they are.
        origin: Where the weights of `slim` come from, with their licence, for people.
    """

    backbones: Mapping[str, PretrainedWeights] = field(default_factory=dict)
    slim: Slim | None = None
    origin: str = ""

    @property
    def digest(self) -> str:
        """A short name for the weights of `slim`; empty without."""
        if self.slim is None:
            return ""
        digest = 0
        for name, tensor in sorted(self.slim.weights.items()):
            digest = zlib.crc32(tensor.numpy().tobytes(), zlib.crc32(name.encode(), digest))
        return f"{digest:08x}"

    def write(self, folder: Path) -> Files:
        """Files with the weights, for the trials that begin with them."""
        for network, weights in self.backbones.items():
            _save(weights.state, folder / f"{network}.safetensors")
        return Files(folder, self)


@dataclass(frozen=True)
class Files:
    """What each trial begins with: called with its architecture, see `anenas.search.Pretrained`."""

    folder: Path
    weights: Weights

    def __call__(self, architecture: Architecture) -> Learned | None:
        if architecture.backbone:
            weights = self.weights.backbones[architecture.backbone.network]
            return Learned(self.folder / f"{weights.network}.safetensors", str(weights))
        if self.weights.slim is None:
            return None
        # What a member takes of the head differs with its length, its head and classes.
        file = self.folder / f"{SLIM}-{len(architecture.stages)}-{architecture.head}.safetensors"
        if not file.exists():
            _save(self.weights.slim.donor(architecture), file)
        return Learned(file, self.weights.origin or self.weights.slim.space.name)


def space_of(
    space: SearchSpace | Slim | str | Path | None,
    pretrained: str | Sequence[str],
    input_shape: tuple[int, int, int] | None,
    store: Path,
) -> tuple[SearchSpace, Weights]:
    """The space that is searched, and what its networks have learned before.

    A network of our own blocks is searched for its sub-networks, as the space "slim"; any other is a backbone.

    Args:
        space: As the caller gave it; None is "mobile_cnn", or with pretrained networks these alone.
        pretrained: Sources of weights, which take the place of the space's own.
        input_shape: (C, H, W) of the input, where the caller has said it.
        store: Of the studies that sources name.

    Raises:
        AnenasError: If there is no such space, it cannot have these networks beside its own, or none can be had.
    """
    from anenas.slimming import Slim

    sources = [pretrained] if isinstance(pretrained, str) else list(pretrained)
    if isinstance(space, Slim):
        if sources:
            raise AnenasError("a space of sub-networks has its own weights; leave out `pretrained`")
        return space.space, Weights(slim=space)
    trained = {source: trained_network(source, store) for source in sources if is_trained(source)}
    own = [source for source, network in trained.items() if not network.architecture.backbone]
    if own and (len(sources) > 1 or space not in (None, SLIM)):
        raise AnenasError(
            f"{own[0]} is a network of anenas' own blocks, which can only be searched for sub-networks: leave out "
            f"other sources and the space, or use the space slim"
        )
    if own or space == SLIM:
        return _slim(sources, trained, input_shape)
    if space is None:
        space = BACKBONES if sources else _DEFAULT
    found = space if isinstance(space, SearchSpace) else load_space(space)
    if not sources:
        return _with_weights(found, {})
    try:
        return _with_weights(found.with_backbones([_backbone_spec(source, trained) for source in sources]), trained)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AnenasError(f"pretrained networks in '{found.name}': {message}") from None


def _slim(
    sources: Sequence[str], trained: Mapping[str, TrainedNetwork], shape: tuple[int, int, int] | None
) -> tuple[SearchSpace, Weights]:
    """The space of one network's sub-networks, and its weights."""
    import torch

    from anenas.slimming import slim

    if len(sources) != 1:
        raise AnenasError(f"the space {SLIM} is made from one `pretrained` network, such as efficientnet_lite0")
    [source] = sources
    weights = trained.get(source) or load_pretrained(source)
    _log.info("%s: %s", source, weights)
    name, usual = SLIM, _SLIM_INPUT
    if isinstance(weights, TrainedNetwork):
        architecture = weights.architecture
        usual = architecture.input[1:]
        if architecture.input_kind is not IMAGES:
            raise AnenasError(f"{source} takes {architecture.input_kind}; {SLIM} is only for networks of images")
        if architecture.backbone:
            if architecture.backbone.cut:
                raise AnenasError(
                    f"{source} was cut off after {architecture.backbone.cut}; {SLIM} is only for whole networks"
                )
            weights = weights.backbone()
    if isinstance(weights, PretrainedWeights):
        name = f"{SLIM}-{weights.network}"
    shape = shape or usual
    if shape[0] != len(weights.mean):
        raise AnenasError(f"{source} takes images of {len(weights.mean)} channels, not {shape[0]}")
    made = slim(weights.module(), torch.zeros(1, *shape), name=name)
    return made.space, Weights(slim=dataclasses.replace(made, mean=weights.mean, std=weights.std), origin=str(weights))


def _backbone_spec(source: str, trained: Mapping[str, TrainedNetwork]) -> BackboneSpec:
    """What a source adds to a space; of a network that was cut what is left of it."""
    if source not in trained:
        return BackboneSpec.model_validate(source)
    backbone = trained[source].architecture.backbone
    assert backbone
    cuts = list(backbone_cuts(backbone.network))
    return BackboneSpec(source=source, network=backbone.network, cuts=tuple(cuts[: cuts.index(backbone.cut) + 1]))


def _with_weights(space: SearchSpace, trained: Mapping[str, TrainedNetwork]) -> tuple[SearchSpace, Weights]:
    """The weights of a space's backbones, and the space without those that cannot be had."""
    found, problems = {}, []
    for backbone in space.backbones:
        try:
            source = backbone.source
            found[backbone.network] = trained[source].backbone() if source in trained else load_pretrained(source)
        except AnenasError as error:
            problems.append(str(error))
        else:
            _log.info("%s: %s", source, found[backbone.network])
    if not problems:
        return space, Weights(found)
    if not found and space.stem is None:
        raise AnenasError("none of the pretrained networks is available: " + "; ".join(problems))
    for problem in problems:
        _log.warning("left out: %s", problem)
    return space.with_backbones([one for one in space.backbones if one.network in found]), Weights(found)


def _save(state: Mapping[str, torch.Tensor], file: Path) -> None:
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as new:
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, new)
