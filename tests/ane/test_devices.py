from __future__ import annotations

import pytest

from anenas.ane import Chip, chips, get_chip
from anenas.ane._devices import DEVICES, SAME_ENGINE, engine_of

every_chip = pytest.mark.parametrize("chip", chips().values(), ids=lambda chip: chip.name)


@pytest.mark.parametrize(
    ("name", "chip"),
    [
        *(("M1 Max", "M1"), ("m2 ultra", "M2"), ("Apple M3 Pro", "M3"), ("A18 Pro", "A18"), ("A19 Pro", "A19")),
        *(
            ("iPhone 15 Pro", "A17 Pro"),
            ("iPhone 15", "A16"),
            ("iphone13mini", "A15"),
            ("iPhone SE (3rd generation)", "A15"),
        ),
        *(("iPad Air (5th generation)", "M1"), ("iPad mini (A17 Pro)", "A17 Pro"), ("iPad Pro 2020", "A12")),
        *(
            ("MacBook Air M3", "M3"),
            ("MacBook Pro 14-inch, M3 Max", "M3"),
            ("Mac mini M2 Pro", "M2"),
            ("iPhone 17 Pro", "A19"),
        ),
    ],
)
def test_devices_and_chips_of_another_ones_engine_are_understood(name: str, chip: str) -> None:
    assert get_chip(name).name == chip


@every_chip
def test_every_device_and_every_chip_with_the_same_engine_leads_to_it(chip: Chip) -> None:
    for name in (*chip.same_engine, *chip.devices):
        assert get_chip(name) == chip


def test_no_device_is_listed_twice() -> None:
    devices = [device for chip in chips().values() for device in chip.devices]
    assert len(devices) == len(set(devices)) > 50


@pytest.mark.parametrize(
    ("name", "chip"),
    [
        ("A 15", "A15"),
        ("a12x", "A12"),
        ("M3 Max", "M3"),
        ("M4 Ultra", None),
        ("iPhone XS Max", "A12"),
        ("iPad (8th generation)", "A12"),
        ("iPad mini (6th gen)", "A15"),
        ("iPhone SE (1st generation)", None),
        ("iPad 22", None),
        # A device that is said with its chip.
        ("iPad Pro A12X", "A12"),
        ("iPhone A17", "A17 Pro"),
        ("iMac M3", "M3"),
        ("Mac Studio M1 Ultra", "M1"),
        ("MacBook Pro M4 Ultra", "M4"),  # there is none: the engine of every M4
        ("Apple TV 4K A15", "A15"),
        ("MacBook Air 13″ M2", "M2"),
        ("iPad A99", None),
        ("iPad Air M1 M2", None),
        ("Galaxy M3", None),
        ("Samsung TV M3", None),
        ("A15 A16", None),
    ],
)
def test_a_name_leads_to_one_engine_or_to_none(name: str, chip: str | None) -> None:
    assert engine_of(name, chips()) == chip


def test_only_engines_that_are_asked_for_are_found() -> None:
    assert engine_of("iPhone XS", ["A12"]) == "A12"
    assert [engine_of(name, ["A15"]) for name in ("A12", "A12X", "iPhone XS", "iPad Pro 2018", "iPad A12X")] == [
        None
    ] * 5


def test_the_sizes_of_a_chip_are_those_that_apple_sells() -> None:
    sizes = {chip: [same.removeprefix(f"{chip} ") for same in SAME_ENGINE[chip]] for chip in SAME_ENGINE if "M" in chip}
    with_ultra, without = ["Pro", "Max", "Ultra"], ["Pro", "Max"]
    assert sizes == {"M1": with_ultra, "M2": with_ultra, "M3": with_ultra, "M4": without, "M5": without}


def test_every_device_has_a_chip_that_is_known() -> None:
    known = {name for chip in chips() for name in (chip, *SAME_ENGINE.get(chip, ()))}
    assert set(DEVICES) <= known
