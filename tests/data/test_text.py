from __future__ import annotations

import logging

import numpy as np
import pytest

from anenas._errors import AnenasError
from anenas.data import Encoding, InputFormat
from anenas.data._text import Texts, texts_of_arrays
from anenas.inputs import TEXTS

WORDS, CHARACTERS = Encoding("words", 64), Encoding("characters", 64)


def wanted(steps: int, *vocabulary: str, encoding: Encoding = WORDS) -> InputFormat:
    return InputFormat(TEXTS, steps=steps, encoding=encoding, vocabulary=vocabulary or None)


def test_ids_are_of_the_first_tokens_and_end_at_the_last_step() -> None:
    texts = Texts(("Cat dog cat", "dog, yak dog cat cat", "ant ant", "dog cat ant dog"))
    drawn = texts.draw(wanted(4, "dog", "cat"))
    assert (drawn.shape, drawn.dtype) == ((4, 1, 1, 4), np.float32)
    assert drawn[:, 0, 0].tolist() == [[0, 3, 2, 3], [2, 1, 2, 3], [0, 0, 1, 1], [2, 3, 1, 2]]
    assert texts.draw(wanted(2, "c", "a", " ", encoding=CHARACTERS))[:, 0, 0].tolist() == [
        [2, 3],
        [1, 1],
        [3, 1],
        [1, 1],
    ]


def test_texts_are_taken_by_their_places() -> None:
    texts = Texts(("a", "b", "c"))
    assert texts.take(np.array([2, 0, 2])).texts == ("c", "a", "c")
    assert (len(texts), texts.masked, texts.flip) == (3, True, False)


def test_the_vocabulary_is_learnt_unless_the_format_has_one() -> None:
    texts = Texts(("b a b", "c"))
    assert texts.settle(wanted(4), "mail") == wanted(4, "b", "a", "c")
    assert texts.settle(wanted(4, "z"), "mail") == wanted(4, "z")
    nothing = InputFormat(TEXTS, steps=4, encoding=WORDS, vocabulary=())
    assert texts.settle(nothing, "mail") == nothing


def told(
    caplog: pytest.LogCaptureFixture, train: tuple[str, ...], held: tuple[str, ...] = ("a",), **options: Encoding
) -> list[tuple[int, str]]:
    """What is told of training texts read in windows of four tokens, of which "a" and "b" are known."""
    caplog.clear()
    with caplog.at_level(logging.INFO, "anenas"):
        Texts(train).tell(Texts(held), wanted(4, "a", "b", **options))
    return [(record.levelno, record.getMessage()) for record in caplog.records]


def test_what_the_vocabulary_leaves_out_and_how_many_texts_are_cut_is_told(caplog: pytest.LogCaptureFixture) -> None:
    train = ("a b a b", "a b a b x", "a x y b a b a")  # three of sixteen, and two too long
    message = (
        "the vocabulary is the 2 most frequent {0}: {1} of those in the training texts and {2} in the validation texts "
        "are not in it; {3} of 3 training texts are longer than 4 {0} and are cut"
    )
    assert told(caplog, train, ("x a a", "z")) == [(logging.INFO, message.format("words", "18.8%", "50.0%", 2))]
    assert told(caplog, ("aab", "aa b", "x a b"), ("x a a", "z"), encoding=CHARACTERS) == [
        (logging.INFO, message.format("characters", "33.3%", "66.7%", 1))
    ]


def test_large_counts_of_texts_are_written_with_commas(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "anenas")
    known = tuple(f"w{i}" for i in range(1200))
    Texts((" ".join(known),) * 1500).tell(Texts(known), wanted(1100, *known))
    assert caplog.messages == [
        "the vocabulary is the 1,200 most frequent words: 0.0% of those in the training texts and 0.0% in the "
        "validation texts are not in it; 1,500 of 1,500 training texts are longer than 1,100 words and are cut"
    ]


@pytest.mark.parametrize(
    ("texts", "share"),
    [
        (("这个电影 5 6 7",), "100%"),
        (("这个 a", "电 b!!!",), "60%"),
        (("这个 a", "b 5"), None),  # half
        (("a b 这", "это"), None),
        (("그 영화는 정말",), None),  # Korean has blanks
        (("5 6",), None),
    ],
)  # fmt: skip
def test_texts_mostly_without_blanks_between_words_are_told_that_characters_suit_them(
    texts: tuple[str, ...], share: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    found = told(caplog, texts)[1:]
    assert (
        found
        == [
            (
                logging.WARNING,
                f"{share} of the letters are from a script without spaces between words, so a whole clause counts as "
                "one word: use characters for such texts, as in the space character_rnn",
            )
        ][: 1 if share else 0]
    )
    assert len(told(caplog, texts, encoding=CHARACTERS)) == 1


def test_emoji_are_no_words_which_is_told_with_the_number_of_texts(caplog: pytest.LogCaptureFixture) -> None:
    texts = ("a 👍🏽 👍", "b", "© b", "c + d = €5")
    assert told(caplog, texts)[1:] == [
        (
            logging.INFO,
            "2 of 4 training texts contain emoji or other symbols, which are not words and are left out; the space "
            "character_rnn, which uses characters, keeps them",
        )
    ]
    assert len(told(caplog, texts, encoding=CHARACTERS)) == 1
    assert "1,100 of 2,200 training texts contain emoji" in told(caplog, ("👍 a", "a") * 1100)[1][1]


def test_arrays_of_strings_are_texts() -> None:
    arrays = {"train_x": np.array(["a b", "c"]), "test_x": np.array(["d"])}
    found = texts_of_arrays("mail", arrays, arrays, wanted(4))
    assert {key: texts.texts for key, texts in found.items()} == {"train_x": ("a b", "c"), "test_x": ("d",)}
    assert all(type(text) is str for text in found["train_x"].texts)


@pytest.mark.parametrize(
    ("array", "encoding", "message"),
    [
        (np.zeros(3, np.uint8), WORDS, "train_x must be texts, (n,) strings, not uint8 (3,)"),
        (np.array([["a", "b"]]), WORDS, "train_x must be texts, (n,) strings, not <U1 (1, 2)"),
        (np.array([], "<U5"), WORDS, "train_x must be texts, (n,) strings, not <U5 (0,)"),
        (
            np.array(["a", "b", "?!", ""]),
            WORDS,
            "text 2 of train_x has no words, which are letters and numbers; leave it out",
        ),
        (np.array(["a", "?!", " "]), CHARACTERS, "text 2 of train_x has no characters; leave it out"),
    ],
)
def test_arrays_that_are_no_texts_are_told(array: np.ndarray, encoding: Encoding, message: str) -> None:
    with pytest.raises(AnenasError) as raised:
        texts_of_arrays("mail", {"train_x": array}, {}, wanted(4, encoding=encoding))
    assert str(raised.value) == f"mail: {message}"
