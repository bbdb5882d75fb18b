from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer.main
from hypothesis import given
from hypothesis import strategies as st

from anenas import AnenasError
from anenas.cli import app
from anenas.cli._words import _NAMES, as_typed


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by the words that run it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} ")
        else:
            yield before + name, command


COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize(
    ("command", "message", "expected"),
    [
        ("search", 'name yours with `data="wav:FOLDER"`', "name yours with --data wav:FOLDER"),
        ("search", "or `data=FILE`", "or --data FILE"),
        ("search", "wait for it, or use `new=True`", "wait for it, or use --new"),
        ("search", "choose another `study`, or `new`", "choose another --study, or --new"),
        ("search", "leave out `input_shape=…`", "leave out --input"),
        ("search", "`input_shape=(3, 224, 224)`", "--input 3x224x224"),
        ("search", "`max_size_mb=…` or `max_size_mb=10`", "--max-size or --max-size 10MB"),
        ("search", "`max_latency_ms=1.5`", "--max-latency 1.5ms"),
        ("search", "`inherit=False`", "--from-scratch"),
        ("search", '`flip=False`, or `augment="none"`', "--no-flip, or --augment none"),
        ("search", '`chip=["A15", "M2"]`', "--chip A15,M2"),
        ("search", '`study="my study"`', "--study 'my study'"),
        ("search", "`trials` must be more than 0", "--trials must be more than 0"),
        ("export", '`form="w8a8"`', "--compress w8a8"),
        ("export", '`study="mine"`', "mine"),
        ("front", "no such `study`", "no such STUDY"),
        ("compress", '`form="int8"`', "--to int8"),
    ],
)
def test_a_parameter_is_told_as_the_option_of_the_command(command: str, message: str, expected: str) -> None:
    assert as_typed(message, COMMANDS[command].params) == expected


@pytest.mark.parametrize(
    "message",
    [
        "`max_size_mb=10` and `form`",  # not options of `chips`
        "run `anenas search` first",
        "use `anenas export STUDY --compress w8a8`",
        "` `, `` and a lone `",
    ],
)
def test_what_is_no_parameter_of_the_command_stays(message: str) -> None:
    assert as_typed(message, COMMANDS["chips"].params) == message


@pytest.mark.parametrize("value", ["Dataset(x, y)", "None", "1 +", "{}"])
def test_a_value_that_cannot_be_typed_stays(value: str) -> None:
    assert as_typed(f"`data={value}`", COMMANDS["search"].params) == f"`data={value}`"
    assert as_typed("`new=False`", COMMANDS["search"].params) == "`new=False`"


@pytest.mark.parametrize("command", COMMANDS)
@given(message=st.text(st.sampled_from('`=, .aA1"_')))
def test_words_outside_of_backticks_are_kept(command: str, message: str) -> None:
    assert as_typed(message.replace("`", ""), COMMANDS[command].params) == message.replace("`", "")
    assert as_typed(message, COMMANDS[command].params).count("=") <= message.count("=")


@pytest.mark.parametrize("name", _NAMES.values())
def test_every_other_name_is_one_that_a_command_has(name: str) -> None:
    assert any(name == parameter.name for command in COMMANDS.values() for parameter in command.params)


def test_the_command_line_speaks_of_options(refusal: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    def load_space(name: str) -> None:
        raise AnenasError("expected `count=5`, `name=NAME` or `chip`")

    monkeypatch.setattr("anenas.space.load_space", load_space)
    line = refusal("space", "sample", "sample")
    assert line == "anenas: expected --count 5, NAME or `chip`\n"
