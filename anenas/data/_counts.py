"""How many inputs of each class a split has."""

from __future__ import annotations

from collections.abc import Mapping

from anenas.data._dataset import Dataset, Split
from anenas.data._raw import PARTS
from anenas.inputs import InputKind

_LISTED = 10  # classes; of more the smallest and the largest are named

Counts = Mapping[str, Mapping[str, int]]
"""By split and class; under "" the number of inputs where an input has not one class."""


def count_inputs(dataset: Dataset) -> dict[str, dict[str, int]]:
    """How many inputs of each class the splits train, validation and test have."""
    splits: dict[str, Split] = {part: getattr(dataset, part) for part in PARTS}
    found = {}
    for part, split in splits.items():
        each = dataset.task.class_counts(split.labels, len(dataset.classes)).tolist()
        found[part] = {} if split.labels.ndim == 1 else {"": len(split)}
        found[part] |= dict(zip(dataset.classes, each, strict=False))
    return found


def count_lines(counts: Counts, kind: InputKind) -> list[str]:
    """A line for each split, such as "20 test images: cat 15, dog 5".

    Args:
        counts: What `count_inputs` returns.
        kind: Of the inputs.
    """
    return [_line("training" if part == "train" else part, of, kind) for part, of in counts.items()]


def _line(part: str, counts: Mapping[str, int], kind: InputKind) -> str:
    total = counts.get("", sum(counts.values()))
    start, counts = f"{total:,} {part} {kind}", {name: count for name, count in counts.items() if name}
    if not counts:
        return start
    values = counts.values()
    if len(set(values)) == 1:
        return f"{start}: {max(values):,} of each of {len(counts):,} classes"
    if len(counts) <= _LISTED:
        return f"{start}: {', '.join(f'{name} {count:,}' for name, count in counts.items())}"
    fewest, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    return f"{start} of {len(counts):,} classes: from {counts[fewest]:,} ({fewest}) to {counts[most]:,} ({most})"
