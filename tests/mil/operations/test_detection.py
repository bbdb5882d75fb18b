from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from operands import Array, Call, given


def boxes_and_scores() -> tuple[Array, Array]:
    boxes = np.array([[[5, 5, 4, 4], [5.5, 5, 4, 4], [20, 20, 4, 4], [5, 5.2, 4, 4]]], np.float32)
    scores = np.array([[[0.6, 0.1], [0.9, 0.2], [0.3, 0.4], [0.1, 0.5]]], np.float32)
    return boxes, scores


def test_boxes_that_overlap_a_better_one_are_suppressed(call: Call) -> None:
    boxes, scores = boxes_and_scores()
    options = {"iou_threshold": np.float32(0.5), "max_boxes": 3}
    old = call("non_maximum_suppression", boxes=boxes, scores=scores, score_threshold=np.float32(0.35), **options)
    np.testing.assert_array_equal(old[2], [[1, 2, -1]])
    np.testing.assert_array_equal(old[3], [2])
    np.testing.assert_array_equal(old[0][0], [*boxes[0, [1, 2]], np.zeros(4)])
    np.testing.assert_array_equal(old[1][0], [*scores[0, [1, 2]], np.zeros(2)])
    apart = call(
        "non_maximum_suppression",
        boxes=boxes,
        scores=scores,
        score_threshold=np.float32(0),
        per_class_suppression=True,
        **options,
    )
    np.testing.assert_array_equal(apart[2], [[1, 3, 2]])
    new = call("non_maximum_suppression", boxes=boxes.transpose(0, 2, 1), scores=scores.transpose(0, 2, 1), **options)
    np.testing.assert_array_equal(new[2], [[1, 2, -1]])
    np.testing.assert_array_equal(new[0][0, :, 0], boxes[0, 1])


def overlap(one: Array, other: Array) -> float:
    """Of two boxes (x, y, width, height) about their centres: their common area by that of both."""
    sides = [min(one[i] + one[2 + i] / 2, other[i] + other[2 + i] / 2) for i in range(2)]
    sides = [side - max(one[i] - one[2 + i] / 2, other[i] - other[2 + i] / 2) for i, side in enumerate(sides)]
    shared = max(sides[0], 0) * max(sides[1], 0)
    return float(shared / (one[2] * one[3] + other[2] * other[3] - shared))


@given(st.integers(1, 2), st.integers(1, 9), st.integers(1, 3), st.integers(1, 6), st.booleans(), st.integers(0, 99))
def test_which_boxes_are_kept(
    call: Call, images: int, count: int, classes: int, most: int, per_class: bool, seed: int
) -> None:
    random = np.random.RandomState(seed)
    boxes = random.randint(1, 9, (images, count, 4)).astype(np.float32)
    scores = random.permutation(images * count * classes).reshape(images, count, classes).astype(np.float32)
    threshold, least = 0.3137, float(np.quantile(scores, 0.25))
    options = {"boxes": boxes, "scores": scores, "iou_threshold": np.float32(threshold), "max_boxes": most}
    result = call(
        "non_maximum_suppression", score_threshold=np.float32(least), per_class_suppression=per_class, **options
    )
    for image in range(images):
        kept: list[int] = []
        for one in np.argsort(-scores[image].max(-1)):
            rivals = [k for k in kept if not per_class or scores[image, k].argmax() == scores[image, one].argmax()]
            far = all(overlap(boxes[image, one], boxes[image, k]) <= threshold for k in rivals)
            if scores[image, one].max() >= least and far and len(kept) < most:
                kept.append(int(one))
        assert result[2][image].tolist() == kept + [-1] * (most - len(kept))
        assert result[3][image] == len(kept)
        for rows, given_ in ((result[0][image], boxes[image]), (result[1][image], scores[image])):
            np.testing.assert_array_equal(rows[: len(kept)], given_[kept])
            assert not rows[len(kept) :].any()


def test_boxes_that_only_touch_or_are_nothing_do_not_overlap(call: Call) -> None:
    boxes = np.array([[[2, 2, 4, 4], [6, 2, 4, 4], [2, 6, 4, 4], [9, 9, 0, 0], [9, 9, 0, 0]]], np.float32)
    scores = np.array([[[5], [4], [3], [2], [1]]], np.float32)
    options = {"iou_threshold": np.float32(0), "max_boxes": 5, "score_threshold": np.float32(0)}
    assert call("non_maximum_suppression", boxes=boxes, scores=scores, **options)[2].tolist() == [[0, 1, 2, 3, 4]]
