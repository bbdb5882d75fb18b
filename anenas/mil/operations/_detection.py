"""Non-maximum suppression."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from anenas.mil._registry import op


@op("non_maximum_suppression")
def non_maximum_suppression(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    max_boxes: int,
    score_threshold: float | None = None,
    per_class_suppression: bool = False,
) -> tuple[Tensor, ...]:
    """Boxes are (x, y, width, height) about their centre. Since iOS 17 they are in the last dimension, with neither a
    score threshold nor the number of boxes among the results."""
    recent = score_threshold is None
    if recent:
        boxes, scores = boxes.mT, scores.mT
    threshold = -math.inf if score_threshold is None else score_threshold
    count = len(boxes)
    kept_boxes = boxes.new_zeros(count, max_boxes, 4)
    kept_scores = scores.new_zeros(count, max_boxes, scores.shape[-1])
    kept = torch.full((count, max_boxes), -1, dtype=torch.int32)
    number = torch.zeros(count, dtype=torch.int32)
    for image in range(count):
        chosen = _chosen(boxes[image], scores[image], iou_threshold, threshold, max_boxes, per_class_suppression)
        kept_boxes[image, : len(chosen)] = boxes[image, chosen]
        kept_scores[image, : len(chosen)] = scores[image, chosen]
        kept[image, : len(chosen)] = torch.tensor(chosen, dtype=torch.int32)
        number[image] = len(chosen)
    return (kept_boxes.mT, kept_scores.mT, kept) if recent else (kept_boxes, kept_scores, kept, number)


def _chosen(
    boxes: Tensor, scores: Tensor, iou_threshold: float, score_threshold: float, most: int, per_class: bool
) -> list[int]:
    best, classes = scores.max(-1)
    corners = torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], -1)
    chosen: list[int] = []
    for candidate in best.argsort(descending=True, stable=True).tolist():
        if len(chosen) == most or best[candidate] < score_threshold:
            break
        rivals = [one for one in chosen if not per_class or classes[one] == classes[candidate]]
        if not rivals or _iou(corners[candidate], corners[rivals]).max() <= iou_threshold:
            chosen.append(candidate)
    return chosen


def _iou(box: Tensor, others: Tensor) -> Tensor:
    sides = (torch.minimum(box[2:], others[:, 2:]) - torch.maximum(box[:2], others[:, :2])).clamp(min=0)
    shared = sides.prod(-1)
    areas = (others[:, 2:] - others[:, :2]).prod(-1) + (box[2:] - box[:2]).prod()
    return shared / (areas - shared).clamp(min=1e-12)
