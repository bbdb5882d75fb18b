from __future__ import annotations

import dataclasses
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anenas._errors import AnenasError
from anenas.api._input import augmented, load_input
from anenas.data import Dataset, Split
from anenas.inputs import IMAGES, RECORDINGS, SERIES, InputKind
from anenas.space import load_space


def dataset(kind: InputKind = IMAGES, *, channels: int = 3, flip: bool = True, classes: str = "cat dog") -> Dataset:
    array = np.zeros((4, channels, 8, 8), np.uint8) if kind is IMAGES else np.zeros((4, channels, 1, 8), np.float32)
    split = Split(array, np.arange(4) % 2)
    return Dataset("some", tuple(classes.split()), split, split, split, kind=kind, flip=flip)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.fixture(autouse=True)
def _info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")


def test_what_training_does_by_default_is_said_with_how_to_switch_it_off(caplog: pytest.LogCaptureFixture) -> None:
    found = augmented(dataset(), "light", None)
    assert found.flip
    mirrors, changes = said(caplog)
    assert mirrors == "training mirrors images at random; use `flip=False` if that changes the class"
    assert changes.endswith('; use `augment="none"` if that changes the class')


def test_of_series_the_gaps_are_said(caplog: pytest.LogCaptureFixture) -> None:
    assert augmented(dataset(SERIES, flip=False, classes="left right"), "light", None).augmentation == "light"
    [gaps] = said(caplog)
    assert "puts gaps into them" in gaps


def test_of_recordings_the_gaps_and_where_asked_for_the_noise_are_said(caplog: pytest.LogCaptureFixture) -> None:
    recordings = dataset(RECORDINGS, channels=1, flip=False)
    for augment in ("light", "strong", "none"):
        augmented(recordings, augment, None)
    assert said(caplog) == [
        'training puts silent gaps into recordings; use `augment="none"` if that changes the class',
        "training puts silent gaps into recordings, shifts them in time, and makes them louder or softer and noisier; "
        'use `augment="none"` if that changes the class',
    ]


def test_what_was_asked_for_is_done(caplog: pytest.LogCaptureFixture) -> None:
    found = augmented(dataset(), "strong", False)
    assert (found.augmentation, found.flip) == ("strong", False)
    assert [line.partition(" images")[0] for line in said(caplog)] == ["training crops, distorts and recolours"]


def test_data_whose_own_values_are_predicted_are_not_changed_which_is_said(caplog: pytest.LogCaptureFixture) -> None:
    data = dataclasses.replace(dataset(SERIES, flip=False), augmentation="none")
    assert augmented(data, "light", None).augmentation == "none"
    assert said(caplog) == ["training does not change series, because their values are part of what is predicted"]


def test_where_nothing_is_changed_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert augmented(dataset(), "none", None).augmentation == "none"
    assert said(caplog) == []


def test_names_that_tell_sides_are_why_images_are_not_mirrored(caplog: pytest.LogCaptureFixture) -> None:
    assert not augmented(dataset(flip=False, classes="left right"), "light", None).flip
    assert "does not mirror images" in said(caplog)[0]


def test_grey_images_stay_as_they_are_and_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    found = augmented(dataset(channels=1, flip=False), "light", None)
    assert (found.augmentation, found.flip) == ("light", False)
    assert said(caplog) == []


def test_series_are_not_mirrored() -> None:
    with pytest.raises(AnenasError, match="`flip` is only for images; these are series"):
        augmented(dataset(SERIES, flip=False), "light", True)


def photos(side: int) -> list[tuple[Image.Image, int]]:
    return [(Image.new("RGB", (side, side + 100), (index, 0, 0)), index % 2) for index in range(8)]


def test_photos_of_a_space_that_is_not_fixed_get_a_larger_input_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    dataset, space = load_input(load_space("mobile_cnn"), photos(260), None, fixed=False)
    assert dataset.input_shape == space.input.shape[1:] == (3, 128, 128)
    assert said(caplog) == [
        "data: 8 images of 260×360 pixels are scaled to cover 128×128 and cropped to the centre",
        "for photos of this size the input is 128×128 rather than 64×64; training takes 4 times as long; "
        "`input_shape=(3, 64, 64)` for that size",
        "the images have 3 channels: the input follows them",
    ]


@pytest.mark.parametrize(
    ("side", "shape", "fixed", "size"), [(260, (3, 64, 64), False, 64), (260, None, True, 64), (100, None, False, 64)]
)
def test_small_photos_and_what_was_asked_for_keep_the_input(
    side: int, shape: tuple[int, int, int] | None, fixed: bool, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    dataset, space = load_input(load_space("mobile_cnn"), photos(side), shape, fixed=fixed)
    assert dataset.input_shape == space.input.shape[1:] == (3, size, size)
    assert not any("rather than" in line for line in said(caplog))


def test_small_photos_are_not_magnified_needlessly() -> None:
    dataset, space = load_input(load_space("backbones"), photos(33), None, fixed=False)
    assert dataset.input_shape == (3, 96, 96) and space.input.heights == (64, 96)


def arrays(side: int) -> dict[str, np.ndarray]:
    x, y = np.zeros((20, side, side), np.uint8), np.arange(20) % 2
    return {"train_x": x, "train_y": y, "test_x": x, "test_y": y}


def test_an_input_that_was_not_asked_for_enlarges_images_twofold_at_most(caplog: pytest.LogCaptureFixture) -> None:
    dataset, space = load_input(load_space("mobile_cnn"), arrays(28), None, fixed=False)
    assert dataset.input_shape == space.input.shape[1:] == (1, 32, 32)
    assert said(caplog) == [
        "for images this small the input is 32×32; 64×64 would enlarge them more than twofold; "
        "`input_shape=(1, 64, 64)` for that size"
    ]


@pytest.mark.parametrize(("side", "shape", "fixed"), [(32, None, False), (28, (1, 64, 64), False), (28, None, True)])
def test_other_images_and_what_was_asked_for_keep_the_input(
    side: int, shape: tuple[int, int, int] | None, fixed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    dataset, _ = load_input(load_space("mobile_cnn"), arrays(side), shape, fixed=fixed)
    assert dataset.input_shape == (1, 64, 64)
    assert said(caplog) == []


def test_networks_that_forecast_have_a_skip_and_others_of_series_none(tmp_path: Path) -> None:
    rng, path = np.random.default_rng(0), tmp_path / "w.csv"
    path.write_text("\n".join(["rain,wind", *(f"{a:.3f},{b:.3f}" for a, b in rng.normal(size=(200, 2)))]), "utf-8")
    given = load_space("sequence_rnn")
    _, space = load_input(given, f"forecast:{path}:wind", None)
    assert space.head.skip and not given.head.skip
    _, space = load_input(given, "wrist_motion", None)
    assert not space.head.skip
