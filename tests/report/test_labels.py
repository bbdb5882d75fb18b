from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from anenas.report._labels import Box, place_labels

SIZE, RADIUS = (40.0, 14.0), 5.0
PLACES = st.lists(st.tuples(st.floats(20, 380), st.floats(20, 280)), max_size=30)


@given(PLACES)
def test_labels_cover_neither_points_nor_each_other_and_stay_inside(points: list[tuple[float, float]]) -> None:
    taken = [Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS) for x, y in points]
    labels = place_labels(points, [SIZE] * len(points), taken, Box(0, 0, 400, 300))
    boxes = [
        Box(label.x, label.y - 0.8 * SIZE[1], label.x + SIZE[0], label.y + 0.2 * SIZE[1]) for label in labels if label
    ]
    assert all(a.overlap(b) < 1e-6 for a, b in combinations([*boxes, *taken], 2) if a in boxes)
    assert all(box.left >= 0 and box.top >= -1e-9 and box.right <= 400 and box.bottom <= 300 + 1e-9 for box in boxes)


def test_a_label_without_room_is_left_out() -> None:
    [label] = place_labels([(10, 10)], [(500, 14)], [], Box(0, 0, 400, 300))
    assert label is None
