"""timm's modules, imported lazily, and with a torchvision whose compiled part may not load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anenas._errors import unknown
from anenas._torchvision import import_torchvision

if TYPE_CHECKING:
    from torch import nn


def import_timm() -> Any:
    """timm, with a torchvision whose compiled part may not load."""
    import_torchvision()
    import timm

    return timm


def create_timm(name: str, **options: Any) -> nn.Module:
    """A network of timm's, on the device that is the default here."""
    import torch

    timm = import_timm()
    try:
        return timm.create_model(name, **options)
    except NotImplementedError:  # torch 2.7 has no `unique` on the device "meta", which RegNets are made with
        device = torch.get_default_device()
        with torch.device("cpu"):
            network: nn.Module = timm.create_model(name, **options)
        return network.to(device)


def known_timm(name: str) -> str:
    """The name of a model of timm's, without a tag that names weights.

    Raises:
        AnenasError: If there is none; it offers the nearest names.
    """
    model = name.partition(".")[0]
    timm = import_timm()
    if not timm.is_model(model):
        raise unknown("timm model", model, timm.list_models())
    return model


def efficientnet_blocks() -> Any:
    """timm's module of inverted residuals and related blocks."""
    import_torchvision()
    from timm.models import _efficientnet_blocks

    return _efficientnet_blocks


def byobnet() -> Any:
    """timm's module of re-parameterised blocks."""
    import_torchvision()
    from timm.models import byobnet

    return byobnet


def reparameterize(network: nn.Module, *, inplace: bool = False) -> nn.Module:
    """`network`, or a copy of it, in which timm's multi-branch blocks are folded into one convolution each."""
    import_torchvision()
    from timm.utils import reparameterize_model

    fused: nn.Module = reparameterize_model(network, inplace=inplace)
    return fused
