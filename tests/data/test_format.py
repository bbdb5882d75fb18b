from __future__ import annotations

from pathlib import Path

import pytest

from anenas._errors import AnenasError
from anenas.data import AudioFormat, Encoding, InputFormat
from anenas.inputs import IMAGES, RECORDINGS, SERIES, TEXTS
from anenas.space import builtin_spaces, load_space

WORDS = Encoding("words", 64)


@pytest.mark.parametrize("size", [None, (0, 5), (5, 0), (-1, 5)])
def test_images_need_a_size_of_a_pixel_at_least(size: tuple[int, int] | None) -> None:
    with pytest.raises(AnenasError) as raised:
        InputFormat(IMAGES, size)
    assert str(raised.value) == f"size must be (height, width) of at least 1×1 pixels, not {size}"
    assert InputFormat(IMAGES, (1, 1)).size == (1, 1)
    assert InputFormat(SERIES, size).kind is SERIES


@pytest.mark.parametrize("name", ["channels", "steps", "rate"])
def test_counts_are_one_or_more_or_left_to_the_source(name: str) -> None:
    for value in (0, -3):
        with pytest.raises(AnenasError) as raised:
            InputFormat(SERIES, **{name: value})  # type: ignore[arg-type]
        assert str(raised.value) == f"{name} must be 1 or more, not {value}"
    for fine in (1, None):
        assert getattr(InputFormat(SERIES, **{name: fine}), name) == fine  # type: ignore[arg-type]


def test_by_default_broken_files_are_an_error_that_offers_to_leave_them_out() -> None:
    assert InputFormat(SERIES).skip_broken is False


def test_a_shape_is_a_size_of_images_and_channels_and_steps_of_all_else() -> None:
    assert InputFormat.of_shape(IMAGES, (3, 20, 30)) == InputFormat(IMAGES, (20, 30), 3)
    assert InputFormat.of_shape(SERIES, (6, 1, 128), columns=("x", "y")) == InputFormat(
        SERIES, channels=6, steps=128, columns=("x", "y")
    )
    assert InputFormat.of_shape(RECORDINGS, (1, 1, 900), rate=8000) == InputFormat(
        RECORDINGS, channels=1, steps=900, rate=8000
    )
    assert InputFormat.of_shape(TEXTS, (1, 1, 9), encoding=WORDS, vocabulary=("a", "b")) == InputFormat(
        TEXTS, channels=1, steps=9, encoding=WORDS, vocabulary=("a", "b")
    )


@pytest.mark.parametrize(
    ("space", "exactly", "loosely"),
    [
        # A space of grey images takes colours too until it is known what the data have; one of colours needs them.
        ("mobile_cnn", InputFormat(IMAGES, (64, 64), 1), InputFormat(IMAGES, (64, 64))),
        (
            "backbones",
            InputFormat(IMAGES, (224, 224), 3),
            InputFormat(IMAGES, (224, 224), 3, sizes=tuple((side, side) for side in (64, 96, 128, 160, 224))),
        ),
        ("sequence_rnn", InputFormat(SERIES, channels=6, steps=128), InputFormat(SERIES)),
        ("speech_crnn", InputFormat(RECORDINGS, channels=1, steps=16000, rate=8000), None),
        ("text_rnn", InputFormat(TEXTS, channels=1, steps=128, encoding=Encoding("words", 1024)), None),
        ("character_rnn", InputFormat(TEXTS, channels=1, steps=512, encoding=Encoding("characters", 1024)), None),
    ],
)
def test_a_space_takes_its_own_shape_of_which_series_and_grey_images_may_differ(
    space: str, exactly: InputFormat, loosely: InputFormat | None
) -> None:
    assert InputFormat.of_space(load_space(space), exact=True) == exactly
    assert InputFormat.of_space(load_space(space)) == (loosely or exactly)


def test_a_space_of_images_of_two_channels_takes_no_others(tmp_path: Path) -> None:
    text = builtin_spaces()["mobile_cnn"].read_text(encoding="utf-8")
    own = text.replace("{channels: 1, height: 64, width: 64", "{channels: 2, height: 64, width: 48")
    assert own != text
    (tmp_path / "own.yaml").write_text(own, encoding="utf-8")
    assert InputFormat.of_space(load_space(tmp_path / "own.yaml")) == InputFormat(IMAGES, (64, 48), 2)


def test_more_data_are_read_with_the_columns_that_the_first_had() -> None:
    wanted = InputFormat(SERIES, steps=7, columns=("a",))
    assert wanted.like({"columns": '["wind", "5"]'}) == InputFormat(SERIES, steps=7, columns=("wind", "5"))
    assert wanted.like({"input": "x"}) == wanted


def test_the_format_of_recordings_is_their_rate_and_length() -> None:
    assert InputFormat(RECORDINGS, rate=16000, steps=900).audio == AudioFormat(16000, 900)
    for missing in ({"rate": 16000}, {"steps": 900}):
        with pytest.raises(AnenasError) as raised:
            _ = InputFormat(RECORDINGS, **missing).audio  # type: ignore[arg-type]
        assert str(raised.value) == "recordings need a `rate`, in samples per second, and `steps`, in samples"


def test_the_format_of_texts_is_their_encoding_and_length() -> None:
    assert InputFormat(TEXTS, encoding=WORDS, steps=9).tokens == (WORDS, 9)
    for missing in ({"encoding": WORDS}, {"steps": 9}):
        with pytest.raises(AnenasError) as raised:
            _ = InputFormat(TEXTS, **missing).tokens  # type: ignore[arg-type]
        assert str(raised.value) == "texts need an `encoding`, and `steps`, in tokens"


@pytest.mark.parametrize(
    ("wanted", "metadata"),
    [
        (InputFormat(SERIES, steps=9), {}),
        (
            InputFormat(RECORDINGS, rate=16000, steps=900),
            {"sample_rate": "16000", "input": "a waveform from -1 to 1 at 16,000 Hz"},
        ),
        (InputFormat(TEXTS, encoding=WORDS, steps=9), {}),  # until its vocabulary is learnt
        (InputFormat(TEXTS, vocabulary=("a",), steps=9), {}),
        (
            InputFormat(TEXTS, encoding=WORDS, steps=9, vocabulary=("é", '"')),
            {"tokens": "words", "vocabulary": '["é", "\\""]'},
        ),
        (InputFormat(TEXTS, encoding=WORDS, steps=9, vocabulary=()), {"tokens": "words", "vocabulary": "[]"}),
        (InputFormat(IMAGES, (8, 8), ranges=(("float", -1.5, 2),)), {"ranges": '[["float", -1.5, 2]]'}),
    ],
)
def test_users_of_a_model_are_told_of_rate_vocabulary_and_ranges(wanted: InputFormat, metadata: dict[str, str]) -> None:
    assert wanted.metadata == metadata


def test_ranges_that_a_model_was_trained_with_are_read_back() -> None:
    wanted = InputFormat(IMAGES, (8, 9), ranges=(("float", 0, 1),))
    trained = InputFormat(IMAGES, (8, 9), ranges=(("integer", 0, 65535), ("float", -0.5, 2)))
    assert wanted.trained_with(trained.metadata) == trained
    assert wanted.trained_with({"tokens": "words"}) == wanted


@pytest.mark.parametrize(
    "damaged",
    ["", "3", "[3]", '[["integer", 0]]', '[["integer", 0, "x"]]', f'[["float", 0, 1{"0" * 400}]]', "[" * 10_000],
)
def test_ranges_that_are_none_are_told_in_one_line(damaged: str) -> None:
    with pytest.raises(AnenasError, match=r"^the model's metadata have no value ranges for its images: .+$") as raised:
        InputFormat(IMAGES, (8, 8)).trained_with({"ranges": damaged})
    assert "\n" not in str(raised.value)
