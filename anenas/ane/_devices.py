"""Apple's names: which chip is in a device, and which chips have the Neural Engine of another one.

Devices and their chips are those of Apple's technical specifications (support.apple.com/specs). M Pro, Max and Ultra
have the engine of their M, the Ultra two of them (maderix/ANE; ANE facts of Apple).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

SAME_ENGINE = {
    "A12": ("A12X", "A12Z"),
    "A18": ("A18 Pro",),
    "A19": ("A19 Pro",),
    "A20": ("A20 Pro",),
    **{f"M{i}": (f"M{i} Pro", f"M{i} Max", f"M{i} Ultra") for i in (1, 2, 3)},
    **{f"M{i}": (f"M{i} Pro", f"M{i} Max") for i in (4, 5)},
}
"""Chips that have the engine of the one that they stand behind, and its figures."""

DEVICES = {
    "A12": ("iPhone XS", "iPhone XS Max", "iPhone XR", "iPad 8", "iPad Air 3", "iPad mini 5"),
    "A12X": ("iPad Pro 2018",),
    "A12Z": ("iPad Pro 2020",),
    "A13": ("iPhone 11", "iPhone 11 Pro", "iPhone 11 Pro Max", "iPhone SE 2", "iPad 9"),
    "A14": ("iPhone 12", "iPhone 12 mini", "iPhone 12 Pro", "iPhone 12 Pro Max", "iPad 10", "iPad Air 4"),
    "A15": (
        "iPhone 13", "iPhone 13 mini", "iPhone 13 Pro", "iPhone 13 Pro Max", "iPhone 14", "iPhone 14 Plus",
        "iPhone SE 3", "iPad mini 6",
    ),
    "A16": ("iPhone 14 Pro", "iPhone 14 Pro Max", "iPhone 15", "iPhone 15 Plus", "iPad 11"),
    "A17 Pro": ("iPhone 15 Pro", "iPhone 15 Pro Max", "iPad mini 7"),
    "A18": ("iPhone 16", "iPhone 16 Plus", "iPhone 16e"),
    "A18 Pro": ("iPhone 16 Pro", "iPhone 16 Pro Max"),
    "A19": ("iPhone 17",),
    "A19 Pro": ("iPhone 17 Pro", "iPhone 17 Pro Max", "iPhone Air"),
    "M1": ("MacBook Air 2020", "MacBook Pro 13 2020", "Mac mini 2020", "iMac 2021", "iPad Pro 2021", "iPad Air 5"),
    "M2": ("MacBook Air 2022", "MacBook Pro 13 2022", "Mac mini 2023", "iPad Pro 2022", "iPad Air 6"),
    "M3": ("MacBook Air 2024", "iMac 2023", "iPad Air 7"),
    "M4": ("MacBook Air 2025", "iMac 2024", "Mac mini 2024", "iPad Pro 2024"),
    "M5": ("MacBook Pro 14 2025", "iPad Pro 2025"),
}  # fmt: skip
"""The devices of each chip, as Apple calls it. Macs of a Pro, Max or Ultra are named by it: "Mac Studio M2 Max"."""

_GENERATION = re.compile(r"\(?(\d+)(st|nd|rd|th)( generation| gen)?\)?")
_NOISE = re.compile(r"[(),]|\b(apple|chip|inch)\b|\"|″")
_CHIP = re.compile(r"\b([am]\d+[xz]?)\b( (?:pro|max|ultra))?")


def engine_of(name: str, engines: Iterable[str]) -> str | None:
    """The one of `engines` that a chip or device has; None if it has none of them.

    Case, spaces, brackets and ordinals do not matter, and a device may be said with its chip: "MacBook Air M3".
    """
    wanted = _plain(name)
    by_chip = {_plain(chip): engine for engine in engines for chip in (engine, *SAME_ENGINE.get(engine, ()))}
    by_chip |= {"a17": "A17 Pro"}
    if wanted in by_chip:
        return by_chip[wanted]
    for chip, devices in DEVICES.items():
        if wanted in map(_plain, devices):
            return by_chip.get(_plain(chip))
    said = _CHIP.findall(_spaced(name))
    if len(said) == 1 and _spaced(name).startswith(("iphone", "ipad", "mac", "imac", "tv")):  # "Apple" is noise
        [(chip, size)] = said
        return by_chip.get(_plain(chip + size)) or by_chip.get(chip)
    return None


def _spaced(name: str) -> str:
    text = _GENERATION.sub(r"\1", _NOISE.sub(" ", name.casefold()))
    return " ".join(text.split())


def _plain(name: str) -> str:
    return _spaced(name).replace(" ", "")
