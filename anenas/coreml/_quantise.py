"""Quantisation-aware training with 8-bit weights and activations, with coremltools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from anenas.graph import SMALLEST
from anenas.mil import coremltools, quiet

if TYPE_CHECKING:
    from torch import nn


class Quantiser:
    """Quantisation-aware training of one network.

    Activation ranges are observed from the first step, rounding starts after a tenth of the steps, and ranges are
    frozen for the last tenth. Weights of at most `SMALLEST` elements stay floats, as in every other format.

    Attributes:
        network: To be trained in place of the given one, with which it shares weights.

    Args:
        network: With batch normalisation folded into convolutions, on the CPU.
        shape: (N, C, H, W) of its input.
        steps: Number of training steps.
    """

    network: nn.Module

    def __init__(self, network: nn.Module, shape: tuple[int, ...], steps: int) -> None:
        import torch

        coremltools()
        with quiet():
            from coremltools.optimize.torch import quantization as q

            def config(**options: Any) -> Any:
                milestones = [0, steps // 10, steps - steps // 10, steps]
                return q.ModuleLinearQuantizerConfig(quantization_scheme="symmetric", milestones=milestones, **options)

            small = [
                name
                for name, layer in network.named_modules()
                if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear)) and layer.weight.numel() <= SMALLEST
            ]
            plain = config(weight_dtype=torch.float32)
            self._quantiser = q.LinearQuantizer(
                network,
                q.LinearQuantizerConfig(global_config=config(), module_name_configs=dict.fromkeys(small, plain)),
            )
            self.network = self._quantiser.prepare(example_inputs=(torch.zeros(shape),))

    def step(self) -> Self:
        """Must be called before every training step."""
        self._quantiser.step()
        return self

    def finish(self) -> nn.Module:
        """The trained network with integer weights for `convert`, on the CPU and in evaluation mode."""
        with quiet():
            done: nn.Module = self._quantiser.finalize(self.network.cpu().eval())
        return done.eval()
