from __future__ import annotations

import itertools

import numpy as np
import pytest

from anenas.data._whose import Whose, may_name

Columns = dict[str, list[str]]


def found(
    columns: Columns, times: list[float] | None, words: tuple[str, ...] = ()
) -> tuple[tuple[str, ...], list[int]]:
    """The columns that name series and the number of each row, read in two chunks; nothing of one series."""
    whose = Whose({name: place for place, name in enumerate(columns)}, words)
    rows = len(next(iter(columns.values())))
    for some in (slice(0, rows // 2), slice(rows // 2, None)):
        whose.add([cells[some] for cells in columns.values()])
    told = whose.series(None if times is None else np.array(times))
    return (told[0], told[1].tolist()) if told else ((), [])


@pytest.mark.parametrize(
    ("cells", "is_one"),
    [
        (["MSFT", "IBM"], True),
        (["1", "2", ""], True),
        (["s1", "s2"], True),
        (["5", "5", ""], False),
        (["1.5", "2"], False),
        (["1,5", "2"], False),
        (["1e3", "2"], False),
        (["", " "], False),
    ],
)
def test_names_are_several_and_no_measurements(cells: list[str], is_one: bool) -> None:
    assert may_name(cells) == is_one


def long(
    *names: list[str], days: int = 6, by_day: bool = False, back: bool = False
) -> tuple[list[list[str]], list[float]]:
    """The columns of a table with a row for each combination of names and day, and its times."""
    each = [*itertools.product(*names)]
    times = [float(86400 * day) for day in range(days)][:: -1 if back else 1]
    rows = [(one, time) for time in times for one in each] if by_day else [(o, t) for o in each for t in times]
    return [list(column) for column in zip(*(one for one, _ in rows), strict=True)], [time for _, time in rows]


@pytest.mark.parametrize("by_day", [False, True])
@pytest.mark.parametrize("back", [False, True])
def test_where_times_recur_a_column_names_series_if_those_of_each_value_go_one_way(by_day: bool, back: bool) -> None:
    (shop,), times = long(["a", "b", "c"], by_day=by_day, back=back)
    wind = [str(i * 7 % 5) for i in range(len(shop))]
    names, codes = found({"wind": wind, "shop": shop}, times)
    assert names == ("shop",) and codes == ["abc".index(one) for one in shop]


@pytest.mark.parametrize("by_day", [False, True])
def test_as_few_columns_as_do_name_series_together(by_day: bool) -> None:
    (shop, item), times = long(["1", "2", "3"], ["7", "8"], by_day=by_day)
    names, codes = found({"item": item, "shop": shop}, times)
    assert names == ("item", "shop")
    assert len(set(codes)) == 6
    assert [codes[i] == codes[0] for i in range(len(codes))] == [
        (s, i) == ("1", "7") for s, i in zip(shop, item, strict=True)
    ]


def test_four_columns_together_name_no_series_and_three_do() -> None:
    names, times = long(*[["a", "b"]] * 3)
    assert found(dict(zip("xyz", names, strict=True)), times)[0] == ("x", "y", "z")
    names, times = long(*[["a", "b"]] * 4)
    assert found(dict(zip("wxyz", names, strict=True)), times) == ((), [])


def test_a_value_with_the_same_time_twice_names_no_series() -> None:
    (shop,), times = long(["a", "b", "c"])
    times[1] = times[0]
    assert found({"shop": shop}, times) == ((), [])
    times[1] = float("nan")  # of which nothing is known
    assert found({"shop": shop}, times)[0] == ("shop",)
    assert found({"shop": shop}, [7.0] * len(times)) == ((), [])


def test_rows_whose_times_only_rise_are_one_series_whatever_else_there_is() -> None:
    weather = ["rain", "sun"] * 6
    assert found({"weather": weather}, [float(i) for i in range(12)], ("weather",)) == ((), [])
    assert found({"phase": ["a"] * 6 + ["b"] * 6}, [float(i) for i in range(12)], ("phase",)) == ((), [])


def test_whole_numbers_that_were_measured_name_no_series_though_no_time_recurs_with_one() -> None:
    times = [float(day) for day in range(60) for _ in range(2)]
    measured = [str((day * 7 + 13 * which) % 31) for day in range(60) for which in range(2)]
    assert len({*zip(times, measured, strict=True)}) == 120
    assert found({"measured": measured}, times) == ((), [])


def test_a_clock_that_goes_back_in_autumn_makes_no_series_of_the_weather() -> None:
    times = [float(i - (i > 50)) for i in range(100)]
    weather = ["rain" if i % 20 < 10 or i == 51 else "sun" for i in range(100)]
    assert weather[50] != weather[51]
    assert found({"weather": weather}, times, ("weather",)) == ((), [])
    assert found({"half": ["a"] * 51 + ["b"] * 49}, times, ("half",))[0] == ("half",)


@pytest.mark.parametrize(("rows", "is_told"), [(10, True), (9, False)])
def test_of_times_that_recur_a_tenth_of_the_rows_must(rows: int, is_told: bool) -> None:
    """A second shop, open for a few days, whose rows are beside those of the first."""
    days = [(float(day), shop) for day in range(100 - rows) for shop in "ab"[: 2 if 30 < day <= 30 + rows else 1]]
    assert len(days) == 100
    shops = found({"shop": [shop for _, shop in days]}, [day for day, _ in days], ("shop",))[0]
    assert shops == (("shop",) if is_told else ())


def test_without_times_words_name_series_if_the_rows_of_each_are_together() -> None:
    together = ["x"] * 5 + ["y"] * 4 + ["z"] * 6
    assert found({"stock": together}, None, ("stock",)) == (("stock",), [0] * 5 + [1] * 4 + [2] * 6)
    assert found({"stock": together}, [float("nan")] * 15, ("stock",))[0] == ("stock",)
    assert found({"stock": together}, None) == ((), [])  # whole numbers may be anything
    assert found({"stock": [*together[:-1], "x"]}, None, ("stock",)) == ((), [])


def test_what_is_new_in_nearly_every_row_names_no_series() -> None:
    """Three rows each are enough."""
    assert found({"note": [*"aabbccdd"]}, None, ("note",)) == ((), [])
    assert found({"note": [*"aaabbbcccddd"]}, None, ("note",))[0] == ("note",)


def test_words_are_looked_at_before_numbers_and_six_columns_at_most() -> None:
    (shop,), times = long(["a", "b"])
    numbers = {f"n{i}": ["1", "2"] * 6 for i in range(6)}
    assert found({**numbers, "shop": shop}, times, ("shop",))[0] == ("shop",)
    assert found({**numbers, "shop": shop}, times) == ((), [])
    assert found({**dict([*numbers.items()][:5]), "shop": shop}, times)[0] == ("shop",)
