from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from anenas.api import FrontModel, SearchResult
from anenas.cli.screen import exported_names, print_front
from anenas.latency import Latency
from anenas.search import DeviceSummary


def model(trial: int, accuracy: float, ms: float, test: float | None, *called: str) -> FrontModel:
    return FrontModel(
        trial=trial,
        architecture=f"architecture-{trial}",
        score=accuracy,
        latency_ms=ms,
        latency_low_ms=0.8 * ms,
        latency_high_ms=1.25 * ms,
        residency=0.975,
        is_tiny=False,
        size_mb=1.234,
        macs=12_345_678,
        params=98_765,
        package=Path("package"),
        final_score=None,
        test_score=test,
        latency_by_chip={chip: Latency(ms / i, ms, ms, chip, "s") for i, chip in enumerate(("A15", "M2"), 1)},
        trained="2 epochs",
        epochs=None,
        final_epochs=None,
        called=list(called),
        summary=f"summary-{trial}",
    )


def result(*front: FrontModel, objectives: tuple[str, ...] = ("accuracy", "latency_ms"), **counts: int) -> SearchResult:
    infeasible = {"latency_ms": 2, "rule rank": 1} if "infeasible" in counts else {}
    return SearchResult("mine", "A15", list(objectives), "accuracy", counts, infeasible, 1.0, 0.5, list(front), {})


def test_the_best_is_first_and_architectures_stand_behind_what_they_are_called(shown: Callable[..., list[str]]) -> None:
    front = model(3, 0.5, 0.1, None, "fast"), model(12, 0.9, 0.4, 0.875, "accurate", "knee")
    assert shown(print_front, result(*front, completed=5, stopped=0, infeasible=3, repeated=1)) == [
        "Pareto front of mine",
        "model accuracy test A15 latency (90 %) M2 size",
        "#12 accurate, knee 90.00% 87.50% 0.400 ms (0.32–0.50) 0.200 ms 1.23 MB",
        "#3 fast 50.00% 0.100 ms (0.08–0.12) 0.050 ms 1.23 MB",
        "#12 summary-12",
        "#3 summary-3",
        "accurate: the best score; knee: the best compromise, beyond which one objective becomes expensive in",
        "the others; fast: the lowest latency",
        "5 completed; 3 infeasible: 2 latency_ms, 1 rule rank; 1 repeated",
        "completed: trained in full, exported, within the limits; infeasible: breaks a limit or a rule of the",
        "engine; repeated: had been tried before",
        "details: anenas show mine 12 (or a name, such as knee)",
    ]


def test_the_reference_is_named_on_the_front_and_shown_below_it_otherwise(shown: Callable[..., list[str]]) -> None:
    whole = dataclasses.replace(model(7, 0.9, 0.6, 0.91), final_score=0.92)
    found = dataclasses.replace(result(model(3, 0.95, 0.1, None, "fast"), completed=2), reference=whole)
    line = "#7 reference, the whole network: 90.00%, 92.00% final, 91.00% test, 0.600 ms, 1.23 MB summary-7"
    assert line in shown(print_front, found)
    on_front = dataclasses.replace(result(whole, completed=2), reference=whole)
    assert shown(print_front, on_front)[2].startswith("#7 reference 90.00%")


def test_an_accuracy_has_its_standard_error_and_what_it_does_not_tell_apart_is_said(
    shown: Callable[..., list[str]],
) -> None:
    front = [dataclasses.replace(model(i, 0.874, 0.1 + i, None), score_error=0.0061) for i in range(3)]
    found = dataclasses.replace(
        result(*front, completed=3), indistinguishable=[[2, 1], [1, 0]], alike_in_latency=[[2, 0]]
    )
    lines = shown(print_front, found)
    assert lines[2].startswith("#2 87.4 ± 0.6 % 2.100 ms")
    assert "too close in accuracy to tell apart: 2, 1; 1, 0" in lines
    assert "too close in latency to tell apart: 2, 0" in lines


def test_final_training_has_columns_beside_the_brief(shown: Callable[..., list[str]]) -> None:
    exported = dataclasses.replace(model(3, 0.8, 0.4, 0.9), final_score=0.91, epochs=8.0, final_epochs=22.0)
    other = dataclasses.replace(model(4, 0.7, 0.3, 0.7), epochs=2.0)
    _, headings, first, second, *_ = shown(print_front, result(other, exported, completed=2))
    assert headings == "model accuracy final test epochs A15 latency (90 %) M2 size"
    assert first.startswith("#3 80.00% 91.00% 90.00% 8 → 22 0.400 ms")
    assert second.startswith("#4 70.00% 70.00% 2 0.300 ms")


def test_names_of_one_model_are_said_once() -> None:
    one, other = Path("e/s/knee"), Path("e/s/accurate")
    assert exported_names({"knee": one, "accurate": other, "fast": Path("e/s/fast")}) == "{knee,accurate,fast}"
    assert exported_names({"knee": one, "accurate": other, "fast": one}) == "{knee,accurate} (knee = fast)"
    assert exported_names({"knee": one, "accurate": one, "fast": one}) == "knee (knee = accurate = fast)"


def test_other_objectives_have_columns(shown: Callable[..., list[str]]) -> None:
    objectives = ("accuracy", "residency", "macs", "params")
    _, headings, row, *_ = shown(print_front, result(model(0, 1.0, 0.1, 1.0), objectives=objectives, completed=1))
    assert headings.endswith("size M MACs M params on engine")
    assert row.endswith("1.23 MB 12.35 0.10 98%")


def test_an_empty_front_has_headings_and_says_how_trials_ended(shown: Callable[..., list[str]]) -> None:
    assert shown(print_front, result(completed=0, failed=2)) == [
        "Pareto front of mine",
        "model accuracy test A15 latency (90 %) size",
        "2 failed",
        "failed: could not be trained or exported",
    ]


@pytest.mark.parametrize(("width", "left"), [(120, "(0.32–0.50)"), (80, "0.400 ms")])
def test_a_narrow_terminal_shows_every_trial_and_leaves_out_intervals(width: int, left: str) -> None:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    wide = dataclasses.replace(model(3, 0.874, 0.4, 0.9), score_error=0.0061, final_score=0.91, epochs=8.0)
    print_front(console, result(wide, completed=1))
    row = console.file.getvalue().splitlines()[4]  # type: ignore[attr-defined]
    assert row.split()[:4] == ["#3", "87.4", "±", "0.6"] and left in row and "…" not in row
    assert ("(" in row) is (width == 120)


def test_what_core_ml_may_keep_on_the_cpu_is_marked(shown: Callable[..., list[str]]) -> None:
    small = dataclasses.replace(model(3, 0.8, 0.4, 0.9), is_tiny=True)
    lines = shown(print_front, result(small, model(4, 0.9, 0.8, 0.9), completed=2))
    assert "0.400 ms (0.32–0.50) *" in lines[3] and "*" not in lines[2]
    assert any(line.startswith("* so small that Core ML may keep it on the CPU") for line in lines)
    assert not any("*" in line for line in shown(print_front, result(model(4, 0.9, 0.8, 0.9), completed=1)))


def test_what_is_left_out_of_the_front_is_named(shown: Callable[..., list[str]]) -> None:
    front = [model(3, 0.5, 0.1, None), model(9, 0.9, 0.4, None)]
    told = "left out, not measurably better than these: 17, 4"
    assert told in shown(print_front, dataclasses.replace(result(*front, completed=4), pareto=[3, 4, 9, 17]))
    assert not any(
        "left out" in line for line in shown(print_front, dataclasses.replace(result(*front), pareto=[3, 9]))
    )


def test_small_sizes_show_a_tenth_of_them(shown: Callable[..., list[str]]) -> None:
    sizes = [
        dataclasses.replace(model(i, 0.9, 0.1, None), size_mb=size) for i, size in enumerate((0.0461, 0.051, 1.234))
    ]
    lines = "\n".join(shown(print_front, result(*sizes, completed=3)))
    assert all(size in lines for size in ("0.046 MB", "0.051 MB", "1.23 MB"))


def test_a_measured_latency_has_its_estimate_beside_it_and_says_what_was_not_measured(
    shown: Callable[..., list[str]],
) -> None:
    measured = dataclasses.replace(model(1, 0.5, 0.1, None), estimated_latency_ms=0.2, measured_on="Mac14,2, macOS 15")
    failed = dataclasses.replace(model(2, 0.9, 0.4, None), not_measured="it went away")
    devices = DeviceSummary({"mini": 1, "studio": 2}, failed=1, compared=2, apart=0.04, error=0.5)
    lines = shown(print_front, dataclasses.replace(result(measured, failed), devices=devices))
    assert "model accuracy test A15 latency (90 %) estimated M2 size" in lines
    assert "#2 90.00% 0.400 ms (0.32–0.50) not measured 0.200 ms 1.23 MB" in lines
    assert "#1 50.00% 0.100 ms (0.08–0.12) 0.200 ms 0.050 ms 1.23 MB" in lines
    assert (
        "3 measured on 2 devices; these are 4.0% apart in the median of 2 models measured on more than one; estimates "
        "were off by 50% in the median; 1 could not be measured and keep their estimate"
    ) in lines
    assert "trial 2 could not be measured, its latency is estimated: it went away" in lines
    assert "model accuracy test A15 measured (90 %) estimated M2 size" in shown(print_front, result(measured))


def test_the_limits_that_what_is_shown_keeps_are_said(shown: Callable[..., list[str]]) -> None:
    found = dataclasses.replace(
        result(model(3, 0.5, 0.1, None), completed=4), limits={"latency_ms": 0.2, "accuracy": 0.4}
    )
    line = "only models that satisfy latency_ms ≤ 0.2 (the upper end of its 90 % interval), accuracy ≥ 0.4"
    assert line in shown(print_front, found)
    assert "latency_ms ≤ 0.2, accuracy" in " ".join(
        shown(print_front, dataclasses.replace(found, latency_bound="estimate"))
    )
