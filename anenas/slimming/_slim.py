"""A network made a search space of its sub-networks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from pydantic import ValidationError
from torch import nn

from anenas._errors import AnenasError, first_line
from anenas.network import build
from anenas.slimming._largest import say
from anenas.slimming._parts import SAYABLE, read
from anenas.slimming._space import space_of
from anenas.slimming._weights import sorted_weights
from anenas.space import Architecture, SearchSpace

_TOLERANCE = 1e-4  # of the largest logit
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


@dataclass(frozen=True)
class Slim:
    """All sub-networks of one network, and what they begin with.

    Attributes:
        space: Its decisions are depth, width, expansion, kernel, and after which stage a network is cut.
        largest: The whole network, with its classes.
        weights: Its state dict, in the names of `anenas.build(largest)`. Channels are sorted, the most important first,
            so that `anenas.network.inherit` gives a member what matters most.
        mean: Of each channel of the pixels that it was trained with, in units of 255.
        std: Of each channel, likewise.
    """

    space: SearchSpace
    largest: Architecture
    weights: dict[str, torch.Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def donor(self, member: Architecture) -> dict[str, torch.Tensor]:
        """The weights that a member begins with, for `anenas.network.inherit`.

        Those of the head are among them only where it reads what the whole network's does, and those of the classifier
        only where it tells as many classes apart.
        """
        mine, its = self.largest, member
        whole = len(its.stages) == len(mine.stages)
        kept: list[str] = []
        if whole and mine.head.width and its.head.width:
            kept.append("head.1.")
        if whole and mine.head.classes == its.head.classes and bool(mine.head.width) == bool(its.head.width):
            kept.append("head.3." if mine.head.width else "head.1.")
        return {
            name: tensor
            for name, tensor in self.weights.items()
            if not name.startswith("head.") or name.startswith(tuple(kept))
        }


def slim(module: nn.Module, example_input: torch.Tensor, name: str = "slim") -> Slim:
    """The space of a network's sub-networks, of which it is the largest, and its weights for them.

    Blocks that differ from the one before them become stages of their own. Channels off the engine's grid are filled
    up with zeros, which changes nothing of what is computed.

        slim = anenas.slim(timm.create_model("mobilenetv4_conv_small", pretrained=True), torch.zeros(1, 3, 96, 96))

    Args:
        module: A trained network of images, such as timm's MobileNetV2, V3 and V4-conv, MnasNet, FBNet-C and
            EfficientNets, or one that `anenas.build` made; from (N, C, H, W) to (N, classes) logits. It stays as it is.
        example_input: (N, C, H, W), of the size that the space is for; what the largest member computes for it is
            compared with what the network does.
        name: Of the space.

    Raises:
        AnenasError: If our blocks cannot say a module of it, or say another network.
    """
    if example_input.ndim != 4:
        raise AnenasError(f"expected an example input (N, C, H, W), got the shape {tuple(example_input.shape)}")
    # In double precision, so that what differs is no rounding.
    original = copy.deepcopy(module).double().cpu().eval()
    batch, channels, height, width = example_input.shape
    largest = say(read(original), (batch, channels, height, width))
    network = build(largest.architecture).double().eval()
    weights = sorted_weights(largest, network.state_dict())
    network.load_state_dict(weights)
    _compare(network, original, example_input.detach().double().cpu())
    weights = {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
    try:
        space = space_of(largest, name)
    except ValidationError as error:
        raise AnenasError(f"{name}: {error.errors()[0]['msg']}") from error
    config = getattr(module, "pretrained_cfg", None) or {}
    mean, std = (_for_channels(config.get(key) or usual, channels) for key, usual in (("mean", _MEAN), ("std", _STD)))
    return Slim(space, largest.architecture, weights, mean, std)


def _compare(network: nn.Module, original: nn.Module, x: torch.Tensor) -> None:
    """Raises: AnenasError: If the two do not compute the same."""
    try:
        with torch.no_grad():
            expected, found = original(x), network(x)
        difference = ((found - expected).abs().max() / expected.abs().max()).item()
    except (RuntimeError, TypeError) as error:
        raise AnenasError(f"{type(original).__name__} does not take the example input: {first_line(error)}") from error
    if not difference <= _TOLERANCE:
        raise AnenasError(
            f"{type(original).__name__} computes something different from its modules in sequence: the logits differ "
            f"by {difference:.2g}; slim supports {SAYABLE}"
        )


def _for_channels(values: Sequence[float], channels: int) -> tuple[float, ...]:
    """For each channel its own, or the mean of all where there are others than it was said for."""
    if len(values) == channels:
        return tuple(map(float, values))
    return (sum(values) / len(values),) * channels
