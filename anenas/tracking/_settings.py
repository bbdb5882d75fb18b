"""A search's settings as parameters of its run, by which MLflow compares searches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from anenas.search import SearchSettings


def parameters_of(settings: SearchSettings) -> dict[str, str]:
    """One for each setting that there is: of a mapping one for each entry, such as "limits.size_mb"."""
    values = settings.to_dict()
    reference = values.pop("objectives")  # the corner that hypervolumes are measured from, by objective
    return dict(_flat({"objectives": ", ".join(reference), "reference": reference, **values}))


def _flat(values: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{within}{name}.")
        elif value is not None and value != "":
            yield f"{within}{name}", ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
