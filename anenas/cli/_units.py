"""Quantities as they are typed: 10m, 1.5ms, 3x224x224."""

from __future__ import annotations

import re
from collections.abc import Iterable

from anenas._errors import AnenasError

SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
MEGABYTES = {"mb": 1.0, "kb": 1e-3, "b": 1e-6, "": 1.0}
COUNTS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
MILLISECONDS = {"ms": 1.0, "us": 1e-3, "\u03bcs": 1e-3, "s": 1e3, "": 1.0}


def quantity(text: str, option: str, units: dict[str, float]) -> float:
    """A number with one of the units, in the unit whose factor is 1."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z\u03bc]*)", text.strip().casefold())  # the micro sign becomes a mu
    if not match or match[2] not in units or float(match[1]) <= 0:
        named = [unit for unit in units if unit]
        raise AnenasError(
            f"{option} '{text}': expected a number above 0 and a unit ({', '.join(named)}), such as 10{named[0]}"
        )
    return float(match[1]) * units[match[2]]


def shape(text: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d+)x(\d+)x(\d+)", text.strip())
    if not match or not all(int(size) for size in match.groups()):
        raise AnenasError(f"--input '{text}': expected CxHxW, such as 3x224x224")
    return int(match[1]), int(match[2]), int(match[3])


def names(text: str, option: str) -> list[str]:
    """A list of names, separated by commas."""
    found = [name.strip() for name in text.split(",")]
    if not all(found):
        raise AnenasError(f"{option} '{text}': expected names separated by commas")
    return found


def numbers(text: str, option: str) -> list[int]:
    """Numbers of trials, separated by commas."""
    found = names(text, option)
    if not all(map(str.isdecimal, found)):
        raise AnenasError(f"{option} '{text}': expected numbers of trials, such as 29 or 29,31")
    return [int(number) for number in found]


def fraction(text: str, option: str) -> float:
    """A fraction of the whole: 0.95 or 95%."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text.strip())
    value = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if not 0 < value <= 1:
        raise AnenasError(f"{option} '{text}': expected a fraction above 0 and at most 1, such as 0.95 or 95%")
    return value


def on_system(chips: str, system: str | None) -> str:
    """Chips, separated by commas, on a system; one that has its own behind an @ keeps it."""
    if system is None:
        return chips
    return ",".join(chip if "@" in chip else f"{chip}@{system}" for chip in names(chips, "--chip"))


def bounds(texts: Iterable[str], option: str) -> dict[str, float]:
    """Metrics by name with a number each: "recall@cat=0.9" or "recall@cat=90%"."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", number.strip())
        if not name.strip() or not match:
            raise AnenasError(f"{option} '{text}': expected a metric and a number, such as recall@cat=0.9")
        found[name.strip()] = float(match[1]) / (100 if match[2] else 1)
    return found
