from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anenas._errors import AnenasError
from anenas.blocks import block_kinds
from anenas.space import read_space

WriteSpace = Callable[..., Path]

WIDTH_24 = "24 breaks the guideline 'widths are powers of two or multiples of 16'; the nearest is 16"


def message_of(path: Path) -> str:
    with pytest.raises(AnenasError) as raised:
        read_space(path)
    return str(raised.value)


def test_a_file_becomes_a_space(write_space: WriteSpace) -> None:
    space = read_space(write_space())
    assert space.name == "tiny"
    assert (space.input.height, space.stem.width, space.stages[0].depth) == (32, (16,), (1, 2))
    assert [(kind, options["kernel"]) for kind, options in space.stages[0].blocks.items()] == [
        ("mbconv", (3, 5)),
        ("uib", (3,)),
    ]
    assert (space.head.width, space.limits.size_mb, space.limits.latency_ms) == ((0, 128), 1.5, None)


def test_a_block_without_choices_has_its_defaults(write_space: WriteSpace) -> None:
    for written in ("conv:", "conv: {}", "conv: {kernel: 3}", "conv: {activation: [relu]}"):
        space = read_space(write_space(("\n    conv:", f"\n    {written}")))
        assert space.stem.blocks == {"conv": {"kernel": (3,), "activation": ("relu",)}}


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        # names that are not known
        (
            "stride: 2\n  blocks",
            "strides: 2\n  blocks",
            5,
            "stem.strides: unknown field 'strides'; did you mean stride?",
        ),
        ("head:", "haed:", 20, "haed: unknown field 'haed'; did you mean head or name?"),
        ("batch: 1", "bach: 1", 2, "input.bach: unknown field 'bach'; did you mean batch?"),
        (
            "kernel: [3",
            "kernal: [3",
            15,
            "stages[0].blocks.mbconv.kernal: unknown field 'kernal'; did you mean kernel?",
        ),
        (
            "mbconv:",
            "mbcnv:",
            14,
            "stages[0].blocks.mbcnv: unknown block 'mbcnv'; did you mean mbconv or conv or fusedmbconv? (if it is your "
            'own: import the file that registers it, or give it as `plugin="FILE"`)',
        ),
        ("size_mb", "sizes", 24, "limits.sizes: unknown field 'sizes'; did you mean size_mb?"),
        # values that are not legal
        ("[3, 5]", "[3, 4]", 15, "stages[0].blocks.mbconv.kernel[1]: expected 3, 5 or 7, got 4"),
        (
            "[3, 5]",
            "\n          - 3\n          - 4",
            17,
            "stages[0].blocks.mbconv.kernel[1]: expected 3, 5 or 7, got 4",
        ),
        (
            "[relu, silu]",
            "[relu, gelu]",
            22,
            "head.activation[1]: expected 'relu', 'relu6', 'hswish' or 'silu', got 'gelu'",
        ),
        ("stride: 2\n    blocks", "stride: 3\n    blocks", 11, "stages[0].stride: expected 1 or 2, got 3"),
        ("[1, 2]", "[1, 0]", 9, "stages[0].depth[1]: expected greater than or equal to 1, got 0"),
        ("size_mb: 1.5", "size_mb: 0", 24, "limits.size_mb: expected greater than 0, got 0"),
        # guidelines of the engine
        ("[16, 32]", "[16, 24]", 10, f"stages[0].width[1]: {WIDTH_24}"),
        ("width: 64", "width: 24", 17, f"stages[1].width[0]: {WIDTH_24}"),
        ("batch: 1", "batch: 3", 2, "input.batch: 3 breaks the guideline 'batch sizes are powers of two'"),
        ("height: 32", "height: 20000", 2, "input.height: 20000 breaks the guideline 'no dimension over 16,384'"),
        ("[0, 128]", "[0, 20000]", 21, "head.width[1]: 20000 breaks the guideline 'no dimension over 16,384'"),
        ("channels: 1", "channels: 0", 2, "input.channels: 0 is not a positive size"),
        # lists
        ("[3, 5]", "[]", 15, "stages[0].blocks.mbconv.kernel: expected at least one option, got an empty list"),
        ("[1, 2]", "[]", 9, "stages[0].depth: expected at least one option, got an empty list"),
        ("[3, 5]", "[3, 5, 3]", 15, "stages[0].blocks.mbconv.kernel: an option is listed twice in [3, 5, 3]"),
        ("[16, 32]", "[16, 16]", 10, "stages[0].width: an option is listed twice in [16, 16]"),
        # fields that are missing
        ("name: tiny\n", "", 1, "name: missing"),
        ("  width: 16\n", "", 3, "stem.width: missing"),
        ("    width: [16, 32]\n", "", 9, "stages[0].width: missing"),
        (
            "\n    conv:",
            " {}",
            6,
            "stem.blocks: expected at least one of " + ", ".join(sorted(block_kinds())),
        ),
        # values of another type
        ("name: tiny", "name: 3", 1, "name: expected a valid string, got 3"),
        ("width: 16", "width: wide", 4, "stem.width[0]: expected a valid integer, got 'wide'"),
        ("width: 16", "width: 16.0", 4, "stem.width[0]: expected a valid integer, got 16.0"),
        ("width: 16", "width: true", 4, "stem.width[0]: expected a valid integer, got True"),
        ("width: 16", "width:", 4, "stem.width[0]: expected a valid integer, got None"),
        ("{start_kernel: 3}", "3", 13, "stages[0].blocks.uib: expected a mapping, got 3"),
        (
            "1.5",
            "small",
            24,
            "limits.size_mb: expected a valid number, unable to parse string as a number, got 'small'",
        ),
        # a block that cannot do what the stage asks of it
        (
            "{start_kernel: 3}",
            "{start_kernel: 0, kernel: [0, 3]}",
            9,
            "stages[0]: block uib cannot have stride 2: "
            "with start_kernel 0 and kernel 0 it has no depthwise convolution to stride with",
        ),
    ],
)
def test_a_mistake_is_one_line_with_file_line_and_field(
    write_space: WriteSpace, old: str, new: str, line: int, problem: str
) -> None:
    path = write_space((old, new))
    assert message_of(path) == f"{path}:{line}: {problem}"


def test_every_mistake_is_told_at_once(write_space: WriteSpace) -> None:
    path = write_space(("batch: 1", "batch: 3"), ("[16, 32]", "[16, 24]"), ("[0, 128]", "[0, 100]"))
    assert [line.split(": ")[:2] for line in message_of(path).splitlines()] == [
        [f"{path}:2", "input.batch"],
        [f"{path}:10", "stages[0].width[1]"],
        [f"{path}:21", "head.width[1]"],
    ]


def test_a_mistake_behind_an_alias_is_told_where_it_is_written(write_space: WriteSpace) -> None:
    path = write_space(
        ("    blocks:\n      uib: {start_kernel: 3}", "    blocks: &them\n      uib: {start_kernel: 4}"),
        ("    blocks:\n      dsconv: {activation: [relu, hswish]}", "    blocks: *them"),
    )
    assert [line.split(": ")[0] for line in message_of(path).splitlines()] == [f"{path}:13", f"{path}:13"]


@pytest.mark.parametrize(
    ("stages", "problem"),
    [
        ("[]", "stages: expected 1 to 32 stages, got 0"),
        ("[" + 33 * "{width: 16, blocks: {conv: }}, " + "]", "stages: expected 1 to 32 stages, got 33"),
        ("3", "stages: expected a valid tuple, got 3"),
    ],
)
def test_there_must_be_some_stages(write_space: WriteSpace, stages: str, problem: str) -> None:
    path = write_space(text=f"name: tiny\nstem: {{width: 16, blocks: {{conv: }}}}\nstages: {stages}\n")
    assert message_of(path) == f"{path}:3: {problem}"


def test_a_space_without_stages_misses_them(write_space: WriteSpace) -> None:
    path = write_space(text="name: tiny\nstem: {width: 16, blocks: {conv: }}\n")
    assert message_of(path) == f"{path}:1: space: expected stages after the stem"


@pytest.mark.parametrize("name", ["a b", "", "-x", "../x", "é"])
def test_a_name_that_cannot_name_a_study_is_refused(write_space: WriteSpace, name: str) -> None:
    path = write_space(("name: tiny", f"name: '{name}'"))
    assert message_of(path).startswith(f"{path}:1: name: String should match pattern")


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("name: tiny\nstem: [1, 2\nstages: 3\n", 3, "not valid YAML: expected ',' or ']', but got ':'"),
        ("name: tiny\n\tstem: 1\n", 2, "not valid YAML: found character '\\t' that cannot start any token"),
        ("name: tiny\nstem: *nowhere\n", 2, "not valid YAML: found undefined alias 'nowhere'"),
        ("name: tiny\n---\nname: other\n", 2, "not valid YAML: but found another document"),
        ("name: !!python/object:os.system x\n", 1, "not valid YAML: could not determine a constructor for the tag"),
        ("name: tiny\nstem:\n  width: 16\n  width: 32\n", 4, "'width' is given twice"),
        ("name: tiny\nhead: {}\nhead: {}\n", 3, "'head' is given twice"),
        ("name: tiny\n1: 2\n", 2, "expected the name of a field"),
        ("name: tiny\nstem:\n  [a, b]: 2\n", 3, "expected the name of a field"),
        ("", 1, "expected a mapping with name, stem and stages; see `anenas space show mobile_cnn`"),
        ("- name: tiny\n", 1, "expected a mapping with name, stem and stages; see `anenas space show mobile_cnn`"),
        ("just words\n", 1, "expected a mapping with name, stem and stages; see `anenas space show mobile_cnn`"),
    ],
)
def test_what_is_no_yaml_or_no_mapping_is_told_with_its_line(
    write_space: WriteSpace, text: str, line: int, problem: str
) -> None:
    path = write_space(text=text)
    message = message_of(path)
    assert message.startswith(f"{path}:{line}: {problem}")
    assert "\n" not in message


def alias_bomb() -> str:
    """Nine levels of ten aliases each: a billion values once unfolded."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    return "\n".join(levels)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (alias_bomb(), 1, "more than 20,000 values"),
        ("name: &loop [*loop]", 1, "nested too deeply, or inside itself"),
        (f"name:\n  {5000 * '['}", 2, "nested too deeply"),
        ("name: a\nstem: 2024-99-99", 2, "not valid YAML: '2024-99-99': month must be in 1..12"),
        ("name: a\nstem: \0", 2, "not valid YAML: unacceptable character #x0000"),
    ],
)
def test_a_file_that_is_meant_to_break_readers_is_refused(
    write_space: WriteSpace, text: str, line: int, problem: str
) -> None:
    path = write_space(text=text)
    message = message_of(path)
    assert message.startswith(f"{path}:{line}: {problem}")
    assert "\n" not in message


def test_a_file_that_is_not_text_or_not_there_cannot_be_read(write_space: WriteSpace, tmp_path: Path) -> None:
    path = write_space()
    path.write_bytes(b"name: a\nstem: caf\xe9")
    assert message_of(path).startswith(f"{path}:2: cannot read the space: 'utf-8' codec can't decode byte 0xe9")
    missing = tmp_path / "missing.yaml"
    assert message_of(missing).startswith(f"cannot read the space {missing}: ")
    assert message_of(tmp_path).startswith(f"cannot read the space {tmp_path}: ")


SMALL = """\
name: small
input: {width: 64}
stem: {width: 16, blocks: {conv: }}
stages:
  - depth: [1, 2]
    width: 16
    stride: 2
    blocks: &some
      uib: {start_kernel: 3}
      mbconv: {se: [false, true]}
  - {width: 64, blocks: *some}
"""


@st.composite
def nearly_spaces(draw: st.DrawFn) -> str:
    """SMALL with some of it replaced, left out or put in."""
    text = SMALL
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        put_in = draw(
            st.sampled_from(["", *"[]{}:,-&*!|>'\"#%@?0~\n\t ", "<<: ", "&a ", "*a", "null", "1e9", "2001-01-01"])
        )
        text = text[:at] + put_in + text[at + draw(st.integers(0, 12)) :]
    return text


@given(nearly_spaces() | st.text())
def test_any_text_is_a_space_or_refused_with_the_name_of_the_file(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        space = read_space(path)
    except AnenasError as error:
        assert all(line.startswith((f"{path}:", f"cannot read the space {path}:")) for line in str(error).splitlines())
    else:
        assert space.size > 0
