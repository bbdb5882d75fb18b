"""What augmentation of recordings and of their spectrograms is worth in brief trainings.

    python experiments/sound_augmentation.py FILE.npz [--counts 100] [--steps 300] [--seeds 3] [--only WAY …]

FILE has waveforms of two seconds at 8,000 Hz, (n, 16000) from −1 to 1, as train_x and test_x, their labels, and
class_names. The figures are of the voice prompts in five languages of Debian's `asterisk-core-sounds-*-wav`. Classes
are told apart by `--counts` of them, held against 1,000 others: waveforms by a network of `speech_crnn`, once more with
the others louder, softer and noisier, and log-mel spectrograms by one of `sequence_rnn`. Prints the accuracy with each
augmentation and its paired difference to none. Every training is a line of `experiments/results/training_sound.csv`,
and one that is there is not run again.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy.io import wavfile
from training_studies import Results, compare, few, fresh

from anenas.data import Dataset, InputFormat, Split, load_data
from anenas.inputs import RECORDINGS, SERIES, InputKind
from anenas.inputs._recordings import interrupted, louder, moved, noisier
from anenas.inputs._series import jittered
from anenas.network import Deployed, Normalisation, fuse
from anenas.space import Architecture
from anenas.training import accuracy, train
from anenas.training._train import BATCH_SIZE

_RATE, _SAMPLES = 8000, 16_000
_HELD = 1000
_WAVEFORMS = (
    "1x1x1x16000-log_mel_r1_s1_c48_hz8000_h128_w2-tcn_r1_s2_c64_k5_d1_bi_relu-tcn_r1_s2_c96_k5_d1_bi_relu-"
    "min_gru_r1_s1_c96_bi-head_n5"
)
_SPECTROGRAMS = "tcn_r1_s2_c64_k5_d1_relu-tcn_r1_s2_c96_k5_d1_bi_res_relu-min_gru_r1_s1_c96_bi-head_n5"

Augment = Callable[[np.ndarray, np.random.Generator, Dataset], np.ndarray]


def without_bands(series: np.ndarray, rng: np.random.Generator, data: Dataset, most: int = 8) -> np.ndarray:
    """Each spectrogram with up to eight neighbouring bands at their mean: SpecAugment's frequency mask."""
    bands = series.shape[1] - data.masked
    start = rng.integers(0, bands, (len(series), 1, 1, 1))
    end = start + rng.integers(0, most + 1, (len(series), 1, 1, 1))
    numbers = np.arange(series.shape[1])[:, None, None]
    hidden = (numbers >= start) & (numbers < end) & (numbers < bands)
    mean = 255 * np.array(data.mean, np.float32)[:, None, None]
    there = series[:, -1:] > 0 if data.masked else np.bool_(True)
    return np.where(hidden & there, mean, series)


def _light(series: np.ndarray, rng: np.random.Generator, data: Dataset) -> np.ndarray:
    return jittered(series, data.mean, data.std, data.masked, rng)


WAYS: dict[InputKind, dict[str, Augment]] = {
    RECORDINGS: {
        "none": lambda batch, rng, data: batch,
        "shift": lambda batch, rng, data: moved(batch, rng),
        "gain": lambda batch, rng, data: louder(batch, rng),
        "noise": lambda batch, rng, data: noisier(batch, rng),
        "light: silence": lambda batch, rng, data: interrupted(batch, rng),
        "shift, gain and noise": lambda batch, rng, data: noisier(louder(moved(batch, rng), rng), rng),
        "shift and silence": lambda batch, rng, data: interrupted(moved(batch, rng), rng),
        "strong: all four": lambda batch, rng, data: noisier(louder(interrupted(moved(batch, rng), rng), rng), rng),
    },
    SERIES: {
        "none": lambda batch, rng, data: batch,
        "light: noise, loudness and a gap": _light,
        "a frequency mask": without_bands,
        "light and a frequency mask": lambda batch, rng, data: without_bands(_light(batch, rng, data), rng, data),
    },
}


def write_recordings(path: Path, folder: Path) -> None:
    """The recordings of an .npz file in class folders, as .wav files without the silence that fills them up."""
    arrays = np.load(path)
    sounds = np.concatenate([arrays["train_x"], arrays["test_x"]])
    labels = np.concatenate([arrays["train_y"], arrays["test_y"]])
    for i, (sound, label) in enumerate(zip(sounds, labels, strict=True)):
        place = folder / str(arrays["class_names"][label])
        place.mkdir(parents=True, exist_ok=True)
        there = len(np.trim_zeros(sound, "b"))
        wavfile.write(place / f"{i:05}.wav", _RATE, (sound[: max(_RATE // 2, there)] * 32767).astype(np.int16))


def rearranged(data: Dataset) -> Dataset:
    """All but 1,000 recordings to train on, and these to validate with."""
    parts = (data.train, data.validation, data.test)
    inputs, labels = (np.concatenate([getattr(part, name) for part in parts]) for name in ("inputs", "labels"))
    order = np.random.default_rng(1).permutation(len(labels))
    train, held = np.sort(order[_HELD:]), np.sort(order[:_HELD])
    validation = Split(inputs[held], labels[held])
    return dataclasses.replace(data, train=Split(inputs[train], labels[train]), validation=validation, test=validation)


def trained(architecture: Architecture, data: Dataset, way: Augment, epochs: int, seed: int) -> tuple[float, float]:
    """Accuracy on what was held out, and the seconds of the training."""
    started = time.perf_counter()
    network, normalise = fresh(architecture, seed), Normalisation(data.mean, data.std, raw=not data.kind.normalised)
    train(network, data.train, normalise, epochs=epochs, augment=lambda batch, rng: way(batch, rng, data), seed=seed)
    seconds = time.perf_counter() - started
    return accuracy(Deployed(fuse(network), normalise).eval(), data.validation), seconds


def disturbed(data: Dataset) -> Dataset:
    """The same, with other loudness and noise in the recordings to validate with: those of the field."""
    rng, held = np.random.default_rng(2), data.validation
    return dataclasses.replace(data, validation=Split(noisier(louder(held.inputs, rng), rng), held.labels))


def study(
    data: Dataset, architecture: Architecture, args: argparse.Namespace, results: Results, what: str = ""
) -> None:
    """Each way of augmenting these recordings or spectrograms, which are called `what`."""
    what = what or str(data.kind)
    for count, steps in itertools.product(args.counts, args.steps):
        some, epochs = few(data, count), math.ceil(steps / max(1, count // BATCH_SIZE))
        figures: dict[str, list[tuple[float, float]]] = {}
        ways = [(name, way) for name, way in WAYS[data.kind].items() if not args.only or name in args.only]
        for (name, way), seed in itertools.product(ways, range(args.seeds)):

            def measure(
                way: Augment = way, seed: int = seed, some: Dataset = some, epochs: int = epochs
            ) -> tuple[float, float]:
                return trained(architecture, some, way, epochs, seed)

            said = f"{what}, {count} of them, {steps} steps, {name}, seed {seed}"
            figures.setdefault(name, []).append(results.get(architecture, said, measure))
        print(f"{what}, {count} of them, {steps} steps")
        compare(figures, "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--counts", type=int, nargs="*", default=[100])
    parser.add_argument("--steps", type=int, nargs="*", default=[300])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="ways, by name")
    args = parser.parse_args()
    torch.set_num_threads(1)
    results = Results("sound")
    with tempfile.TemporaryDirectory() as folder:
        write_recordings(args.data, Path(folder))
        mel = rearranged(load_data(f"mel:{folder}", InputFormat(SERIES)))
        wav = rearranged(load_data(f"wav:{folder}", InputFormat(RECORDINGS, rate=_RATE, steps=_SAMPLES)))
    shape = "x".join(map(str, (1, *mel.input_shape))) + ("_masked" if mel.masked else "")
    study(wav, Architecture.parse(_WAVEFORMS), args, results)
    study(disturbed(wav), Architecture.parse(_WAVEFORMS), args, results, "recordings, judged on noisier ones")
    study(mel, Architecture.parse(f"{shape}-{_SPECTROGRAMS}"), args, results)


if __name__ == "__main__":
    main()
