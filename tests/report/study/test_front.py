from __future__ import annotations

from pathlib import Path

from reported import reported_study

from anenas.report._labels import Box
from anenas.report.study._front import front_plots, state_of

# The knee just above what any prediction costs, others to its right where its name would stand, and the ends.
OTHERS = [(0.913 + 0.001 * i, 0.205 + 0.01 * j, 1.0) for i in range(3) for j in range(3)]
NEAR = [(0.93, 0.2, 1.0), *OTHERS, (0.95, 0.6, 1.0), (0.6, 0.19, 1.0)]


def test_no_label_lies_over_what_any_prediction_costs(tmp_path: Path) -> None:
    study = reported_study(tmp_path, "s", NEAR, fixed_ms=0.185, apart=1.0)
    [drawn] = front_plots(study, study.completed, {one.number: state_of(study, one) for one in study.completed})
    assert drawn.fixed
    at, words = drawn.fixed
    length, height = drawn.plot.label_size(words)
    top = drawn.plot.inside.top
    upright = Box(at - 4 - height, top, at, top + length)
    assert drawn.labels
    for text, label, _ in drawn.labels:
        width, high = drawn.plot.label_size(text)
        assert not upright.overlap(Box(label.x, label.y - 0.8 * high, label.x + width, label.y + 0.2 * high)), text
