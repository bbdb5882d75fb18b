from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from anenas import inputs
from anenas._errors import AnenasError
from anenas.data import PARTS, Dataset, InputFormat, load_data

Write = Callable[..., Path]
random = np.random.default_rng(0)
# (n, T, C): the longer axis is the time.
SERIES = random.standard_normal((12, 20, 3)).astype(np.float32)
LABELS = np.arange(12) % 2


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of SERIES with arrays put in place of others; None leaves one out."""

    def write(**changed: Any) -> Path:
        arrays = {"train_x": SERIES, "train_y": LABELS, "test_x": SERIES[:4], "test_y": LABELS[:4]} | changed
        path = tmp_path / "motion.npz"
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    return write


def read(path: Path, **options: Any) -> Dataset:
    return load_data(path, InputFormat(inputs.SERIES, **options))


def shortened(lengths: list[int]) -> np.ndarray:
    """SERIES that end in NaN after so many steps."""
    series = SERIES[: len(lengths)].copy()
    for one, length in zip(series, lengths, strict=True):
        one[length:] = np.nan
    return series


@pytest.mark.parametrize(
    ("arrays", "shape"),
    [
        ({}, (3, 1, 20)),
        ({"train_x": SERIES.transpose(0, 2, 1), "test_x": SERIES[:4].transpose(0, 2, 1)}, (3, 1, 20)),
        ({"train_x": SERIES.astype(np.float64), "test_x": SERIES[:4].astype(np.float16)}, (3, 1, 20)),
        ({"train_x": SERIES[..., 0], "test_x": SERIES[:4, :, 0]}, (1, 1, 20)),
        ({"train_x": SERIES[:, :3], "test_x": SERIES[:4, :3], "layout": "ntc"}, (3, 1, 3)),
        ({"train_x": SERIES[:, :2], "test_x": SERIES[:4, :2], "layout": np.array("ntc")}, (3, 1, 2)),
    ],
)
def test_series_become_channels_by_steps(write: Write, arrays: dict[str, Any], shape: tuple[int, int, int]) -> None:
    dataset = read(write(**arrays))
    assert dataset.input_shape == shape
    assert dataset.test.inputs.dtype == np.float32
    np.testing.assert_allclose(dataset.test.inputs[1, 0, 0], SERIES[1, : shape[2], 0], rtol=1e-3)


def test_integers_are_scaled_channel_by_channel(write: Write) -> None:
    scale = np.array([0.5, 2, 10], np.float32)
    counts = np.rint(SERIES * 100).astype(np.int16)
    dataset = read(write(train_x=counts, test_x=counts[:4], scale=scale))
    np.testing.assert_array_equal(dataset.test.inputs[:, :, 0], (counts[:4] * scale).transpose(0, 2, 1))


def test_the_moments_bring_each_channel_to_mean_zero_and_deviation_one(write: Write) -> None:
    dataset = read(write(train_x=SERIES * [1, 10, 100] + [0, 5, -40]))
    mean, std = (255 * np.array(moment)[:, None, None] for moment in (dataset.mean, dataset.std))
    normalised = (dataset.train.inputs - mean) / std
    np.testing.assert_allclose(normalised.mean((0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(normalised.std((0, 2, 3)), 1, atol=1e-4)


def test_shorter_series_end_at_the_last_step_with_a_channel_that_says_where_they_are(write: Write) -> None:
    lengths = [20, 1, 13, 7]
    test = read(write(test_x=shortened(lengths))).test.inputs
    assert test.shape == (4, 4, 1, 20)
    for one, series, length in zip(test[:, :, 0], SERIES[:4], lengths, strict=True):
        np.testing.assert_array_equal(one[:3, 20 - length :], series[:length].T)
        np.testing.assert_array_equal(one[3], np.arange(20) >= 20 - length)
        assert not one[:, : 20 - length].any()


@pytest.mark.parametrize("lengths", [[20] * 12, [*range(9, 21)]])
def test_a_channel_that_counts_the_steps_is_told(
    write: Write, lengths: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    series, labels = shortened(lengths), LABELS[:12]
    series[..., 1] = np.where(np.isnan(series[..., 1]), np.nan, np.arange(20) / 50)
    assert read(write(train_x=series, train_y=labels)).masked == (lengths[0] < 20)
    (told,) = [line for line in caplog.messages if "evenly" in line]
    assert "the time of a step: 1; they are learnt from, so leave out what was not measured" in told


def test_a_channel_that_rises_from_a_start_of_its_own_in_each_series_counts_no_steps(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    series = SERIES.copy()
    series[..., 1] = series[:, :1, 1] + np.arange(20) / 50
    read(write(train_x=series))
    assert not [line for line in caplog.messages if "evenly" in line]


def test_series_of_one_length_have_no_such_channel(write: Write) -> None:
    dataset = read(write())
    assert (dataset.channels, dataset.masked) == (3, False)


def test_the_moments_of_masked_series_are_of_what_is_there_and_leave_the_mask_as_it_is(
    write: Write, tmp_path: Path
) -> None:
    train = shortened([20, 3, 13, 7] * 3) * [1, 10, 100] + [0, 500, -40]
    dataset = read(write(train_x=train, test_x=SERIES[:4]))
    dataset.save(tmp_path / "saved")
    for one in (dataset, Dataset.open(tmp_path / "saved", PARTS)):
        assert one.masked
        there = one.train.inputs[:, -1, 0] > 0
        values = one.train.inputs.transpose(1, 0, 2, 3)[:3, :, 0][:, there]
        np.testing.assert_allclose(one.mean[:3], values.mean(1) / 255, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(one.std[:3], values.std(1) / 255, rtol=1e-4)
        assert (one.mean[3], one.std[3]) == (0, 1 / 255)


def test_a_data_set_of_series_is_saved_and_opened_again(write: Write, tmp_path: Path) -> None:
    dataset = read(write())
    dataset.save(tmp_path / "saved")
    opened = Dataset.open(tmp_path / "saved", PARTS)
    assert (opened.fingerprint, opened.mean, opened.std) == (dataset.fingerprint, dataset.mean, dataset.std)
    np.testing.assert_array_equal(opened.train.inputs, dataset.train.inputs)


def test_a_validation_set_of_the_file_is_kept(write: Write) -> None:
    dataset = read(write(validation_x=SERIES[:6], validation_y=LABELS[:6]))
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (12, 6, 4)


def test_gaps_are_filled_with_the_value_before_them_and_counted(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    series = shortened([20, 20, 20, 12, *[20] * 8])
    series[3, 5:7, 1] = np.nan
    series[4, :2, 0] = np.nan
    dataset = read(write(train_x=series))
    expected = shortened([20, 20, 20, 12, *[20] * 8])
    expected[3, 5:7, 1] = SERIES[3, 4, 1]
    expected[4, :2, 0] = SERIES[4, 2, 0]
    assert dataset.fingerprint == read(write(train_x=expected)).fingerprint
    (line,) = caplog.messages
    assert line.endswith(
        "4 values are missing in 2 of 16 series (2 of channel 1, 2 of channel 0): filled with the previous value "
        "(at the start, with the first one)"
    )


without_channel, with_infinity, empty, constant = (SERIES.copy() for _ in range(4))
without_channel[3, :, 1] = np.nan
with_infinity[2, 0, 0] = np.inf
empty[4] = np.nan
constant[:, :, 1] = 7


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"train_x": without_channel}, "series 3 of train_x has no value of channel 1; leave it out"),
        ({"train_x": with_infinity}, "series 2 of train_x has an infinite value; replace it"),
        ({"train_x": empty}, "series 4 of train_x is empty; leave it out"),
        ({"train_x": constant}, "channel 1 of train_x is always 7; leave it out"),
        ({"train_x": SERIES + 1e5}, "channel 0 of train_x varies by 1.* around .*: subtract its mean"),
        ({"test_x": SERIES[:4, :, :2]}, "train_x holds series of 3 channels and 20 steps, but test_x of 2 and 20"),
        ({"test_x": SERIES[:4, :10]}, "but test_x of 3 and 10; give all the same shape, and pad shorter ones with NaN"),
        ({"train_x": SERIES[:, :3]}, r"train_x \(12, 3, 3\) may be \(n, T, C\) or \(n, C, T\); add an array layout"),
        ({"layout": "tnc"}, "layout is 'tnc'; expected ntc or nct"),
        ({"train_x": SERIES[..., None]}, r"train_x must be series, \(n, T, C\) or .*, not float32 \(12, 20, 3, 1\)"),
        ({"train_x": SERIES.astype(np.uint8)}, "train_x must be series, .* signed numbers, not uint8"),
        ({"train_x": SERIES[:0], "train_y": LABELS[:0]}, "train_x has no series"),
        ({"scale": np.ones(2)}, "scale has 2 numbers for 3 channels"),
        ({"train_y": LABELS[:5]}, "train_y must have 12 labels, one per example"),
        ({"validation_x": SERIES}, "has only one of validation_x and validation_y"),
        (
            {"train_x": random.standard_normal((4, 2500, 1)), "train_y": LABELS[:4]}
            | {"test_x": random.standard_normal((4, 2500, 1))},
            "series of 2,500 steps; at most 1,024 .*: cut them into windows, or keep one step in 3",
        ),
    ],
)
def test_what_is_wrong_with_series_is_told_in_one_line(write: Write, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(AnenasError, match=message) as raised:
        read(write(**arrays))
    assert "\n" not in str(raised.value)


def test_series_that_float16_does_not_hold_are_taken_as_they_are(write: Write) -> None:
    far = np.array([101_325.0, -1e6, 0.0], np.float32) + SERIES * np.array([700.0, 1e5, 1e6], np.float32)
    dataset = read(write(train_x=far, test_x=far[:4]))
    np.testing.assert_array_equal(dataset.test.inputs[:, :, 0], far[:4].transpose(0, 2, 1))


def test_a_space_of_the_other_kind_is_named(write: Write, tmp_path: Path) -> None:
    with pytest.raises(AnenasError, match=r"uint8 .* not float32; series need a space such as sequence_rnn"):
        load_data(write(), size=(32, 32))
    with pytest.raises(AnenasError, match="wrist_motion has series, not images: search with a space for series"):
        load_data("wrist_motion", size=(32, 32))
    with pytest.raises(AnenasError, match="fashion_mnist has images, not series: search with a space for images"):
        load_data("fashion_mnist", InputFormat(inputs.SERIES))


def test_series_are_not_resized(write: Write) -> None:
    assert read(write(), steps=20, channels=3).input_shape == (3, 1, 20)
    message = "motion has series of 3 channels and 20 steps, not 64 steps; series are never resized"
    with pytest.raises(AnenasError, match=message):
        read(write(), steps=64)
