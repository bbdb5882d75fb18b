from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from anenas.data import Split
from anenas.network import Deployed, Normalisation
from anenas.training import Teacher, accuracy, train
from anenas.training._teacher import SHARE, TEMPERATURE

NORMALISE = Normalisation((0.5,), (0.25,))


def brightness(pixels: torch.Tensor) -> torch.Tensor:
    """Logits of a teacher that knows what is bright."""
    bright = pixels.mean((1, 2, 3)) / 32 - 4
    return torch.stack([-bright, bright], 1)


def bright_and_dark(rng: np.random.Generator) -> Split:
    """Class 1 is bright, class 0 dark."""
    labels = np.arange(256) % 2
    images = (rng.integers(0, 100, (256, 1, 8, 8)) + 155 * labels[:, None, None, None]).astype(np.uint8)
    return Split(images, labels.astype(np.int64))


def test_a_network_learns_from_its_teacher_what_labels_do_not_say() -> None:
    rng = np.random.default_rng(0)
    clear = bright_and_dark(rng)
    noise, right = Split(clear.inputs, rng.integers(0, 2, 256)), []
    for teacher in (None, Teacher(brightness, (8, 8))):
        torch.manual_seed(0)
        network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2))
        train(network, noise, NORMALISE, epochs=4, augment=lambda batch, _: batch, teacher=teacher)
        right.append(accuracy(Deployed(network, NORMALISE).eval(), clear))
    assert right[0] < 0.8 and right[1] == 1.0


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_who_answers_as_the_teacher_does_has_no_more_loss_than_by_the_labels(shift: float) -> None:
    pixels = torch.randint(0, 256, (16, 1, 8, 8), dtype=torch.uint8)
    logits = brightness(pixels.float()) + shift  # the same probabilities
    loss = Teacher(brightness, (8, 8)).loss(logits, pixels, torch.tensor(2.0))
    assert loss.item() == pytest.approx((1 - SHARE) * 2.0, abs=1e-6)


def test_labels_and_teacher_have_a_share_each_of_one_loss() -> None:
    """What is right by either alone is not right; neither pushes away from what it says."""
    pixels = torch.randint(0, 256, (16, 1, 8, 8), dtype=torch.uint8)
    logits = torch.zeros(16, 2)

    def loss(logits: torch.Tensor, labelled: float) -> float:
        return Teacher(brightness, (8, 8)).loss(logits, pixels, torch.tensor(labelled)).item()

    of_labels = loss(logits, 3.0) - loss(logits, 2.0)
    assert 0 < of_labels < 1
    answers = (brightness(pixels.float()) / TEMPERATURE).softmax(1)
    apart = (answers * (answers.log() - math.log(0.5))).sum(1).mean().item() * TEMPERATURE**2
    assert loss(logits, 0.0) == pytest.approx((1 - of_labels) * apart, rel=1e-4)


def test_answers_of_a_step_are_a_mean_so_that_the_loss_does_not_grow_with_the_batch() -> None:
    pixels = torch.randint(0, 256, (16, 1, 8, 8), dtype=torch.uint8)
    logits = torch.zeros(16, 2)
    teacher, nothing = Teacher(brightness, (8, 8)), torch.tensor(0.0)
    once, twice = (
        teacher.loss(logits, pixels, nothing),
        teacher.loss(logits.tile(2, 1), pixels.tile(2, 1, 1, 1), nothing),
    )
    assert once.item() == pytest.approx(twice.item(), rel=1e-5) and once > 0


def test_the_gradient_of_a_far_teacher_is_the_difference_of_softened_answers() -> None:
    """That of Hinton et al. 2015, equation 2, times the square of the temperature."""
    pixels = torch.zeros((1, 1, 8, 8), dtype=torch.uint8)
    logits = torch.zeros(1, 2, requires_grad=True)
    Teacher(brightness, (8, 8)).loss(logits, pixels, torch.tensor(0.0)).backward()
    theirs = 1 / (1 + math.exp(4))  # of the bright class, from logits of ±4 over 2
    assert logits.grad is not None
    assert logits.grad[0, 1].item() == pytest.approx(SHARE * 2 * (0.5 - theirs), rel=1e-5)


@pytest.mark.parametrize("side", [8, 12, 16])
def test_pixels_come_in_the_size_that_the_teacher_takes(side: int) -> None:
    seen = []

    def answer(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(pixels)
        return brightness(pixels)

    pixels = torch.full((4, 1, 12, 12), 200, dtype=torch.uint8)
    Teacher(answer, (side, side)).loss(torch.zeros(4, 2), pixels, torch.tensor(0.0))
    assert seen[0].shape == (4, 1, side, side)
    assert torch.allclose(seen[0], torch.tensor(200.0))


def test_pixels_that_the_teacher_takes_fewer_of_are_means_of_what_they_cover() -> None:
    """A stripe of one pixel is grey then, where samples of every fourth pixel would lose it."""
    seen = []

    def answer(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(pixels)
        return brightness(pixels)

    pixels = torch.zeros(4, 1, 16, 16)
    pixels[..., ::4] = 240.0
    Teacher(answer, (4, 4)).loss(torch.zeros(4, 2), pixels, torch.tensor(0.0))
    assert torch.allclose(seen[0][..., 1:-1], torch.tensor(60.0), atol=15)
