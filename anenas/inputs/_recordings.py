"""Sound recordings: waveforms of one rate and length, which networks take unchanged."""

from __future__ import annotations

import numpy as np

from anenas.inputs._base import Traits, register_kind
from anenas.inputs._sequences import Sequences

# What each is worth: `python experiments/sound_augmentation.py`.
_SHIFT = 0.1  # of the length, at most
_GAP = 0.2  # of the length, at most
_GAIN = 6.0  # decibels, at most
_NOISE = (20.0, 50.0)  # decibels below a recording's own level


class _Recordings(Sequences):
    def changes(self, traits: Traits, channels: int) -> str:
        if traits.augmentation == "strong":
            return "puts silent gaps into recordings, shifts them in time, and makes them louder or softer and noisier"
        return "puts silent gaps into recordings"

    def augment(self, batch: np.ndarray, rng: np.random.Generator, traits: Traits) -> np.ndarray:
        if traits.augmentation == "strong":
            return noisier(louder(interrupted(moved(batch, rng), rng), rng), rng)
        return interrupted(batch, rng)


def moved(sounds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(B, 1, 1, S) recordings, each moved in time by up to a tenth of their length, with silence where it was."""
    count, samples = len(sounds), sounds.shape[-1]
    most = int(_SHIFT * samples)
    source = np.arange(samples) - rng.integers(-most, most + 1, (count, 1, 1, 1))
    there = (source >= 0) & (source < samples)
    return np.where(there, np.take_along_axis(sounds, np.clip(source, 0, samples - 1), -1), np.float32(0))


def interrupted(sounds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each recording with one silent gap, of up to a fifth of its length."""
    count, samples = len(sounds), sounds.shape[-1]
    start = rng.integers(0, samples, (count, 1, 1, 1))
    end = start + rng.integers(0, max(1, int(_GAP * samples)) + 1, (count, 1, 1, 1))
    place = np.arange(samples)
    return np.where((place >= start) & (place < end), np.float32(0), sounds)


def louder(sounds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each recording up to 6 dB louder or softer, but not beyond ±1."""
    decibels = rng.uniform(-_GAIN, _GAIN, (len(sounds), 1, 1, 1))
    return np.clip(sounds * (10 ** (decibels / 20)).astype(np.float32), -1, 1)


def noisier(sounds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each recording with white noise 20 to 50 dB below its own level, so that silence stays silent."""
    level = np.sqrt(np.square(sounds).mean((1, 2, 3), keepdims=True))
    below = 10 ** (-rng.uniform(*_NOISE, (len(sounds), 1, 1, 1)) / 20)
    noise = (level * below).astype(np.float32) * rng.standard_normal(sounds.shape, np.float32)
    return np.clip(sounds + noise, -1, 1)


RECORDINGS = register_kind(
    _Recordings(
        name="recordings",
        one="recording",
        example_space="speech_crnn",
        axes=("recordings", "1", "1", "samples"),
        core_ml_name="series",
        variable="recording",
        batch_variable="recordings",
        content="Recordings as they are",
        preparation="The model computes the spectrogram of the waveform and normalises it itself.",
        normalised=False,
        augmentations=("none", "light", "strong"),
        streaming_problem="networks of waveforms do not stream; those of spectrograms do: search sequence_stream with "
        '`data="mel:FOLDER"`',
        marker="samples",
        marker_hint="give the input samples, and nothing else",
        data_choice="rate",
    )
)
