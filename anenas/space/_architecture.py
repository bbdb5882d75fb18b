"""The genotype: a frozen network description with a canonical one-line string.

    1x1x64x64-conv_r1_s2_c16_k3_relu-mbconv_r2_s2_c32_k5_e4_se_hswish-head_c128_relu_n10

The parts are, joined by "-": the input (N, C, H, W); each stage, the stem first, as its block's kind, depth (r),
stride (s), width (c) and the block's own choices; and the head with its pooling (left out where it is the mean), its
width (left out where it has no layer of its own) and the number of classes (n). Series are (N, C, 1, T), and
(N, C, 1, T)_masked, as in 1x13x1x29_masked, where they may be shorter and the last channel says which steps are there.
Weights that ship in another form than fp16 follow as "@palette4".

A backbone, a network of timm's up to one of its stages, stands in the place of all stages, with its width:

    1x3x96x96-timm:tf_efficientnet_lite0:blocks.4_c112-head_n10
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from dataclasses import dataclass
from typing import Self

from anenas._errors import AnenasError, plain, unknown
from anenas.blocks import (
    ACTIVATIONS,
    Backbone,
    Block,
    LogMelBlock,
    SequenceBlock,
    Value,
    backbone_cuts,
    block_kind,
    block_kinds,
)
from anenas.graph import get_weight_format
from anenas.inputs import InputKind, plain_kind

POOLS = ("mean", "max", "last")
"""How a head makes one vector of all pixels or steps: their mean, their largest values, or the last step's."""

# As it is printed, so that equal networks are equal strings: no leading zeros, no other alphabet's digits.
_NUMBER = "[1-9][0-9]{0,8}"
_MASKED = "_masked"
_SKIP = "_skip"
# Characters of its text, blocks of all stages, and channels: far beyond what can be trained.
_LONGEST, _MOST_BLOCKS, _MOST_CHANNELS = 5000, 1000, 2**16


@dataclass(frozen=True)
class Stage:
    """`depth` blocks of one kind and width, the first of which strides."""

    block: Block
    depth: int
    stride: int
    width: int

    def __str__(self) -> str:
        if isinstance(self.block, Backbone):
            return f"{self.block}_c{self.width}"
        tokens = [choice.format(getattr(self.block, choice.name)) for choice in self.block.choices()]
        tokens = [self.block.kind, f"r{self.depth}", f"s{self.stride}", f"c{self.width}", *tokens]
        return "_".join(token for token in tokens if token)

    @classmethod
    def parse(cls, text: str) -> Stage:
        if text.startswith(f"{Backbone.kind}:"):
            backbone, _, channels = text.rpartition("_")
            return cls(Backbone.parse(backbone), 1, 1, _number([channels], "c", text))
        # The names of some kinds have underscores of their own.
        known = [kind for kind in block_kinds() if f"{text}_".startswith(f"{kind}_")]
        block = block_kind(max(known, key=len, default=text.partition("_")[0]))
        return _stage(text, block)  # type: ignore[arg-type]  # for mypy no class is hashable whose objects may not be


@functools.lru_cache(maxsize=4096)  # trials of a space have few, and share them
def _stage(text: str, block: type[Block]) -> Stage:
    """The stage of blocks of a kind that prints as `text`."""
    tokens = text.removeprefix(block.kind).split("_")[1:]
    depth, stride, width = (_number(tokens, key, text) for key in "rsc")
    values: dict[str, Value] = {}
    for choice in block.choices():
        by_token = {choice.format(option): option for option in choice.options}
        if tokens and tokens[0] and tokens[0] in by_token:
            values[choice.name] = by_token[tokens.pop(0)]
        elif "" in by_token:
            values[choice.name] = by_token[""]
        else:
            expected = f"one of {', '.join(by_token)}"
            if choice.rule:
                expected = f"{choice.key} and a number, where {choice.rule}"
            found = f"'{tokens[0]}'" if tokens else "nothing"
            raise AnenasError(f"'{text}': expected {choice.name} as {expected}, found {found}")
    if tokens:
        raise AnenasError(f"'{text}': '{tokens[0]}' is not a choice of {block.kind}")
    stage = Stage(block(**values), depth, stride, width)
    if problem := stage.block.problem(stride):
        raise AnenasError(f"'{text}': {problem}")
    return stage


@dataclass(frozen=True)
class Head:
    """Pooling over everything, one pointwise layer where `width` is not 0, and the classifier.

    With a `skip`, the last step of the network's input reaches what it gives by a linear layer of its own as well.
    """

    width: int
    activation: str
    classes: int
    pool: str = POOLS[0]
    skip: bool = False

    def __str__(self) -> str:
        pool = f"_{self.pool}" if self.pool != POOLS[0] else ""
        layer = f"_c{self.width}_{self.activation}" if self.width else ""
        skip = _SKIP if self.skip else ""
        return f"head{pool}{layer}{skip}_n{self.classes}"

    @classmethod
    def parse(cls, text: str) -> Self:
        pools = "|".join(POOLS[1:])
        match = re.fullmatch(rf"head(?:_({pools}))?(?:_c({_NUMBER})_([a-z0-9]+))?({_SKIP})?_n({_NUMBER})", text)
        if not match:
            raise AnenasError(f"'{text}': expected a head such as head_c128_relu_n10 or head_n10")
        pool, width, activation, skip, classes = match.groups()
        if activation and activation not in ACTIVATIONS:
            raise unknown("activation", activation, ACTIVATIONS)
        return cls(int(width or 0), activation or "", int(classes), pool or POOLS[0], bool(skip))


def form_problem(form: str, stage: str, block: Block) -> str | None:
    """Why the weights of a block of that stage cannot ship in a form, or None where they can."""
    if form == "fp16" or not isinstance(block, SequenceBlock):
        return None
    if get_weight_format(form).activations:
        return f"{form} is for blocks of images, and {stage} has {block.kind}"
    return None if block.compressible else f"coremltools does not compress block {block.kind} of {stage}"


@functools.total_ordering
@dataclass(frozen=True)
class Architecture:
    """A network without weights. Equal strings are equal networks; it hashes, and sorts by its string.

    Attributes:
        input: (N, C, H, W).
        stages: The stem, then every stage.
        head: What follows them.
        form: What its weights ship as, a name of `anenas.graph.all_weight_formats`.
        masked: Whether its input are series of several lengths, which end at the last step. Their last channel is 1
            where they are and 0 before, or holds the ids of tokens; what is before is left out of what the head pools.
    """

    input: tuple[int, int, int, int]
    stages: tuple[Stage, ...]
    head: Head
    form: str = "fp16"
    masked: bool = False

    @property
    def input_kind(self) -> InputKind:
        """What its inputs are."""
        return self.stages[0].block.input_kind or plain_kind(self.input[2])

    @property
    def backbone(self) -> Backbone | None:
        """The network of timm's that stands in the place of stages, if one does."""
        block = self.stages[0].block
        return block if isinstance(block, Backbone) else None

    def with_whole_backbone(self) -> Self:
        """The same with a backbone that is not cut."""
        assert self.backbone
        whole = dataclasses.replace(self.backbone, cut="")
        stage = dataclasses.replace(self.stages[0], block=whole, width=backbone_cuts(whole.network)[""])
        return dataclasses.replace(self, stages=(stage,))

    @property
    def raw(self) -> bool:
        """Whether the network takes its input as it is, not normalised."""
        return not self.input_kind.normalised or self.stages[0].block.normalises

    @property
    def rate(self) -> int | None:
        """Samples a second of the waveform that it takes; None where it takes something else."""
        stem = self.stages[0].block
        return stem.rate if isinstance(stem, LogMelBlock) else None

    def __str__(self) -> str:
        shape = "x".join(map(str, self.input)) + (_MASKED if self.masked else "")
        network = "-".join([shape, *map(str, self.stages), str(self.head)])
        return network if self.form == "fp16" else f"{network}@{self.form}"

    @property
    def shapes(self) -> list[tuple[int, int, int, int] | None]:
        """(N, C, H, W) of what comes out of each stage; None for a backbone's, which takes timm to know."""
        batch, _, *size = self.input
        found: list[tuple[int, int, int, int] | None] = []
        for stage in self.stages:
            if isinstance(stage.block, Backbone):
                found.append(None)
                continue
            size = [*stage.block.size(size[0], size[1], stage.stride)]
            found.append((batch, stage.width, size[0], size[1]))
        return found

    @property
    def summary(self) -> str:
        """What it is made of, for tables: "7 blocks: conv, 3×mbconv, 2×uib, dsconv, head 96"."""
        if self.backbone:
            cut = f" to {self.backbone.cut}" if self.backbone.cut else ""
            parts = [f"{self.backbone.network}{cut}"]
        else:
            runs = itertools.groupby(self.stages, key=lambda stage: stage.block.kind)
            counted = [(kind, sum(stage.depth for stage in run)) for kind, run in runs]
            blocks = sum(count for _, count in counted)
            parts = [f"{count}×{kind}" if count > 1 else kind for kind, count in counted]
            parts[0] = f"{blocks} block{'' if blocks == 1 else 's'}: {parts[0]}"
        parts += [f"head {self.head.width}"] if self.head.width else []
        return ", ".join(parts) + ("" if self.form == "fp16" else f", as {self.form}")

    @property
    def form_problem(self) -> str | None:
        """Why its weights cannot ship in its form, or None where they can."""
        problems = (form_problem(self.form, f"stage{i}" if i else "stem", s.block) for i, s in enumerate(self.stages))
        return next(filter(None, problems), None)

    def __lt__(self, other: Architecture) -> bool:
        return str(self) < str(other)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The architecture that prints as `text`.

        Raises:
            AnenasError: If `text` is not such a string, with the part that is wrong.
        """
        text = text.strip()
        if plain(text, _LONGEST) != text:
            raise AnenasError(f"'{plain(text)}' is not an architecture; see `anenas space sample`")
        network, at, form = text.partition("@")
        shape, *stages, head = network.split("-") if network.count("-") >= 2 else ("", "")
        if not re.fullmatch(rf"{_NUMBER}(x{_NUMBER}){{3}}({_MASKED})?", shape):
            raise AnenasError(
                f"'{text}' is not an architecture; expected 'NxCxHxW-STAGE-…-HEAD', see `anenas space sample`"
            )
        n, c, h, w = (int(size) for size in shape.removesuffix(_MASKED).split("x"))
        is_masked = shape.endswith(_MASKED)
        parsed = tuple(Stage.parse(stage) for stage in stages)
        the_form = get_weight_format(form).name if at else "fp16"
        architecture = cls((n, c, h, w), parsed, Head.parse(head), the_form, is_masked)
        if (blocks := sum(stage.depth for stage in parsed)) > _MOST_BLOCKS:
            raise AnenasError(f"'{text}': {blocks:,} blocks; expected {_MOST_BLOCKS:,} at most")
        if (channels := max(c, *(stage.width for stage in parsed))) > _MOST_CHANNELS:
            raise AnenasError(f"'{text}': {channels:,} channels; expected {_MOST_CHANNELS:,} at most")
        fewest = architecture.input_kind.masked_channels
        if is_masked and (fewest is None or c < fewest):
            raise AnenasError(f"'{text}': only series, (N, C, 1, T), with two or more channels can have a mask channel")
        size = h, w
        for i, stage in enumerate(architecture.stages):
            if problem := stage.block.place_problem(first=i == 0, depth=stage.depth, channels=c):
                raise AnenasError(f"'{text}': {problem}")
            for stride in (stage.stride, 1)[: stage.depth]:  # from its second block on, a stage keeps its size
                if problem := stage.block.input_problem(*size, stride):
                    raise AnenasError(f"'{text}': {problem}")
                if not isinstance(stage.block, Backbone):  # its size takes timm, and seconds
                    size = stage.block.size(*size, stride)
        if size[0] > 1 and architecture.head.pool == "last":
            raise AnenasError(f"'{text}': only series, (N, C, 1, T), have a last step; this input has {size[0]} rows")
        if architecture.head.skip and (h > 1 or is_masked or architecture.raw):
            raise AnenasError(f"'{text}': the head can have a skip only from series, (N, C, 1, T), of equal length")
        return architecture


def _number(tokens: list[str], key: str, text: str) -> int:
    """The number of the first token, which must have that key; the token is taken."""
    if not tokens or not re.fullmatch(key + _NUMBER, tokens[0]):
        raise AnenasError(f"'{text}': expected {key} and a number, as in mbconv_r2_s2_c32_k3_e4_relu")
    return int(tokens.pop(0)[1:])
