"""What a study was searched on, and how to have it again."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field

from anenas.search import Study

_MOST = 200  # classes that are listed
_SPLITS = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Card:
    """The data of a study.

    Attributes:
        facts: Names and texts.
        splits: Names of the splits.
        rows: A class with how many inputs of it each split has.
        totals: Of each split.
        left_out: What is said of classes that are not listed.
        said: What was said as they were read, such as what was skipped.
    """

    facts: list[tuple[str, str]]
    splits: list[str] = field(default_factory=list)
    rows: list[tuple[str, list[int]]] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    left_out: str = ""
    said: list[str] = field(default_factory=list)


def card_of(study: Study) -> Card:
    """What is known of the data."""
    settings, (counts, said) = study.settings, study.inputs
    name, _, digest = settings.data.partition(" ")
    source = study.data if isinstance(study.data, str) else ", ".join(f"{k} {v}" for k, v in (study.data or {}).items())
    facts = [
        ("name", name or "an evaluator's own"),
        ("fingerprint", digest),
        ("source", source),
        ("task", settings.task),
        ("input", "×".join(map(str, settings.input_shape or ()))),
        ("files that cannot be read", "skipped" if settings.skip_broken else ""),
    ]
    facts = [(name, text) for name, text in facts if text]
    if not counts:
        return Card(facts, said=said)
    splits = [part for part in _SPLITS if part in counts]
    names = list(dict.fromkeys(name for part in splits for name in counts[part] if name))
    names.sort(key=lambda name: -sum(counts[part].get(name, 0) for part in splits))
    left_out = f"The {len(names) - _MOST:,} classes with the fewest inputs are not listed." if names[_MOST:] else ""
    return Card(
        facts,
        [_SPLITS[part] for part in splits],
        [(name, [counts[part].get(name, 0) for part in splits]) for name in names[:_MOST]],
        [counts[part].get("", sum(counts[part].values())) for part in splits],
        left_out,
        said,
    )


def commands(study: Study) -> list[tuple[str, str]]:
    """What each does, and the commands themselves."""
    found, name = [], shlex.quote(study.name)
    if study.command:
        found.append(("Continue the search:", study.command))
    return [
        *found,
        ("Show its front in the terminal:", f"anenas front {name}"),
        ("This page:", f"anenas report {name}"),
    ]


def settings_of(study: Study) -> list[tuple[str, str]]:
    """What must be the same for the same figures."""
    settings = study.settings
    limits = ", ".join(f"{name} {value:g}" for name, value in settings.limits.items())
    versions = ", ".join(f"{name} {version}" for name, version in study.versions.items())
    return [
        (name, text)
        for name, text in (
            ("space", settings.space),
            ("objectives", ", ".join(settings.objectives)),
            ("limits", limits or "none"),
            ("limits on latency hold", settings.latency_bound if "latency_ms" in settings.limits else ""),
            ("chip", settings.chip),
            ("latency by", settings.latency),
            ("epochs", str(settings.epochs)),
            ("seed", str(settings.seed)),
            ("weights", "start from those of similar trials" if settings.inherit else "start from scratch"),
            ("augmentation", settings.augment),
            ("versions", versions),
        )
        if text
    ]
