"""The weights of a backbone: held to the network that they are for, and named as that network names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anenas._errors import AnenasError, first_line

if TYPE_CHECKING:
    import torch
    from torch import nn

PREFIX = "stem.0."
"""Where `anenas.build` puts a backbone."""

_NAMED = 3  # tensors in a message
_COUNTS = "num_batches_tracked"  # which nothing reads


@dataclass(frozen=True)
class PretrainedWeights:
    """What a network has learned before.

    Attributes:
        source: As the user named it.
        network: Its name in timm.
        origin: Where the weights come from, for people.
        licence: Of the weights, as their source says; empty where it says nothing, None where the origin says it.
        mean: Of each channel, in units of 255, that pixels are normalised by.
        std: Of each channel, likewise.
        state: By the names of `anenas.build`, the normalisation of pixels among them.
    """

    source: str
    network: str
    origin: str
    licence: str | None
    mean: tuple[float, ...]
    std: tuple[float, ...]
    state: Mapping[str, torch.Tensor]

    def __str__(self) -> str:
        licence = "" if self.licence is None else f", licence {self.licence or 'unknown'}"
        return f"weights of {self.origin}{licence}"

    @classmethod
    def of_state(
        cls,
        source: str,
        network: str,
        state: Mapping[str, torch.Tensor],
        *,
        mean: Sequence[float],
        std: Sequence[float],
        origin: str,
        licence: str = "",
    ) -> PretrainedWeights:
        """From a state dict of timm's network.

        Args:
            source: As the user named it.
            network: Its name in timm.
            state: Every tensor of the network but its classifier and counts of batches, which some files leave out.
            mean: Of each channel, in units of 255, that pixels are normalised by.
            std: Of each channel, likewise.
            origin: Where the weights come from.
            licence: Of the weights.

        Raises:
            AnenasError: If tensors are missing or of another shape.
        """
        import torch

        from anenas.blocks import TimmNetwork, pixel_factors

        with torch.device("meta"):
            wanted = TimmNetwork(network).net.state_dict()
        wanted = {name: tensor for name, tensor in wanted.items() if not name.endswith(_COUNTS)}
        missing = [name for name in wanted if name not in state]
        wrong = [name for name in wanted if name in state and wanted[name].shape != state[name].shape]
        if missing or wrong:
            what = "are missing" if missing else "have another shape"
            names = missing or wrong
            raise AnenasError(
                f"{source}: these are not the weights of {network}: {len(names)} of its {len(wanted)} tensors {what}, "
                f"such as {', '.join(names[:_NAMED])}"
            )
        scale, shift = pixel_factors(mean, std)
        named = {f"{PREFIX}net.{name}": state[name] for name in wanted}
        named |= {f"{PREFIX}scale": scale, f"{PREFIX}shift": shift}
        return cls(source, network, origin, licence, tuple(mean), tuple(std), named)

    def module(self) -> nn.Module:
        """The network as timm makes it, from normalised pixels to logits; its classifier has learned nothing."""
        from anenas.blocks import import_timm

        network: nn.Module = import_timm().create_model(self.network)
        prefix = f"{PREFIX}net."
        state = {name.removeprefix(prefix): one for name, one in self.state.items() if name.startswith(prefix)}
        network.load_state_dict(state, strict=False)
        return network.eval()


def read_state(source: str, path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file in safetensors, or of a state dict that torch saved; nothing in it is run.

    Raises:
        AnenasError: If it cannot be read, or holds something else.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise AnenasError(f"{source}: there is no file {path}") from None
    except Exception as error:  # safetensors and torch raise what they like
        raise AnenasError(
            f"{source}: cannot read {path}: {first_line(error)}; expected safetensors, or a state dict saved by torch"
        ) from error
    for key in ("state_dict", "model"):  # as training scripts save it
        found = found.get(key, found) if isinstance(found, dict) else found
    if not isinstance(found, dict) or not all(isinstance(one, torch.Tensor) for one in found.values()):
        raise AnenasError(f"{source}: {path} contains no state dict: expected tensors by name")
    return found
