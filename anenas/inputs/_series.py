"""Series of sensor readings and the like: of any length, normalised, augmented with noise in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anenas.inputs._base import Traits, register_kind
from anenas.inputs._sequences import Sequences

# Noise and scale as in Um et al. 2017, arXiv:1706.00527, for wearable sensors, but weaker; gaps are the time masks of
# Park et al. 2019, arXiv:1904.08779.
_NOISE = 0.1  # standard deviation, relative to the channel's
_LOUDNESS = 0.1  # standard deviation of its logarithm
_GAP = 0.2  # of all steps, at most


class _Series(Sequences):
    def changes(self, traits: Traits, channels: int) -> str:
        return "makes series noisier, louder or softer, and puts gaps into them"

    def augment(self, batch: np.ndarray, rng: np.random.Generator, traits: Traits) -> np.ndarray:
        return jittered(batch, traits.mean, traits.std, traits.masked, rng)


def jittered(
    series: np.ndarray, mean: Sequence[float], std: Sequence[float], masked: bool, rng: np.random.Generator
) -> np.ndarray:
    """Each series with noise, scaled about its channels' means, and with a gap filled by those.

    Args:
        series: (B, C, 1, T) of float32; not modified.
        mean: Of each channel, in units of 255.
        std: Of each channel, likewise.
        masked: Whether the last channel is a mask, 1 for valid steps. The mask and padding stay unchanged.
        rng: The random generator.
    """
    values, mask = np.split(series, [series.shape[1] - masked], 1)
    count, channels, _, steps = values.shape
    middle, spread = (255 * np.array(moment[:channels], np.float32)[:, None, None] for moment in (mean, std))
    louder = np.exp(_LOUDNESS * rng.standard_normal((count, 1, 1, 1), np.float32))
    noise = _NOISE * spread * rng.standard_normal(values.shape, np.float32)
    start = rng.integers(0, steps, (count, 1, 1, 1))
    end = start + rng.integers(0, max(1, int(_GAP * steps)) + 1, (count, 1, 1, 1))
    gap = (np.arange(steps) >= start) & (np.arange(steps) < end)
    result = np.where(gap, middle, middle + (values - middle) * louder + noise)
    return np.concatenate([result * mask if masked else result, mask], 1)


SERIES = register_kind(
    _Series(
        name="series",
        one="series",
        example_space="sequence_rnn",
        axes=("series", "channels", "1", "steps"),
        core_ml_name="series",
        variable="series",
        batch_variable="series",
        content="Series as they are",
        preparation="The model normalises series itself.",
        padding="a last channel of 1 where they are and 0",
        masked_channels=2,
    )
)
