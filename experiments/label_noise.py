"""Labels that are likely wrong: how many of those that were changed `anenas data check` finds.

    python experiments/label_noise.py [--data SOURCE] [--noise 0 0.05 0.1 0.2]

Of the training labels of the embedded Fashion-MNIST, or of other data, a share is changed at random to another class.
Prints the share that is called doubtful; of the changed ones, how many are; of the doubtful ones, how many were
changed; and how long all checks took.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

import numpy as np

from anenas.data import Dataset, InputFormat, Split, check_dataset, kind_of_source, load_data
from anenas.inputs import IMAGES


def with_noise(dataset: Dataset, share: float) -> tuple[Dataset, set[str]]:
    """The same with a share of the training labels changed, and these inputs' names."""
    rng, split = np.random.default_rng(0), dataset.train
    changed = np.flatnonzero(rng.random(len(split)) < share)
    labels = split.labels.copy()
    labels[changed] = (labels[changed] + rng.integers(1, len(dataset.classes), len(changed))) % len(dataset.classes)
    named = tuple(f"train/{i}" for i in range(len(split)))
    noisy = dataclasses.replace(split, labels=labels, names=named)
    return dataclasses.replace(dataset, train=noisy), {named[i] for i in changed}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--noise", type=float, nargs="+", default=[0, 0.05, 0.1, 0.2])
    args = parser.parse_args()
    kind = kind_of_source(args.data) or IMAGES
    dataset = load_data(args.data, InputFormat(kind, (32, 32) if kind is IMAGES else None))
    # Only training inputs: what is found is then one of those whose labels may have been changed.
    empty = Split(dataset.test.inputs[:0], dataset.test.labels[:0])
    dataset = dataclasses.replace(dataset, validation=empty, test=empty)
    print("changed  doubtful  found  right  seconds")
    for share in args.noise:
        noisy, changed = with_noise(dataset, share)
        started = time.perf_counter()
        concerns = [one for one in check_dataset(noisy) if one.check == "doubtful label"]
        seconds = time.perf_counter() - started
        named = {line[0].partition(" (")[0] for one in concerns for line in one.affected}
        looked_at = min(len(noisy.train), 5000)
        of_changed = len(changed) * looked_at / len(noisy.train)  # about so many of them were looked at
        right = len(named & changed)
        print(
            f"{share:7.0%} {len(named) / looked_at:9.1%} {right / max(1, of_changed):6.0%} "
            f"{right / max(1, len(named)):6.0%} {seconds:8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
