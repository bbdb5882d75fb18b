"""From a waveform to the series of its log-mel spectrogram, computed in the network itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anenas.ane import dimension_problem
from anenas.blocks._base import register
from anenas.blocks._choices import choice
from anenas.blocks._sequence import SequenceBlock
from anenas.inputs import RECORDINGS

if TYPE_CHECKING:
    from torch import nn


@register
class LogMelBlock(SequenceBlock):
    """A log-mel spectrogram by convolutions: from (N, 1, 1, S) samples to (N, bands, 1, ⌊S / hop⌋).

    Bands are channels, as in TC-ResNet (Choi et al. 2019, arXiv:1904.03814); the width of the stage is their number.
    The length of a frame is given in hops. Frames are causal.
    """

    kind = "log_mel"
    input_kind = RECORDINGS
    rate: int = choice("hz", 8000, 16000)
    hop: int = choice("h", 80, 64, 128, 160, 256)
    window: int = choice("w", 3, 2, 4)

    def size(self, height: int, width: int, stride: int) -> tuple[int, int]:
        return height, width // self.hop

    def problem(self, stride: int) -> str | None:
        return "its hop is its stride; give it 1" if stride > 1 else None

    def input_problem(self, height: int, width: int, stride: int) -> str | None:
        if height > 1:
            return f"block {self.kind} works on waveforms, (N, 1, 1, S), and the input is {height} high"
        if width < self.hop * self.window:
            return f"block {self.kind} takes {self.hop * self.window} samples at least, got {width}"
        return dimension_problem(width)

    def build(self, in_channels: int, out_channels: int, stride: int) -> nn.Module:
        from anenas.blocks._mel import LogMel
        from anenas.blocks._spectrogram import LogMelSpectrogram

        return LogMelSpectrogram(LogMel(self.rate, self.hop, self.window, out_channels))
