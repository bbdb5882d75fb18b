"""Log-mel spectrograms: their filters, and a reference by Fourier transform. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATES = (8000, 16000)
"""Supported sampling rates: 8,000 Hz as in telephony, 16,000 as in most speech data sets."""

# Amplitudes are scaled so that no waveform from −1 to 1 overflows float16. By Parseval's theorem the energies of all
# bins add up to at most 3/16 · 256² = 12,288 for a Hann window; the largest half number is 65,504.
_SCALE = 256
FLOOR = 2.0**-9
"""Added to every energy: 68 dB below the maximum, and 32 times the smallest normal half number."""
_LOWEST_HZ = 20  # as in Kaldi


@dataclass(frozen=True)
class LogMel:
    """How a log-mel spectrogram is computed.

    Attributes:
        rate: Samples a second.
        hop: Samples from one frame to the next.
        hops: How many hops a frame is long.
        bands: Mel bands.
    """

    rate: int
    hop: int
    hops: int
    bands: int

    def __str__(self) -> str:
        return f"{self.bands} mel bands every {self.hop} samples, in Hann windows of {self.window}, at {self.rate:,} Hz"

    @property
    def formula(self) -> str:
        """The definition of a value, for implementations elsewhere."""
        return (
            f"ln({FLOOR} + sum of triangles (height 1, {_LOWEST_HZ} Hz to {self.rate // 2} Hz, HTK mels) times |DFT of "
            f"the waveform from -1 to 1, windowed, times {_SCALE} / {self.window}|^2), windows end with their step"
        )

    @property
    def window(self) -> int:
        """Samples of a frame."""
        return self.hop * self.hops

    def filters(self) -> NDArray[np.float32]:
        """Weight of bins 1 to window / 2 in each band, (bands, window / 2).

        Triangles of height 1 whose corners are evenly spaced in mels, 2595 · log10(1 + f / 700) (O'Shaughnessy 1987,
        as in HTK), from 20 Hz to half the rate. A triangle is never narrower than a bin, so none is empty.
        """
        lowest, highest = (2595 * np.log10(1 + hz / 700) for hz in (_LOWEST_HZ, self.rate / 2))
        mels = np.linspace(lowest, highest, self.bands + 2)
        corners = 700 * (10 ** (mels / 2595) - 1)
        bin_hz = self.rate / self.window
        left, right = (np.maximum(width, bin_hz)[:, None] for width in (np.diff(corners)[:-1], np.diff(corners)[1:]))
        off = bin_hz * np.arange(1, self.window // 2 + 1) - corners[1:-1, None]
        return np.maximum(0, 1 - np.where(off < 0, -off / left, off / right)).astype(np.float32)

    def waves(self) -> NDArray[np.float32]:
        """The windowed DFT matrix, (window, window): a Hann window times the cosine of each bin, then the sine.

        The first half gives the real parts of bins 1 to window / 2, the second the imaginary ones.
        """
        bins, samples = np.arange(1, self.window // 2 + 1)[:, None], np.arange(self.window)
        angle = 2 * np.pi * (bins * samples % self.window) / self.window
        return (self._hann() * np.concatenate([np.cos(angle), np.sin(angle)])).astype(np.float32)

    def __call__(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """The spectrogram (bands, steps) of a waveform from −1 to 1, of shape (samples,).

        A step's frame ends with its hop; the waveform is preceded by silence, and an incomplete last hop is dropped.
        """
        steps = len(waveform) // self.hop
        padded = np.concatenate([np.zeros(self.window - self.hop, np.float32), waveform[: steps * self.hop]])
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.window)[:: self.hop]
        energies = np.square(np.abs(np.fft.rfft(frames * self._hann())[:, 1:]))
        return np.log(self.filters().astype(np.float64) @ energies.T + FLOOR).astype(np.float32)

    def _hann(self) -> NDArray[np.float64]:
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(self.window) / self.window)
        return _SCALE / self.window * hann
