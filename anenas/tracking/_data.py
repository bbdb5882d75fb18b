"""A data set as MLflow holds it: each split with its digest, schema and size."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anenas.data import Dataset

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_CONTEXTS = {"train": "training", "validation": "validation", "test": "test"}
_LISTED = 100  # classes; a schema is no place for thousands


@dataclass(frozen=True)
class LoggedSplit:
    """One split, in words: nothing here holds the data.

    Attributes:
        name: Of the data set.
        digest: The beginning of its fingerprint, and which split.
        context: What it is for: "training", "validation" or "test".
        source: Where it came from.
        schema: Shapes and types of inputs and labels, as MLflow writes them.
        profile: How many.
    """

    name: str
    digest: str
    context: str
    source: str
    schema: str
    profile: str

    def to_mlflow(self) -> DatasetInput:
        """As MLflow's own object."""
        from mlflow.entities import Dataset as Entity
        from mlflow.entities import DatasetInput, InputTag

        tags = [InputTag("mlflow.data.context", self.context)]
        source = json.dumps({"uri": self.source})
        return DatasetInput(Entity(self.name, self.digest, "local", source, self.schema, self.profile), tags)


def logged_splits(dataset: Dataset, source: str | Mapping[str, str] | None) -> tuple[LoggedSplit, ...]:
    """The splits of a data set.

    Args:
        dataset: What is trained on.
        source: As `load_data` reads it; None is the set that comes with anenas.
    """
    if isinstance(source, Mapping):
        source = ", ".join(f"{part} {where}" for part, where in source.items())
    found = []
    for part, context in _CONTEXTS.items():
        split = getattr(dataset, part)
        if not len(split):
            continue
        shape = split.inputs.shape[1:]
        features = _tensor(str(dataset.kind), split.inputs.dtype.name, shape)
        targets = _tensor("labels", split.labels.dtype.name, split.labels.shape[1:])
        schema = {"mlflow_tensorspec": {"features": json.dumps([features]), "targets": json.dumps([targets])}}
        profile: dict[str, Any] = {"num_rows": len(split), "num_elements": len(split) * math.prod(shape)}
        profile |= {"classes": dataset.classes[:_LISTED], "number_of_classes": len(dataset.classes)}
        found.append(
            LoggedSplit(
                name=dataset.name,
                digest=f"{dataset.fingerprint[:12]}-{part}",
                context=context,
                source=source or "comes with anenas",
                schema=json.dumps(schema),
                profile=json.dumps(profile),
            )
        )
    return tuple(found)


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    return {"name": name, "type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, *shape]}}
