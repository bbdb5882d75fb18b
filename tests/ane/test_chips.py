from __future__ import annotations

import dataclasses
import itertools

import pytest

from anenas._errors import AnenasError
from anenas.ane import Chip, _chips, check, chips, fixed_us, get_chip, program_cost
from anenas.graph import Graph, Op, Tensor

every_chip = pytest.mark.parametrize("chip", chips().values(), ids=lambda chip: chip.name)


def test_every_supported_generation_is_known() -> None:
    assert list(chips()) == [
        *("A12", "A13", "A14", "A15", "A16", "A17 Pro", "A18", "A19", "A20"),
        *("M1", "M2", "M3", "M4", "M5", "M6"),
    ]


def test_generations_are_those_of_apple_s_compiler_whatever_a_chip_is_in() -> None:
    """It calls the engine of the A12 H11, those of the A14 and M1 H13 (ane-guide, 751K)."""
    generations = {name: chip.generation for name, chip in chips().items()}
    phones = ("A12", "A13", "A14", "A15", "A16", "A17 Pro", "A18", "A19", "A20")
    macs = ("M1", "M2", "M3", "M4", "M5", "M6")
    assert generations == dict(zip(phones, range(11, 20), strict=True)) | dict(zip(macs, range(13, 19), strict=True))


# What Apple publishes, in 10¹² operations a second; from the A17 Pro and M4 on it counts int8, twice the fp16 rate.
@pytest.mark.parametrize(
    ("name", "published"),
    [
        *(("A12", 5), ("A13", 6), ("A14", 11), ("A15", 15.8), ("A16", 17), ("A17 Pro", 35 / 2), ("A18", 35 / 2)),
        *(("M1", 11), ("M2", 15.8), ("M3", 18), ("M4", 38 / 2)),
    ],
)
def test_the_peak_rate_agrees_with_what_apple_publishes(name: str, published: float) -> None:
    assert get_chip(name).peak_tflops == pytest.approx(published, rel=0.1)


@every_chip
def test_every_number_is_positive_and_every_guess_is_of_a_number(chip: Chip) -> None:
    numbers = {field: value for field, value in dataclasses.asdict(chip).items() if isinstance(value, int | float)}
    assert all(value > 0 for value in numbers.values())
    assert set(chip.guessed) <= numbers.keys()


@every_chip
def test_a_chip_is_found_however_its_name_is_written(chip: Chip) -> None:
    for name in (chip.name, chip.name.lower(), f"  {chip.name.upper()} ", chip.name.replace(" ", "")):
        assert get_chip(name) == chip


def test_pro_may_be_left_out_or_added() -> None:
    assert get_chip("a17") == get_chip("A17 Pro")
    assert get_chip("M4 Pro") == get_chip("M4")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        *(("A99", "did you mean"), ("Snapdragon", "known: A12, A13"), ("", "known: A12, A13"), ("pro", "M4 Pro")),
        *(("iPhone 99", "iPhone"), ("iPhone 15 Plus Pro", "did you mean iPhone 15 Plus")),
    ],
)
def test_an_unknown_chip_is_answered_with_those_that_are_known(name: str, hint: str) -> None:
    with pytest.raises(AnenasError, match=f"^unknown chip or device '{name}'; .*{hint}"):
        get_chip(name)


def test_a_new_chip_is_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules, cost, fixed cost and interval need nothing more of it."""
    row = Chip("A99", 30, "A17 Pro", 16, 2.5, 60, 55, 100, ("weight_gb_s",))
    monkeypatch.setattr(_chips, "_CHIPS", (*_chips._CHIPS, row))
    chip = get_chip("a99")
    x = Tensor("x", (1, 64, 32, 32))
    graph = Graph((x,), (Op("c", "conv", (x,), (x,), (Tensor("w", (64, 64, 3, 3)),), {"groups": 1}),), (x,))
    assert 0 < program_cost(graph, chip).us < program_cost(graph, get_chip("A19")).us
    assert fixed_us(chip) > 0
    assert not [finding for finding in check(graph, chip) if finding.is_error]
    assert chips()["A99"].max_dimension == 65_536


# Of those that are no guesses; sources are at the table.
@pytest.mark.parametrize(
    ("figure", "measured"),
    [
        ("weight_gb_s", {"A17 Pro": 41, "M1": 51, "M4": 67, "M5": 145, "M6": 150}),
        ("elementwise_g_s", {"M6": 61}),
        ("cores", dict.fromkeys(chips(), 16) | {"A12": 8, "A13": 8, "M6": 32}),
        ("fixed_us", {"A16": 120, "M1": 210, "M2": 100, "M4": 95, "M5": 90}),
    ],
)
def test_figures_of_chips_that_were_measured_are_what_was_measured(figure: str, measured: dict[str, float]) -> None:
    known = {chip.name: getattr(chip, figure) for chip in chips().values() if figure not in chip.guessed}
    assert known == measured


@pytest.mark.parametrize("family", ["A", "M"])
def test_a_newer_chip_is_no_slower_than_the_one_before(family: str) -> None:
    """As far as is known; what nobody measured is between what stands on either side."""
    rows = [chip for chip in chips().values() if chip.name.startswith(family)]
    for one, next_one in itertools.pairwise(rows):
        for figure in ("generation", "cores", "clock_ghz", "weight_gb_s", "elementwise_g_s"):
            if (one.name, figure) != ("A13", "clock_ghz"):  # 1.5 GHz of half as many cores as the A14 has
                assert getattr(one, figure) <= getattr(next_one, figure), (next_one.name, figure)
        assert one.fixed_us >= next_one.fixed_us and one.peak_tflops <= next_one.peak_tflops


def test_no_field_of_a_row_can_be_forgotten() -> None:
    fields = [field for field in dataclasses.fields(Chip) if field.name != "system"]
    assert all(field.default is field.default_factory for field in fields)  # both are MISSING


@pytest.mark.parametrize(
    ("name", "system", "full_name"),
    [
        ("A15", 27, "A15"),
        ("A15@ios16", 16, "A15@ios16"),
        ("iPhone 13 @ iOS 18", 18, "A15@ios18"),
        ("M2@macOS14", 17, "M2@ios17"),
        ("A15@ios27", 27, "A15"),
    ],
)
def test_a_chip_is_named_with_its_system_unless_that_is_the_newest(name: str, system: int, full_name: str) -> None:
    chip = get_chip(name)
    assert (chip.system, chip.full_name) == (system, full_name)
    assert get_chip(full_name) == chip


@pytest.mark.parametrize("name", ["A15@ios15", "A15@", "M2@macos12", "A15@android"])
def test_a_system_that_cannot_be_estimated_for_is_an_error(name: str) -> None:
    with pytest.raises(AnenasError, match="unknown system"):
        get_chip(name)


def test_a_chip_that_is_estimated_by_one_that_nobody_measured_says_so() -> None:
    chip = dataclasses.replace(get_chip("A15"), nearest_measured="A12")
    with pytest.raises(AnenasError, match="unknown measured chip of A15 'A12'; did you mean A1"):
        fixed_us(chip)


@pytest.mark.parametrize(
    ("names", "largest", "kernel", "inner", "window", "resizes", "slices", "int8"),
    [
        (("A12", "A13", "A14", "M1"), 16_384, (29, 13), 16_384, 29, False, False, False),
        (("A15", "M2"), 16_384, (31, 15), 16_384, 31, True, False, False),
        (("A16", "M3"), 16_384, (31, 15), 16_384, 31, True, True, False),
        (("A17 Pro", "A18", "A19", "A20", "M4", "M5", "M6"), 65_536, (31, 15), 32_768, 31, True, True, True),
    ],
)
def test_each_generation_does_what_was_measured_of_it(
    names: tuple[str, ...],
    largest: int,
    kernel: tuple[int, int],
    inner: int,
    window: int,
    resizes: bool,
    slices: bool,
    int8: bool,
) -> None:
    for chip in map(get_chip, names):
        assert (chip.max_dimension, chip.max_kernel) == (largest, kernel), chip
        assert (chip.max_matmul_inner, chip.max_average_window) == (inner, window), chip
        assert (chip.has_resize, chip.has_exact_slices, chip.doubles_int8) == (resizes, slices, int8), chip


@pytest.mark.parametrize(
    ("system", "tiles"), [("ios16", False), ("ios17", True), ("macos13", False), ("macos14", True)]
)
def test_chains_are_tiled_from_ios_17_on(system: str, tiles: bool) -> None:
    chip = get_chip(f"A15@{system}")
    assert chip.tiles is tiles
    assert chip.estimated_system == ("iOS 17 or later" if tiles else "iOS 16")
