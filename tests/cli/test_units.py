from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.cli._units import COUNTS, MEGABYTES, MILLISECONDS, SECONDS, fraction, names, on_system, quantity, shape


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("90s", SECONDS, 90),
        ("10m", SECONDS, 600),
        ("10 min", SECONDS, 600),
        ("1.5H", SECONDS, 5400),
        ("7", SECONDS, 7),
        ("10MB", MEGABYTES, 10),
        ("60kB", MEGABYTES, 0.06),
        ("50M", COUNTS, 50e6),
        ("500K", COUNTS, 500e3),
        ("250us", MILLISECONDS, 0.25),
        ("250\u00b5s", MILLISECONDS, 0.25),  # the micro sign
        ("250\u03bcs", MILLISECONDS, 0.25),  # the Greek letter
    ],
)
def test_a_quantity_is_in_the_unit_of_its_table(text: str, units: dict[str, float], expected: float) -> None:
    assert quantity(text, "--x", units) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "m", "0s", "-3s", "1e3s", "10 furlongs", "1,5s", "nan", "10GBit"])
def test_what_is_no_quantity_is_answered_with_the_units(text: str) -> None:
    with pytest.raises(AnenasError, match=r"^--timeout '.*': expected a number above 0 and a unit \(s, m, min, h\)"):
        quantity(text, "--timeout", SECONDS)


sizes = st.integers(1, 99999)


@given(sizes, sizes, sizes)
def test_a_shape_is_read_as_it_is_printed(channels: int, height: int, width: int) -> None:
    assert shape(f"{channels}x{height}x{width}") == (channels, height, width)


@pytest.mark.parametrize("text", ["64x64", "0x8x8", "3x224x224x1", "3×8×8", "axbxc", ""])
def test_what_is_no_shape_is_answered_with_one(text: str) -> None:
    with pytest.raises(AnenasError, match=f"^--input '{text}': expected CxHxW, such as 3x224x224$"):
        shape(text)


def test_names_are_separated_by_commas() -> None:
    assert names(" A15, M2 ", "--chip") == ["A15", "M2"]
    for text in ("", "A15,", ",", "A15,,M2"):
        with pytest.raises(AnenasError, match=f"--chip '{text}': expected names separated by commas"):
            names(text, "--chip")


@pytest.mark.parametrize(("text", "expected"), [("0.95", 0.95), ("95%", 0.95), ("95 %", 0.95), ("1", 1), ("100%", 1)])
def test_a_fraction_may_be_a_percentage(text: str, expected: float) -> None:
    assert fraction(text, "--x") == pytest.approx(expected)


@pytest.mark.parametrize("text", ["0", "0%", "120%", "1.5", "-1", "much", ""])
def test_what_is_no_fraction_is_answered_with_one(text: str) -> None:
    with pytest.raises(AnenasError, match=f"^--x '{text}': expected a fraction above 0 and at most 1"):
        fraction(text, "--x")


def test_a_chip_keeps_a_system_of_its_own() -> None:
    assert on_system("A15", None) == "A15"
    assert on_system("A15, M2@macos15", "ios16") == "A15@ios16,M2@macos15"
