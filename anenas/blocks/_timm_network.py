"""The torch modules of backbones. Imported only when one is built, for timm takes seconds."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from anenas._errors import AnenasError, first_line, unknown
from anenas.blocks._timm import create_timm, import_timm, known_timm

import_timm()  # here, since torch 2.7 cannot import its compiler, which timm uses, within torch.device("meta")

_LEAST_REDUCTION = 8  # of the image's height and width, at a cut
_STAGES = ("blocks", "stages")  # what timm's networks call the sequence of their stages, where they have one
_PROBE_SIZE = 224  # of the image that shapes are found with


class TimmNetwork(nn.Module):
    """From pixels of 0 to 255, (N, 3, H, W), to the features of a network of timm's, (N, C, H', W').

    The whole network ends before its classifier: where it has layers between pooling and classifier, H' and W' are 1.

    Attributes:
        scale: What pixels are multiplied by, (1, 3, 1, 1). It belongs to the weights, and is among them.
        shift: What is added then, likewise.

    Args:
        name: In timm.
        cut: Name of the last stage; empty for the whole network.

    Raises:
        AnenasError: If timm has no such network, or it cannot be cut there.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, name: str, cut: str = "") -> None:
        super().__init__()
        net: Any = create_timm(known_timm(name), pretrained=False)
        scale, shift = pixel_factors(net.pretrained_cfg["mean"], net.pretrained_cfg["std"])
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)
        self.net = net
        self.pools = False
        if cut:
            if cut not in (known := _stages(net)):
                raise unknown(f"stage of {name}", cut, known)
            _drop_after(net, cut)
        else:
            self.pools = net.head_hidden_size != net.num_features
            net.reset_classifier(0)
            if not self.pools:
                _drop_unused(net)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.net.forward_features(pixels * self.scale + self.shift)
        if self.pools:
            features = self.net.forward_head(features, pre_logits=True).flatten(1)[:, :, None, None]
        return features


def pixel_factors(
    mean: Sequence[float], std: Sequence[float], device: torch.device | str | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scale and shift of pixels of 0 to 255, (1, C, 1, 1) each, from mean and std of each channel in units of 255."""
    means, stds = (torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (mean, std))
    return 1 / (255 * stds), -means / stds


@functools.cache
def cuts(name: str) -> dict[str, int]:
    """See `backbone_cuts`."""
    found = {}
    with torch.device("meta"):
        stages = _stages(TimmNetwork(name).net)
    for cut in [*stages, ""]:
        try:
            _, channels, height, _ = output_shape(name, cut, _PROBE_SIZE, _PROBE_SIZE)
        except AnenasError:
            if not cut:
                raise
        else:
            if height * _LEAST_REDUCTION <= _PROBE_SIZE:
                found[cut] = channels
    return found


def output_shape(name: str, cut: str, height: int, width: int) -> tuple[int, int, int, int]:
    """Shape of the features of an image of that size.

    Raises:
        AnenasError: If the network does not take it, or is no CNN.
    """
    try:
        with torch.device("meta"):
            shape = tuple(TimmNetwork(name, cut).eval()(torch.empty(1, 3, height, width)).shape)
    except AnenasError:
        raise
    except Exception as error:  # whatever a network does with a size that it does not take
        raise AnenasError(f"{name} does not take an image of {height}×{width}: {first_line(error)}") from error
    if len(shape) != 4 or (height == width and shape[2] != shape[3]):  # as of transformers, the channels last
        raise AnenasError(f"{name} cannot be a backbone: it is no CNN, for it makes {shape} of an image")
    return shape


def _stages(net: Any) -> list[str]:
    """The names of modules after which a network can be cut, in the order of their computation.

    They are its stages, one by one where they are a sequence; otherwise where timm takes features.
    """
    features = net.feature_info if isinstance(net.feature_info, list) else net.feature_info.info
    listed = [info["module"] for info in features]
    for attribute in _STAGES:
        sequence = getattr(net, attribute, None)
        if isinstance(sequence, nn.Sequential) and any(name.startswith(f"{attribute}.") for name in listed):
            return [f"{attribute}.{i}" for i in range(len(sequence))]
    return listed


def _drop_after(net: nn.Module, cut: str) -> None:
    """Leave out what is behind a stage, a child of the network or of one of its children."""
    top, _, index = cut.partition(".")
    if index:
        setattr(net, top, getattr(net, top)[: int(index) + 1])
    names = [name for name, _ in net.named_children()]
    for name in names[names.index(top) + 1 :]:
        setattr(net, name, nn.Identity())


def _drop_unused(net: Any) -> None:
    """Leave out what is between features and classifier, which holds no weights."""
    for name in ("global_pool", "flatten", "head_drop"):
        if hasattr(net, name):
            setattr(net, name, nn.Identity())
