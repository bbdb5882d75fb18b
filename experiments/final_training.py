"""How weights that were trained briefly are best trained further, before they ship.

    python experiments/final_training.py [--architectures 8] [--epochs 2] [--full 8] [--only WAY …]
    python experiments/final_training.py --data cifar10.npz --count 2000 --epochs 8 --full 16 --architectures 4

Architectures of `mobile_cnn`, the same ones each time, are trained for `--epochs`, and from there each way: in one
cycle of `--full` epochs at several peaks, in cycles that double, taught by the best of them or by a fine-tuned
EfficientNet-Lite0, and with images or their parts mixed. Data are the embedded images, or `--count` of another set's,
of three channels where Lite0 is to teach. Prints accuracy on validation images with paired differences and times;
every training is a line of `experiments/results/training_final.csv`, and one that is there is not run again.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np
import torch
from fine_tuning import probed
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F
from training_studies import _RESULTS, Bench, Results, compare, constants, few, fresh

from anenas._torchvision import import_torchvision
from anenas.data import Dataset, load_data
from anenas.network import Deployed, Normalisation, fuse
from anenas.space import Architecture
from anenas.tasks import LABEL_SMOOTHING
from anenas.training import FINE_TUNING_LEARNING_RATE, Teacher, _train, accuracy, train

import_torchvision()
from timm.data import Mixup  # noqa: E402  (beside a torchvision that may not load)

_PEAKS = {"at the peak": 1.0, "at half the peak": 0.5, "at a quarter of the peak": 0.25}
_USUAL = "at half the peak"
_TEACHER_EPOCHS = 6


def lite0(data: Dataset) -> nn.Module:
    """EfficientNet-Lite0 cut after its fifth stage, fine-tuned on the data: from pixels to logits."""
    _, channels, height, width = (1, *data.input_shape)
    classes = len(data.classes)
    architecture = Architecture.parse(
        f"1x{channels}x{height}x{width}-timm:tf_efficientnet_lite0:blocks.4_c112-head_n{classes}"
    )
    network = probed(data, architecture)
    raw = Normalisation(data.mean, data.std, raw=True)
    train(
        network,
        data.train,
        raw,
        epochs=_TEACHER_EPOCHS,
        augment=data.augment,
        learning_rate=FINE_TUNING_LEARNING_RATE,
        freeze_statistics=True,
    )
    right = accuracy(Deployed(fuse(network), raw).eval(), data.validation)
    print(f"EfficientNet-Lite0, which teaches: {right:.2%}")
    return network


@contextlib.contextmanager
def mixed(mixup: float, cutmix: float, classes: int) -> Iterator[None]:
    """Training with timm's mixture of the images of a batch, and of their labels."""
    mix = Mixup(mixup, cutmix, label_smoothing=LABEL_SMOOTHING, num_classes=classes)
    batch = _train._batch

    def mixed_batch(*args: object) -> tuple[torch.Tensor, torch.Tensor]:
        pixels, labels = batch(*args)  # type: ignore[arg-type]
        images, soft = mix(pixels.float(), F.one_hot(labels, classes).argmax(1))
        return images, soft

    def loss(logits: torch.Tensor, soft: torch.Tensor, label_smoothing: float) -> torch.Tensor:
        return F.cross_entropy(logits, soft)  # smoothed by the mixture

    np.random.seed(0)  # which timm draws from
    functional = mock.Mock(wraps=F, cross_entropy=loss)
    with mock.patch.object(_train, "_batch", mixed_batch), mock.patch.object(_train, "F", functional):
        yield


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--full", type=int, default=8)
    parser.add_argument("--data")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--only", nargs="*", help="parts of the names of ways")
    args = parser.parse_args()
    bench = Bench.default(args.epochs)
    of = ""
    if args.data:
        bench.data = few(load_data(args.data, size=(args.size, args.size)), args.count)
        bench.space = bench.space.with_input(*bench.data.input_shape)
        of = f"{bench.data.name}, {args.count} images of {args.size}, "
    results, architectures = Results("final"), bench.architectures(args.architectures)
    classes = len(bench.data.classes)
    folder = _RESULTS / "tmp" / f"{bench.data.fingerprint[:8]}-{args.epochs}"
    folder.mkdir(parents=True, exist_ok=True)
    weights = {a: folder / f"{number}.safetensors" for number, a in enumerate(architectures)}

    def brief(architecture: Architecture) -> tuple[float, float]:
        network = fresh(architecture)
        measured = bench.train(network)
        save_file({k: v.contiguous() for k, v in network.state_dict().items()}, weights[architecture])
        return measured

    def begun(architecture: Architecture) -> nn.Module:
        network = fresh(architecture)
        network.load_state_dict(load_file(weights[architecture]))
        return network

    def further(network: nn.Module, peak: float, teacher: Teacher | None = None) -> tuple[float, float]:
        with constants(learning_rate=peak * _train.PEAK_LEARNING_RATE):
            return bench.train(network, epochs=args.full, teacher=teacher, seed=1)

    def in_cycles(architecture: Architecture) -> tuple[float, float]:
        """In cycles that double, as many as end within the epochs of one, and the rest in a last one."""
        network, seconds, epochs, done = begun(architecture), 0.0, args.epochs, 0
        right = 0.0
        while done < args.full:
            length = epochs if done + 3 * epochs <= args.full else args.full - done
            with constants(learning_rate=_PEAKS[_USUAL] * _train.PEAK_LEARNING_RATE):
                right, more = bench.train(network, epochs=length, seed=1 + done)
            seconds, done, epochs = seconds + more, done + length, 2 * epochs
        return right, seconds

    def with_mixture(architecture: Architecture, mixup: float, cutmix: float) -> tuple[float, float]:
        with mixed(mixup, cutmix, classes):
            return further(begun(architecture), _PEAKS[_USUAL])

    before = f"{of}{args.epochs} epochs"
    for architecture in architectures:
        if not weights[architecture].is_file():
            results.put(architecture, before, brief(architecture))
    teachers: dict[str, Teacher] = {}

    def teacher(name: str) -> Teacher:
        if name not in teachers:
            best = max(architectures, key=lambda a: (results.has(a, before) or (0.0, 0.0))[0])
            raw = name == "lite0"
            teachers[name] = bench.teacher(lite0(bench.data) if raw else begun(best), raw=raw)
        return teachers[name]

    ways: dict[str, Callable[[Architecture], tuple[float, float]]] = {
        name: lambda a, peak=peak: further(begun(a), peak)  # type: ignore[misc]
        for name, peak in _PEAKS.items()
    }
    ways["in cycles"] = in_cycles
    ways["taught by the best"] = lambda a: further(begun(a), _PEAKS[_USUAL], teacher("best"))
    if bench.data.channels == 3:
        ways["taught by Lite0"] = lambda a: further(begun(a), _PEAKS[_USUAL], teacher("lite0"))
        ways["at the peak, taught by Lite0"] = lambda a: further(begun(a), 1.0, teacher("lite0"))
    ways["mixup"] = lambda a: with_mixture(a, 0.2, 0.0)
    ways["cutmix"] = lambda a: with_mixture(a, 0.0, 1.0)
    chosen = [w for w in ways if w == _USUAL or not args.only or any(part in w for part in args.only)]
    figures = {"brief": [results.has(a, before) or (0.0, 0.0) for a in architectures]}
    for way in chosen:
        name = f"{before}, then {args.full} {way}"
        figures[way] = [results.get(a, name, lambda a=a, way=way: ways[way](a)) for a in architectures]  # type: ignore[misc]
        compare(figures, _USUAL if _USUAL in figures else way)


if __name__ == "__main__":
    main()
