"""The torch module of the log-mel spectrogram. Imported only when one is built."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from anenas.blocks._mel import FLOOR, LogMel


class LogMelSpectrogram(nn.Module):
    """From waveforms (N, 1, 1, S) to their log-mel spectrogram (N, bands, 1, ⌊S / hop⌋), each band normalised.

    The samples of a hop become channels, so that a convolution whose kernel is the frame's number of hops gives the
    real and imaginary parts of all bins; a 1×1 convolution adds up their energies to bands. Their weights are
    constant; only the scale and shift of each band are trained.

    Args:
        mel: How it is computed.
    """

    waves: torch.Tensor
    filters: torch.Tensor
    floor: torch.Tensor

    def __init__(self, mel: LogMel) -> None:
        super().__init__()
        self.mel = mel
        waves = torch.tensor(mel.waves()).view(mel.window, mel.hops, mel.hop).transpose(1, 2).unsqueeze(2)
        filters = torch.tensor(mel.filters()).repeat(1, 2)[..., None, None]  # of both parts
        self.register_buffer("waves", waves.contiguous())
        self.register_buffer("filters", filters)
        self.register_buffer("floor", torch.full((mel.bands,), FLOOR))
        self.bn = nn.BatchNorm2d(mel.bands)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.bn(self.spectrogram(x))
        return y

    def spectrogram(self, x: torch.Tensor) -> torch.Tensor:
        """The spectrogram before normalisation."""
        samples, hop = int(x.shape[3]), self.mel.hop
        steps = samples // hop
        if samples > steps * hop:
            x = x[..., : steps * hop]
        hops = x.reshape(-1, 1, steps, hop).permute(0, 3, 1, 2)
        parts = F.conv2d(F.pad(hops, (self.mel.hops - 1, 0)), self.waves)
        return torch.log(F.conv2d(parts * parts, self.filters, self.floor))

    def extra_repr(self) -> str:
        return str(self.mel)
