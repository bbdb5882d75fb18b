"""Networks that a search has trained, in a file that says what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anenas._errors import AnenasError, first_line
from anenas._files import replacing
from anenas._json import read_json
from anenas.pretrained._weights import PREFIX, PretrainedWeights
from anenas.space import Architecture

if TYPE_CHECKING:
    import torch
    from torch import nn

_NETWORK = "network"  # in the head of a file; of several keys safetensors writes now one first, now another
_ARCHITECTURE, _MEAN, _STD = "architecture", "mean", "std"


@dataclass(frozen=True)
class TrainedNetwork:
    """A network with its weights.

    Attributes:
        source: As the user named it.
        architecture: Of the network.
        origin: Where the weights come from, with their licence, for people.
        mean: Of each channel, in units of 255, that pixels are normalised by.
        std: Of each channel, likewise.
        state: By the names of `anenas.build`.
    """

    source: str
    architecture: Architecture
    origin: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    state: Mapping[str, torch.Tensor]

    def __str__(self) -> str:
        return f"weights of {self.origin}"

    def module(self) -> nn.Module:
        """The network, from normalised pixels to logits, in evaluation mode.

        Raises:
            AnenasError: If the weights are not of its architecture.
        """
        from anenas.network import build

        network = build(self.architecture)
        try:
            network.load_state_dict(dict(self.state))
        except RuntimeError as error:
            raise AnenasError(f"{self.source}: its weights do not fit its architecture: {first_line(error)}") from error
        return network.eval()

    def backbone(self) -> PretrainedWeights:
        """The weights of its backbone, as far as the network has it."""
        assert self.architecture.backbone
        state = {name: tensor for name, tensor in self.state.items() if name.startswith(PREFIX)}
        scale, shift = (state[f"{PREFIX}{name}"].flatten() for name in ("scale", "shift"))
        stds = 1 / (255 * scale)  # as `pixel_factors` has them
        mean, std = tuple((-shift * stds).tolist()), tuple(stds.tolist())
        return PretrainedWeights(self.source, self.architecture.backbone.network, self.origin, None, mean, std, state)


def save_trained(
    file: Path,
    architecture: Architecture,
    state: Mapping[str, torch.Tensor],
    mean: Sequence[float],
    std: Sequence[float],
) -> None:
    """Write a network for `read_trained`, as safetensors that any other reader takes for a state dict."""
    from safetensors.torch import save_file

    about = json.dumps({_ARCHITECTURE: str(architecture), _MEAN: list(mean), _STD: list(std)})
    with replacing(file) as new:
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, new, {_NETWORK: about})


def read_trained(source: str, file: Path, origin: str) -> TrainedNetwork:
    """A network that `save_trained` wrote.

    Args:
        source: As the user named it.
        file: To read.
        origin: Where its weights come from.

    Raises:
        AnenasError: If it cannot be read, or does not say what it holds.
    """
    from safetensors import safe_open

    try:
        with safe_open(file, "pt") as opened:
            about = (opened.metadata() or {}).get(_NETWORK, "{}")
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 (it is no dictionary)
    except FileNotFoundError:
        raise AnenasError(f"{source}: there is no file {file}") from None
    except Exception as error:  # safetensors raises what it likes
        raise AnenasError(f"{source}: cannot read {file}: {first_line(error)}") from error
    try:
        said = read_json(about)
        architecture = said[_ARCHITECTURE]
        mean, std = (tuple(map(float, said[key])) for key in (_MEAN, _STD))
    except (ArithmeticError, ValueError, KeyError, TypeError):
        raise AnenasError(
            f"{source}: {file.name} does not say which network it contains, because an earlier version wrote it; "
            "search again"
        ) from None
    return TrainedNetwork(source, Architecture.parse(str(architecture)), origin, mean, std, state)
