from __future__ import annotations

import json
from pathlib import Path

import pytest
from studies import pretend_study

from anenas._errors import AnenasError
from anenas.api import compare_studies, load_studies, write_comparison
from anenas.api._compare import check_comparable, median_attained
from anenas.report import write_comparison_png

SHALLOW, DEEP = [(1, 16), (2, 16)], [(1, 16), (4, 16), (4, 32)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_hypervolumes_have_one_reference_point_and_the_joint_front_is_counted(store: Path) -> None:
    pretend_study(store, "a", SHALLOW, epochs=1)
    reference = {"accuracy": 0.0, "latency_ms": 2.0, "size_mb": 5.0}
    pretend_study(store, "b", DEEP, epochs=2, objectives=reference)
    found = compare_studies(load_studies(["a", "b"], store))
    assert found.reference_point == {"accuracy": 0.0, "latency_ms": 2.0, "size_mb": 10.0}
    a, b = found.studies
    assert (a.kind, b.kind) == (1, 2) and a.hypervolume < b.hypervolume
    assert a.on_joint_front == [0, 1]
    assert b.on_joint_front == b.front
    (difference,) = found.differences
    assert difference.over == "trials" and difference.mean == pytest.approx(a.hypervolume - b.hypervolume)
    assert difference.low < difference.mean < difference.high
    assert difference.is_more_than_noise
    assert json.loads(found.to_json())["differences"][0]["is_more_than_noise"] is True


def test_what_is_alike_is_no_more_than_noise(store: Path) -> None:
    studies = [pretend_study(store, f"s{epochs}", DEEP, in_memory=True, epochs=epochs) for epochs in (1, 2)]
    (difference,) = compare_studies(studies).differences
    assert difference.mean == 0 and not difference.is_more_than_noise


def test_three_seeds_of_each_setting_are_compared_over_seeds(store: Path) -> None:
    studies = []
    for seed in range(3):
        for name, trials, epochs in (("a", SHALLOW, 1), ("b", DEEP, 2)):
            some = [*trials, (3, 16)][: len(trials) + seed % 2]
            studies.append(pretend_study(store, f"{name}{seed}", some, in_memory=True, epochs=epochs, seed=seed))
    found = compare_studies(studies)
    assert [one.kind for one in found.studies] == [1, 2] * 3
    assert [difference.over for difference in found.differences] == ["seeds"]
    assert [(one.kind, one.studies) for one in found.attained] == [(1, 3), (2, 3)]


def test_half_of_the_studies_attain_the_median_surface(store: Path) -> None:
    studies = [
        pretend_study(store, f"s{i}", [(1, 16), (depth, 16)], in_memory=True, seed=i)
        for i, depth in enumerate((2, 3, 4))
    ]
    # All have 0.616 in 0.116 ms; 0.716 in 0.216, 0.816 in 0.316 and 0.916 in 0.416 ms are of one each.
    assert median_attained(studies) == [
        (pytest.approx(0.116), pytest.approx(0.616)),
        (pytest.approx(0.316), pytest.approx(0.716)),
        (pytest.approx(0.416), pytest.approx(0.816)),
    ]


@pytest.mark.parametrize("settings", [{"data": "other 123"}, {"metric": "macro_f1"}, {"latency": "table-1"}])
def test_what_means_something_else_is_not_compared(store: Path, settings: dict[str, str]) -> None:
    studies = [pretend_study(store, "a", SHALLOW[:1], in_memory=True)]
    studies.append(pretend_study(store, "b", SHALLOW[:1], in_memory=True, **settings))
    with pytest.raises(AnenasError, match=f"a and b cannot be compared: they differ in {next(iter(settings))}"):
        check_comparable(studies)


def test_the_picture_is_written(store: Path, tmp_path: Path) -> None:
    studies = [pretend_study(store, name, DEEP, in_memory=True) for name in ("a", "b")]
    write_comparison_png(studies, {"half": [(0.1, 0.5), (0.2, 0.6)]}, tmp_path / "compare.png")
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")


def test_the_end_of_its_name_says_what_a_comparison_is_written_as(store: Path, tmp_path: Path) -> None:
    studies = [pretend_study(store, name, DEEP, in_memory=True) for name in ("a", "b")]
    found = compare_studies(studies)
    write_comparison(studies, found, tmp_path / "compare.png")
    write_comparison(studies, found, tmp_path / "compare.html")
    assert (tmp_path / "compare.png").read_bytes().startswith(b"\x89PNG")
    assert "<title>a and b</title>" in (tmp_path / "compare.html").read_text(encoding="utf-8")
    for name, said in (("compare.pdf", "ends in .html or .png"), ("none/compare.html", "cannot write .*none")):
        with pytest.raises(AnenasError, match=said):
            write_comparison(studies, found, tmp_path / name)
