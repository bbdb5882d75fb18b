from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from anenas._errors import AnenasError
from anenas.blocks import ACTIVATIONS, SequenceBlock, Value, block_kinds
from anenas.space import Architecture, SearchSpace, load_space, read_space

WriteSpace = Callable[..., Path]


def some(options: Sequence[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(options), min_size=1, max_size=2, unique=True)


@st.composite
def stage_specs(draw: st.DrawFn) -> dict[str, Any]:
    blocks = {}
    for kind in draw(some(sorted(k for k, block in block_kinds().items() if not issubclass(block, SequenceBlock)))):
        choices = block_kinds()[kind].choices()
        blocks[kind] = draw(st.fixed_dictionaries({}, optional={c.name: some(c.options) for c in choices}))
    combinations = [
        block_kinds()[kind](**dict(zip(options, values, strict=True)))
        for kind, options in blocks.items()
        for values in itertools.product(*options.values())
    ]
    strides = [stride for stride in (1, 2) if not any(block.problem(stride) for block in combinations)]
    assume(strides)
    stride = draw(st.sampled_from(strides))
    return {"depth": draw(some(range(1, 5))), "width": draw(some([16, 32, 48])), "stride": stride, "blocks": blocks}


@st.composite
def small_spaces(draw: st.DrawFn) -> SearchSpace:
    """Spaces of few choices: at most some hundred architectures."""
    space = SearchSpace.model_validate(
        {
            "name": "small",
            "input": {"channels": draw(st.sampled_from([1, 3])), "batch": draw(st.sampled_from([1, 2]))},
            "stem": {"width": 16, "blocks": {"conv": {}}},
            "stages": draw(st.lists(stage_specs(), min_size=1, max_size=2)),
            "head": {"width": draw(some([0, 64, 128])), "activation": draw(some(ACTIVATIONS))},
        }
    )
    assume(space.size <= 300)
    return space


def answer(space: SearchSpace, answers: tuple[int, ...]) -> tuple[Architecture, list[int]]:
    """The architecture of these answers, the first option where they end; and how many options there were each time."""
    asked: list[int] = []

    def pick(name: str, options: Sequence[Value]) -> Value:
        asked.append(len(options))
        return options[answers[len(asked) - 1]] if len(asked) <= len(answers) else options[0]

    return space.decide(pick, classes=10), asked


def every(space: SearchSpace) -> Iterator[Architecture]:
    """Each architecture of a space once, by answering every question in every way."""
    pending: list[tuple[int, ...]] = [()]
    while pending:
        answers = pending.pop()
        architecture, asked = answer(space, answers)
        yield architecture
        for i in range(len(answers), len(asked)):
            pending += [(*answers, *[0] * (i - len(answers)), other) for other in range(1, asked[i])]


def make(space: SearchSpace, decisions: dict[str, Value]) -> tuple[Architecture, list[str]]:
    """The architecture of these decisions, and the names of those that were asked for."""
    asked: list[str] = []

    def pick(name: str, options: Sequence[Value]) -> Value:
        asked.append(name)
        return decisions[name]

    return space.decide(pick, classes=10), asked


seeds = st.integers(0, 2**32).map(random.Random)


@given(small_spaces())
def test_the_size_is_the_number_of_distinct_architectures(space: SearchSpace) -> None:
    texts = [str(architecture) for architecture in every(space)]
    assert len(texts) == len(set(texts)) == space.size


@given(small_spaces())
def test_every_architecture_is_in_its_space_and_made_by_its_decisions(space: SearchSpace) -> None:
    for architecture in every(space):
        decisions = space.decisions(architecture)
        assert architecture in space
        assert make(space, decisions) == (architecture, list(decisions))


@given(small_spaces(), st.integers())
def test_a_sample_is_in_the_space_and_the_same_for_the_same_seed(space: SearchSpace, seed: int) -> None:
    first, again = (space.sample(random.Random(seed), classes=7) for _ in range(2))
    assert first == again
    assert first in space
    assert first.head.classes == 7


@given(small_spaces(), seeds)
def test_a_mutation_is_another_architecture_of_the_space(space: SearchSpace, rng: random.Random) -> None:
    assume(space.size > 1)
    before = space.sample(rng, classes=3)
    after = space.mutate(before, rng)
    assert after != before
    assert after in space
    assert after.head.classes == 3


def test_a_mutation_changes_one_decision_and_what_hangs_on_it(write_space: WriteSpace) -> None:
    space = read_space(write_space())
    rng = random.Random(0)
    for _ in range(200):
        before = space.sample(rng)
        old, new = space.decisions(before), space.decisions(space.mutate(before, rng))
        changed = [name for name in old if name in new and old[name] != new[name]]
        assert len(changed) == 1
        appeared = new.keys() - old.keys()
        if changed == ["stage1.block"]:
            assert all(name.startswith(f"stage1.{new['stage1.block']}.") for name in appeared)
        elif changed == ["head.width"]:
            assert appeared <= {"head.activation"}
        else:
            assert not appeared


def test_mutations_reach_every_architecture(write_space: WriteSpace) -> None:
    space = read_space(write_space(("depth: [1, 2]", "depth: 1"), ("se: [false, true]", "se: true")))
    rng = random.Random(0)
    architecture = space.sample(rng)
    met = {architecture}
    for _ in range(40 * space.size):
        architecture = space.mutate(architecture, rng)
        met.add(architecture)
    assert len(met) == space.size


def test_a_sample_draws_every_option(write_space: WriteSpace) -> None:
    space = read_space(write_space())
    rng = random.Random(0)
    drawn = {decision for _ in range(200) for decision in space.decisions(space.sample(rng)).items()}
    offered: set[tuple[str, Value]] = set()

    def note(name: str, options: Sequence[Value]) -> Value:
        offered.update((name, option) for option in options)
        return options[-1]

    space.decide(note, classes=2)
    assert offered <= drawn


def test_a_space_of_one_architecture_cannot_be_mutated() -> None:
    conv = {"width": 16, "blocks": {"conv": {}}}
    space = SearchSpace.model_validate({"name": "one", "stem": conv, "stages": [conv]})
    assert space.size == 1
    with pytest.raises(ValueError, match="'one' holds one architecture only"):
        space.mutate(space.sample(random.Random(0)), random.Random(0))


STRANGE = {
    "another input": ("1x1x32x32", "1x1x64x64"),
    "another stem": ("conv_r1_s2_c16", "conv_r1_s2_c32"),
    "another stride": ("uib_r1_s2", "uib_r1_s1"),
    "a depth that is not offered": ("uib_r1", "uib_r3"),
    "a block that is not offered": ("uib_r1_s2_c16_a3_k3_e4", "conv_r1_s2_c16_k3"),
    "a choice that is not offered": ("a3_k3", "a3_k5"),
    "a stage fewer": ("-dsconv_r1_s1_c64_k3_relu", ""),
    "a stage more": ("-head", "-conv_r1_s1_c16_k3_relu-head"),
    "another layer in the head": ("head_c128", "head_c256"),
    "another activation in the head": ("head_c128_relu", "head_c128_hswish"),
}


@pytest.mark.parametrize(("old", "new"), STRANGE.values(), ids=STRANGE)
def test_an_architecture_of_another_space_is_not_in_it(write_space: WriteSpace, old: str, new: str) -> None:
    space = read_space(write_space())
    member = "1x1x32x32-conv_r1_s2_c16_k3_relu-uib_r1_s2_c16_a3_k3_e4_relu-dsconv_r1_s1_c64_k3_relu-head_c128_relu_n10"
    assert Architecture.parse(member) in space
    assert old in member
    strange = Architecture.parse(member.replace(old, new))
    assert strange not in space
    with pytest.raises(ValueError, match="'tiny'"):
        space.decisions(strange)


def test_only_architectures_are_in_a_space(write_space: WriteSpace) -> None:
    assert "1x1x32x32-conv_r1_s2_c16_k3_relu-head_n10" not in read_space(write_space())


def test_every_decision_has_a_name_of_its_own(write_space: WriteSpace) -> None:
    asked = []

    def note(name: str, options: Sequence[Value]) -> Value:
        asked.append(name)
        return options[-1]

    read_space(write_space()).decide(note, classes=2)
    assert asked == [
        *("stem.depth", "stem.width", "stem.block", "stem.conv.kernel", "stem.conv.activation"),
        *("stage1.depth", "stage1.width", "stage1.block"),
        *("stage1.uib.start_kernel", "stage1.uib.kernel", "stage1.uib.expansion", "stage1.uib.activation"),
        *("stage2.depth", "stage2.width", "stage2.block", "stage2.dsconv.kernel", "stage2.dsconv.activation"),
        *("head.width", "head.activation"),
    ]


def test_another_input_changes_nothing_else(write_space: WriteSpace) -> None:
    space = read_space(write_space(("batch: 1", "batch: 4")))
    other = space.with_input(3, 128, 96)
    assert other.sample(random.Random(0)).input == (4, 3, 128, 96)
    assert other.size == space.size
    assert other.with_input(1, 32, 32) == space
    with pytest.raises(ValidationError, match="20000 breaks the guideline 'no dimension over 16,384'"):
        space.with_input(3, 20_000, 96)


@pytest.mark.parametrize(
    "change",
    [
        ("{channels: 1, height: 32, width: 32, batch: 1}", "\n  width: 32  # wide\n  channels: 1\n  height: 32"),
        ("width: 16\n  stride: 2", "stride: 2\n  width: [16]"),
        ("\n    conv:", "\n    conv: {kernel: 3, activation: relu}"),
        ("name: tiny", "name: other\ndescription: the same choices"),
        ("size_mb: 1.5", "latency_ms: 3"),
        ("[false, true]", "[no, yes]"),
    ],
)
def test_the_digest_stays_when_the_same_choices_are_written_another_way(
    write_space: WriteSpace, change: tuple[str, str]
) -> None:
    assert read_space(write_space(change)).digest == read_space(write_space()).digest


@pytest.mark.parametrize(
    "change",
    [
        ("channels: 1", "channels: 3"),
        ("batch: 1", "batch: 2"),
        ("width: 16\n  stride: 2", "width: 16"),
        ("[16, 32]", "[16, 48]"),
        ("kernel: [3, 5]", "kernel: [3, 7]"),
        ("uib: {start_kernel: 3}", "uib: {start_kernel: 5}"),
        ("[0, 128]", "[128]"),
    ],
)
def test_the_digest_changes_with_the_choices(write_space: WriteSpace, change: tuple[str, str]) -> None:
    assert read_space(write_space(change)).digest != read_space(write_space()).digest


def test_the_digest_does_not_depend_on_what_was_asked_before(write_space: WriteSpace) -> None:
    space = read_space(write_space())
    before = space.digest
    assert space.size > 1
    assert space.digest == before


def test_limits_say_by_what_share_they_are_missed(write_space: WriteSpace) -> None:
    limits = read_space(write_space(("size_mb: 1.5", "size_mb: 2\n  latency_ms: 0.5\n  residency: 0.8"))).limits
    assert (
        limits.violation("size_mb", 2) == limits.violation("latency_ms", 0.1) == limits.violation("residency", 1) == 0
    )
    assert limits.violation("size_mb", 3) == pytest.approx(0.5)
    assert limits.violation("latency_ms", 1) == pytest.approx(1)
    assert limits.violation("residency", 0.6) == pytest.approx(0.25)


@pytest.mark.parametrize("name", ["size_mb", "latency_ms", "macs", "params", "residency", "accuracy"])
def test_what_has_no_limit_is_never_missed(write_space: WriteSpace, name: str) -> None:
    unlimited = read_space(write_space(("limits:\n  size_mb: 1.5\n", ""))).limits
    assert unlimited.violation(name, 1e9) == unlimited.violation(name, 0) == 0


def series(steps: int = 64, **stage: Any) -> dict[str, Any]:
    """A space of series with one stage behind a stem that strides."""
    return {
        "name": "series",
        "input": {"channels": 6, "steps": steps},
        "stem": {"width": 16, "stride": 2, "blocks": {"tcn": {}}},
        "stages": [{"width": [16, 32], "blocks": {"min_gru": {}, "unrolled_gru": {}}} | stage],
        "head": {"pool": ["mean", "max", "last"], "width": [0, 64]},
    }


def test_a_space_of_series_makes_architectures_of_one_row() -> None:
    space = SearchSpace.model_validate(series())
    architectures = list(every(space))
    assert len({str(a) for a in architectures}) == space.size == 2 * 2 * 3 * 2
    assert {a.input for a in architectures} == {(1, 6, 1, 64)}
    assert {a.head.pool for a in architectures} == {"mean", "max", "last"}
    for architecture in architectures:
        assert Architecture.parse(str(architecture)) == architecture in space
        assert make(space, space.decisions(architecture))[0] == architecture


def test_a_space_of_images_is_not_asked_for_its_pooling(write_space: WriteSpace) -> None:
    space = read_space(write_space())
    assert "head.pool" not in space.decisions(space.sample(random.Random(0)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"input": {"steps": 1025}},
            "1,025 breaks the guideline 'block size, the length of a sequence",
        ),
        ({"input": {"steps": 0}}, "0 is not a positive size"),
        ({"input": {"steps": "many"}}, "valid integer"),
        ({"input": {"steps": 64, "height": 64}}, "expected height and width, of images, or steps, of series, or"),
        ({"input": {"steps": 66}}, "stage1: block unrolled_gru takes 32 steps at most, got 33: stride before it"),
        ({"stages": [{"width": 16, "blocks": {"conv": {}}}]}, "stage1: block conv works on images; for series there"),
        ({"forms": ["fp16", "w8a8"]}, "forms: w8a8 is for blocks of images, and stem has tcn; leave one of them out"),
        (
            {"forms": ["int8"], "stages": [{"width": 16, "blocks": {"sru": {}, "gru": {}}}]},
            "forms: coremltools does not compress block gru of stage1; leave one of them out",
        ),
        (
            {"input": {"steps": 64, "masked": True}},
            "masked: expected series of two channels and more, the last of which",
        ),
        ({"input": {"channels": 3, "masked": True}}, "masked: expected series of two channels and more"),
        (
            {"input": {"channels": 3, "steps": 64, "masked": True}, "head": {"skip": True}},
            "head.skip: only series of equal length have a last step to begin with",
        ),
        ({"input": {"height": 64}}, "stem: block tcn works on series, (N, C, 1, T), and the input is 64 high"),
    ],
)
def test_what_does_not_fit_series_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SearchSpace.model_validate(series() | change)
    assert message in str(raised.value)


def test_an_image_has_no_last_step(write_space: WriteSpace) -> None:
    with pytest.raises(AnenasError, match="only series have a last step; expected mean or max"):
        read_space(write_space(("  width: [0, 128]", "  pool: last\n  width: [0, 128]")))


def test_a_space_of_series_takes_another_length_where_its_blocks_do() -> None:
    space = SearchSpace.model_validate(series())
    assert space.with_input(3, 1, 50).sample(random.Random(0)).input == (1, 3, 1, 50)
    with pytest.raises(ValidationError, match="unrolled_gru takes 32 steps at most, got 50"):
        space.with_input(3, 1, 100)
    with pytest.raises(ValidationError, match="the input is 8 high"):
        space.with_input(3, 8, 8)


def test_a_space_without_the_blocks_that_an_input_is_too_long_for() -> None:
    space = load_space("sequence_rnn")
    assert space.fitting(1, 128) == (space, [])
    with pytest.raises(ValidationError, match="unrolled_gru takes 32 steps at most"):
        space.with_input(3, 1, 200)
    fitting, left_out = space.fitting(1, 200)
    assert left_out == ["unrolled_gru of stage2", "unrolled_lstm of stage2"]
    longer = fitting.with_input(3, 1, 200)
    assert all(longer.sample(random.Random(i)) in longer for i in range(20))
    assert longer.digest != space.with_input(3, 1, 128).digest
    assert "unrolled" not in longer.model_dump_json(exclude_none=True)


def test_patches_that_are_too_many_leave_rows() -> None:
    fitting, left_out = load_space("mobile_crnn").fitting(512, 512)
    assert left_out == ["patches of stage3"]
    assert fitting.with_input(3, 512, 512).size < load_space("mobile_crnn").size


def test_a_stage_keeps_its_blocks_where_none_fits() -> None:
    space = load_space("sequence_rnn")
    assert space.fitting(32, 32) == (space, [])


def test_a_masked_input_makes_masked_networks_and_is_another_space() -> None:
    plain = SearchSpace.model_validate(series())
    space = plain.with_input(7, 1, 29, masked=True)
    drawn = space.sample(random.Random(0))
    assert str(drawn).startswith("1x7x1x29_masked-")
    assert Architecture.parse(str(drawn)) == drawn and drawn in space
    assert drawn not in plain.with_input(7, 1, 29)
    assert space.mutate(drawn, random.Random(0)) in space
    assert space.digest != plain.with_input(7, 1, 29).digest


def test_a_space_with_a_skip_makes_networks_with_one_and_is_another_space() -> None:
    plain = SearchSpace.model_validate(series())
    space = plain.with_skip()
    drawn = space.sample(random.Random(0), classes=2)
    assert str(drawn).endswith("_skip_n2") and Architecture.parse(str(drawn)) == drawn
    assert drawn in space and drawn not in plain
    assert space.mutate(drawn, random.Random(0)).head.skip
    assert space.digest != plain.digest == space.with_skip(False).digest
    assert plain.with_skip(False) is plain
    with pytest.raises(ValidationError, match=r"head\.skip: only series of equal length"):
        load_space("mobile_cnn").with_skip()


def test_the_built_in_space_of_series_loads_and_offers_both_kinds_of_recurrence() -> None:
    space = load_space("sequence_rnn")
    kinds = {kind for _, spec in space.named_stages() for kind in spec.blocks}
    assert kinds == {"tcn", "min_gru", "sru", "qrnn", "unrolled_gru", "unrolled_lstm", "gru", "lstm"}
    assert space.input.shape == (1, 6, 1, 128)


def test_forms_are_one_more_choice() -> None:
    plain = load_space("mobile_cnn")
    space = plain.model_copy(update={"forms": ("fp16", "int8", "palette4")})
    assert space.size == 3 * plain.size
    assert space.digest != plain.digest
    rng = random.Random(0)
    drawn = [space.sample(rng) for _ in range(50)]
    assert {architecture.form for architecture in drawn} == {"fp16", "int8", "palette4"}
    for architecture in drawn:
        assert space.decisions(architecture)["form"] == architecture.form
        assert space.mutate(architecture, rng) in space
        assert (architecture in plain) == (architecture.form == "fp16")


def test_forms_are_a_choice_of_series_too() -> None:
    space = SearchSpace.model_validate(series() | {"forms": ["fp16", "palette4"]})
    assert {space.sample(random.Random(seed)).form for seed in range(9)} == {"fp16", "palette4"}


def test_a_space_without_forms_asks_nothing_of_them() -> None:
    space = load_space("mobile_cnn")
    architecture = space.sample(random.Random(0))
    assert "form" not in space.decisions(architecture)
    assert space.digest == space.model_copy(update={"forms": ("fp16",)}).digest


def test_one_form_may_be_all_there_is() -> None:
    space = load_space("mobile_cnn").model_copy(update={"forms": ("int8",)})
    assert space.size == load_space("mobile_cnn").size
    assert space.sample(random.Random(0)).form == "int8"


def texts(**change: Any) -> dict[str, Any]:
    """A space of texts with one stage behind its embedding."""
    return (
        series()
        | {
            "input": {"tokens": "words", "steps": 128},
            "stem": {"width": [32, 64], "blocks": {"embedding": {"vocabulary": 512, "lookup": ["onehot", "gather"]}}},
            "stages": [{"width": [16, 32], "blocks": {"min_gru": {}}}],
        }
        | change
    )


def test_a_space_of_texts_knows_its_vocabulary_and_keeps_its_tokens_at_another_length() -> None:
    space = SearchSpace.model_validate(texts())
    assert (space.input.shape, space.input.tokens, space.vocabulary) == ((1, 1, 1, 128), "words", 512)
    assert space.sample(random.Random(0)).raw
    longer = space.with_input(1, 1, 256)
    assert (longer.input.shape, longer.input.tokens, longer.vocabulary) == ((1, 1, 1, 256), "words", 512)
    assert SearchSpace.model_validate(series()).vocabulary is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": {"tokens": "words", "steps": 1025}}, "1,025 breaks the guideline 'block size"),
        ({"input": {"tokens": "syllables", "steps": 64}}, "'words' or 'characters'"),
        ({"input": {"tokens": "words"}}, "expected texts, which have tokens, to have steps and one channel"),
        ({"input": {"tokens": "words", "steps": 64, "channels": 2}}, "to have steps and one channel"),
        ({"input": {"steps": 64}}, "stem: block embedding takes texts; add tokens to the input: words or characters"),
        (
            {"stem": {"width": 32, "blocks": {"embedding": {"vocabulary": 1000}}}},
            "1000 breaks the guideline 'a vocabulary is a multiple of 64",
        ),
        ({"stem": {"width": 32, "blocks": {"embedding": {"vocabulary": 64.0}}}}, "64.0 breaks the guideline"),
        ({"stem": {"width": 32, "blocks": {"embedding": {"vocabulary": [64, 128]}}}}, "no other, and one vocabulary"),
        ({"stem": {"width": 32, "blocks": {"embedding": {}, "tcn": {}}}}, "texts need the block embedding, no other"),
        ({"stem": {"width": 32, "blocks": {"tcn": {}}}}, "texts need the block embedding, no other"),
        ({"stem": {"width": 32, "depth": 2, "blocks": {"embedding": {}}}}, "it can only be the first, once"),
        ({"stem": {"width": 32, "stride": 2, "blocks": {"embedding": {}}}}, "it never strides"),
        ({"stages": [{"width": 32, "blocks": {"embedding": {}}}]}, "stage1: block embedding takes the network's input"),
    ],
)
def test_what_does_not_fit_texts_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SearchSpace.model_validate(texts(**change))
    assert message in str(raised.value)


def waveforms(**input_spec: Any) -> dict[str, Any]:
    return {
        "name": "spoken",
        "input": {"samples": 4000} | input_spec,
        "stem": {"width": 32, "blocks": {"log_mel": {"rate": 16000, "hop": [128, 160]}}},
        "stages": [{"width": 16, "stride": 2, "blocks": {"tcn": {}, "unrolled_gru": {}}}],
    }


def test_a_space_of_waveforms_has_their_rate() -> None:
    space = SearchSpace.model_validate(waveforms())
    assert (space.rate, space.input.shape) == (16000, (1, 1, 1, 4000))
    assert space.with_input(1, 1, 2000).input.samples == 2000
    architecture = space.sample(random.Random(0))
    assert architecture.rate == 16000 and Architecture.parse(str(architecture)) == architecture in space
    assert SearchSpace.model_validate(series()).rate is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input": {"samples": 16_385}}, "breaks the guideline 'no dimension over 16,384'"),
        ({"input": {"samples": 4000, "steps": 4}}, "expected height and width, of images, or steps, of series, or"),
        ({"input": {"samples": 4000, "channels": 2}}, "stem: block log_mel takes the network's input, of one channel"),
        ({"input": {"samples": 200}}, "stem: block log_mel takes 384 samples at least, got 200"),
        ({"input": {"samples": 16_000}}, "stage1: block unrolled_gru takes 32 steps at most, got 63"),
        ({"input": {"steps": 1000}}, "stem: block log_mel takes recordings; give the input samples"),
        ({"stem": {"width": 32, "blocks": {"log_mel": {"rate": [8000, 16000]}}}}, "need the block log_mel, no other"),
        ({"stem": {"width": 32, "blocks": {"log_mel": {}, "tcn": {}}}}, "need the block log_mel, no other"),
        ({"stem": {"width": 32, "depth": [1, 2], "blocks": {"log_mel": {}}}}, "it can only be the first, once"),
    ],
)
def test_what_does_not_fit_waveforms_is_told(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        SearchSpace.model_validate(waveforms() | change)
    assert message in str(raised.value)


def branching(write_space: WriteSpace, cut: str, width: str = "same") -> SearchSpace:
    return read_space(write_space(("  - width: 64\n", f"  - width: {width}\n"), ("head:\n", f"cut: {cut}\nhead:\n")))


def test_a_stage_may_have_the_width_of_the_one_before_it(write_space: WriteSpace) -> None:
    space = branching(write_space, "2")
    architectures = list(every(space))
    assert {a.stages[1].width for a in architectures} == {16, 32}
    assert all(a.stages[2].width == a.stages[1].width for a in architectures)
    assert len(set(architectures)) == len(architectures) == space.size
    assert all(a in space for a in architectures)


def test_a_network_may_end_after_each_of_the_stages_of_a_cut(write_space: WriteSpace) -> None:
    whole, space = read_space(write_space()), branching(write_space, "[2, 1]", width="64")
    architectures = list(every(space))
    assert {len(a.stages) - 1 for a in architectures} == {1, 2}
    assert len(set(architectures)) == len(architectures) == space.size
    assert space.size > whole.size and space.digest != whole.digest
    rng = random.Random(0)
    for architecture in architectures[:20]:
        assert space.mutate(architecture, rng) in space
        assert make(space, space.decisions(architecture))[0] == architecture


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  width: 16\n  stride: 2", "  width: same\n  stride: 2", "no stage before it"),
        ("head:\n", "cut: [2, 3]\nhead:\n", "cut: after stage 3, but there are 2"),
        ("head:\n", "cut: 0\nhead:\n", "greater than or equal to 1"),
        ("head:\n", "cut: []\nhead:\n", "expected at least one option"),
    ],
)
def test_widths_and_cuts_that_cannot_be_are_refused(write_space: WriteSpace, old: str, new: str, message: str) -> None:
    with pytest.raises(AnenasError, match=message):
        read_space(write_space((old, new)))


def test_choices_that_a_block_got_later_leave_a_space_that_does_not_offer_them_as_it_was(
    write_space: WriteSpace,
) -> None:
    before = read_space(write_space())
    said = read_space(write_space(("      dsconv: {", "      dsconv: {same: false, plain: [false], se: false, ")))
    offered = read_space(write_space(("      dsconv: {", "      dsconv: {plain: [false, true], ")))
    assert said.digest == before.digest and offered.digest != before.digest
    assert offered.size == 2 * before.size
    asked = before.decisions(before.sample(random.Random(0)))
    assert not [name for name in asked if name.rsplit(".", 1)[-1] in ("same", "plain", "linear")]
