from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas.data._encoding import FIRST, PADDING, UNKNOWN, Encoding, is_unspaced

WORDS, CHARACTERS = Encoding("words", 64), Encoding("characters", 64)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Two for ONE, stock-split!", ["two", "for", "one", "stock", "split"]),
        ("don't_stop", ["don", "t", "stop"]),
        ("caf\u0065\u0301 Straße №5 x²", ["café", "straße", "5", "x²"]),
        ("日本語 नमस्ते", ["日本語", "नमस्ते"]),
        ("a\tb\nc\x85d\u00a0e", ["a", "b", "c", "d", "e"]),
        ("👍yes🎉", ["yes"]),
        (" ,.\n", []),
        ("", []),
    ],
)
def test_words_are_lower_cased_runs_of_letters_marks_and_numbers(text: str, words: list[str]) -> None:
    assert WORDS.split(text) == words


def test_characters_are_code_points_and_white_space_is_one_blank() -> None:
    assert CHARACTERS.split("  A\t\u2003b!\n\nC ") == ["a", " ", "b", "!", " ", "c"]
    assert CHARACTERS.split("É👍\u200d_") == ["é", "👍", "\u200d", "_"]
    assert CHARACTERS.split(" \n") == CHARACTERS.split("") == []


@pytest.mark.parametrize("white", ["\t", "\n", "\v", "\f", "\r", "\x85", "\u00a0", "\u2028", "\u2029", "\u3000"])
def test_all_that_apple_counts_as_white_space_is_a_blank(white: str) -> None:
    assert CHARACTERS.split(f"{white}a{white}{white}b{white}") == ["a", " ", "b"]


@given(st.text())
def test_splitting_forgets_case_and_composition(text: str) -> None:
    for encoding in (WORDS, CHARACTERS):
        tokens = encoding.split(text)
        assert all(tokens)
        assert encoding.split(unicodedata.normalize("NFD", text.lower())) == tokens


def test_the_vocabulary_is_the_most_frequent_tokens_and_equally_frequent_ones_by_code_point() -> None:
    assert WORDS.learn(["b a b", "c a b"]) == ("b", "a", "c")
    assert WORDS.learn(["z é b", "a z"]) == ("z", "a", "b", "é")
    assert CHARACTERS.learn(["Aab", "c c"]) == ("a", "c", " ", "b")


def test_the_vocabulary_leaves_room_for_padding_and_unknown() -> None:
    many = [" ".join(f"w{i:03}" for i in range(200))]
    assert WORDS.learn(many) == tuple(f"w{i:03}" for i in range(62))
    assert Encoding("words", 3).learn(["b b a"]) == ("b",)
    assert (PADDING, UNKNOWN, FIRST) == (0, 1, 2)  # as bundles have them in Swift


def test_what_a_text_lacks_is_said_of_the_tokens_that_are_read() -> None:
    assert WORDS.nothing == "no words, which are letters and numbers"
    assert CHARACTERS.nothing == "no characters"


@pytest.mark.parametrize(("letters", "unspaced"), [("这のカไລកမ", True), ("aéяاह그0 \ue000", False)])
def test_scripts_without_blanks_between_words_are_known(letters: str, unspaced: bool) -> None:
    assert {letter: is_unspaced(letter) for letter in letters} == dict.fromkeys(letters, unspaced)
