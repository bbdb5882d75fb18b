from __future__ import annotations

from pathlib import Path

from reported import reported_study

from anenas.report.study._progress import busy_seconds, progress_plot


def test_time_in_which_nothing_ran_is_left_out() -> None:
    day = 86_400.0
    assert busy_seconds([(10, 20), (15, 30), (day, day + 5)], [20, 30, day + 5]) == [10, 20, 25]


def test_the_line_steps_up_to_the_hypervolume_of_the_study(tmp_path: Path) -> None:
    study = reported_study(tmp_path)
    found = progress_plot(study)
    assert found
    *_, (_, y, words) = found.ends
    assert y == found.plot.y.at(study.hypervolumes[-1])
    assert words.startswith(f"trial 1: {study.hypervolumes[-1]:.4g}")
    assert found.path.endswith(f"V{y}H{float(found.plot.x.end)}")


def test_one_trial_makes_no_line(tmp_path: Path) -> None:
    assert progress_plot(reported_study(tmp_path, figures=[(0.8, 0.2, 1.0)])) is None
