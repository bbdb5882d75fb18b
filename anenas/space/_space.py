"""What may be searched: the schema of a space, and walking, sampling, mutating and counting it."""

from __future__ import annotations

import functools
import hashlib
import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    create_model,
    model_validator,
)

from anenas.ane import MAX_DIMENSION, batch_problem, dimension_problem, steps_problem, width_problem
from anenas.blocks import (
    ACTIVATIONS,
    Block,
    Choice,
    Embedding,
    LogMelBlock,
    SequenceBlock,
    Value,
    block_kind,
    block_kinds,
)
from anenas.graph import all_forms
from anenas.space import _walk
from anenas.space._architecture import POOLS, Architecture, Head, Stage, form_problem
from anenas.space._walk import Pick


def _options(value: Any) -> Any:
    """A list of options; one alone may be written without the list."""
    return value if isinstance(value, (list, tuple)) else (value,)


def _some_distinct(options: tuple[Any, ...]) -> tuple[Any, ...]:
    if not options:
        raise ValueError("expected at least one option, got an empty list")
    if len(set(options)) < len(options):
        raise ValueError(f"an option is listed twice in {list(options)}")
    return options


def _some_stages(stages: tuple[StageSpec, ...]) -> tuple[StageSpec, ...]:
    # pydantic's own min_length counts only the stages that are valid, and so adds to the error of one that is not.
    if not 1 <= len(stages) <= 32:
        raise ValueError(f"expected 1 to 32 stages, got {len(stages)}")
    return stages


def _held_to(problem: Callable[[int], str | None]) -> Any:
    def check(value: int) -> int:
        if found := problem(value):
            raise ValueError(found)
        return value

    return AfterValidator(check)


def _head_width_problem(channels: int) -> str | None:
    return None if channels == 0 else width_problem(channels)


_Width = Annotated[StrictInt, _held_to(width_problem)]
_HeadWidth = Annotated[StrictInt, _held_to(_head_width_problem)]
_Size = Annotated[StrictInt, _held_to(dimension_problem)]
_Steps = Annotated[StrictInt, _held_to(steps_problem)]
_Batch = Annotated[StrictInt, _held_to(batch_problem)]
_Most = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Least = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
_Depth = Annotated[StrictInt, Field(ge=1, le=64)]
_Distinct = (BeforeValidator(_options), AfterValidator(_some_distinct))


class _Strict(BaseModel):
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
        c.name: (Annotated[tuple[_option(c), ...], *_Distinct], c.options[:1])  # type: ignore[misc]
        for c in kind.choices()
    }
    return create_model(kind.__name__, __base__=_Strict, **fields)


@functools.cache
def _blocks_schema(kinds: tuple[type[Block], ...]) -> type[BaseModel]:
    """The schema of the kinds of block that a stage may have, each with its choices."""
    fields: dict[str, Any] = {
        kind.kind: (Annotated[_block_schema(kind) | None, BeforeValidator(_none_is_defaults)], None) for kind in kinds
    }
    return create_model("Blocks", __base__=_Strict, **fields)


def _none_is_defaults(value: Any) -> Any:
    return {} if value is None else value


def _offered(given: Any) -> BlockOptions:
    """What `StageSpec.blocks` holds, of what a file says, by the kinds that are registered now."""
    kinds = sorted(block_kinds().values(), key=lambda kind: kind.kind)
    checked = _blocks_schema(tuple(kinds)).model_validate(given)
    offered = {kind.kind: getattr(checked, kind.kind) for kind in kinds if kind.kind in checked.model_fields_set}
    if not offered:
        raise ValueError(f"expected at least one of {', '.join(kind.kind for kind in kinds)}")
    return {kind: {c: getattr(schema, c) for c in type(schema).model_fields} for kind, schema in offered.items()}


BlockOptions = dict[str, dict[str, Any]]
"""Each kind of block with a tuple of the options for each of its choices."""


class InputSpec(_Strict):
    """Shape of the network's input: an image of `height` and `width`, or what is 1 high: a series of `steps`, or a
    waveform of `samples`.

    `masked` series may be shorter: they end at the last step, and the last channel is 1 where they are. With `tokens`,
    "words" or "characters", they are texts, which are masked always: the id of a token at each step, and 0 before them.
    """

    channels: _Size = 1
    height: _Size = 64
    width: _Size = 64
    steps: _Steps | None = None
    samples: _Size | None = None
    tokens: Literal["words", "characters"] | None = None
    batch: _Batch = 1
    masked: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _completed(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        if given.get("tokens"):
            given = {**given, "masked": True}
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
    def length(self) -> str | None:
        """What the length of a series is called, "steps" or "samples"; None for images."""
        return "steps" if self.steps else "samples" if self.samples else None


class StageSpec(_Strict):
    """Choices of one stage: `depth` blocks of one kind at one width."""

    depth: Annotated[tuple[_Depth, ...], *_Distinct] = (1,)
    width: Annotated[tuple[_Width, ...], *_Distinct]
    stride: Literal[1, 2] = 1
    blocks: Annotated[BlockOptions, BeforeValidator(_offered)]

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
        return len(self.depth) * len(self.width) * kinds

    def decide(self, pick: Pick, name: str) -> Stage:
        depth = int(pick(f"{name}.depth", self.depth))
        width = int(pick(f"{name}.width", self.width))
        kind = str(pick(f"{name}.block", tuple(self.blocks)))
        values = {choice: pick(f"{name}.{kind}.{choice}", options) for choice, options in self.blocks[kind].items()}
        return Stage(block_kind(kind)(**values), depth, self.stride, width)


class HeadSpec(_Strict):
    """Choices of the head; width 0 is no layer between pooling and classifier."""

    pool: Annotated[tuple[Literal[POOLS], ...], *_Distinct] = POOLS[:1]  # type: ignore[valid-type]
    width: Annotated[tuple[_HeadWidth, ...], *_Distinct] = (0,)
    activation: Annotated[tuple[Literal[ACTIVATIONS], ...], *_Distinct] = ACTIVATIONS[:1]  # type: ignore[valid-type]

    def count(self) -> int:
        return len(self.pool) * sum(len(self.activation) if width else 1 for width in self.width)

    def decide(self, pick: Pick, classes: int) -> Head:
        # Spaces of images have nothing to choose here, and are searched as if it were not there.
        pool = str(pick("head.pool", self.pool)) if len(self.pool) > 1 else self.pool[0]
        width = int(pick("head.width", self.width))
        return Head(width, str(pick("head.activation", self.activation)) if width else "", classes, pool)


class Limits(_Strict):
    """What a network must stay within to be trained at all; left out is no limit.

    Attributes:
        size_mb: Largest package, in 10⁶ bytes.
        latency_ms: Longest prediction, in milliseconds.
        macs: Most multiply-accumulates of one prediction.
        params: Most weights that are stored.
        residency: Smallest share of the operations' time that is spent on the Neural Engine.
        accuracy: Smallest share of the validation images that is classified rightly; the one that only training tells.
    """

    size_mb: _Most | None = None
    latency_ms: _Most | None = None
    macs: _Most | None = None
    params: _Most | None = None
    residency: _Least | None = None
    accuracy: _Least | None = None

    def violation(self, name: str, value: float) -> float:
        """By what share of it the limit of that name is missed; 0 where it is kept, or there is none."""
        limit = getattr(self, name)
        if limit is None:
            return 0.0
        missed = 1 - value / limit if name in LEAST else value / limit - 1
        return float(max(0.0, missed))


LEAST = frozenset({"residency", "accuracy"})
"""The limits that are the least of something."""


_PLAIN = ("fp16",)


class SearchSpace(_Strict):
    """A space of architectures, as a YAML file describes it.

    Attributes:
        name: What studies are called after.
        description: One line for `anenas space list`.
        input: Shape of the network's input.
        stem: The first stage, usually one strided convolution.
        stages: The stages behind it.
        head: What follows the stages.
        forms: What weights may ship as, names of `anenas.graph.all_forms`.
        limits: Default constraints of a search.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
    description: str = ""
    input: InputSpec = InputSpec()
    stem: StageSpec
    stages: Annotated[tuple[StageSpec, ...], AfterValidator(_some_stages)]
    head: HeadSpec = HeadSpec()
    forms: Annotated[tuple[Literal[tuple(all_forms())], ...], *_Distinct] = _PLAIN  # type: ignore[valid-type]
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _fits_its_input(self) -> Self:
        sizes, series = {(self.input.height, self.input.width)}, self.input.length is not None
        self._check_embedding()
        self._check_log_mel()
        for name, spec in self.named_stages():
            # A stage's blocks may leave inputs of several sizes to the next, which has to take each.
            blocks = list(spec.blocks_offered())
            for block in blocks:
                first, channels = name == "stem", self.input.channels
                if problem := block.place_problem(first=first, depth=max(spec.depth), channels=channels):
                    raise ValueError(f"{name}: {problem}")
                if series and not isinstance(block, SequenceBlock):
                    known = ", ".join(k for k, kind in block_kinds().items() if issubclass(kind, SequenceBlock))
                    raise ValueError(f"{name}: block {block.kind} works on images; for series there are {known}")
            for stride in (spec.stride, 1)[: max(spec.depth)]:  # from its second block on, a stage keeps its size
                for size, block in itertools.product(sizes, blocks):
                    if problem := block.input_problem(*size, stride):
                        raise ValueError(f"{name}: {problem}")
                sizes = {block.size(*size, stride) for size, block in itertools.product(sizes, blocks)}
            series = series or any(isinstance(block, SequenceBlock) for block in blocks)
            for block in blocks:
                for form in self.forms:
                    if problem := form_problem(form, name, block):
                        raise ValueError(f"forms: {problem}; leave one of them out")
        if not series and "last" in self.head.pool:
            raise ValueError("head.pool: only series have a last step; expected mean or max")
        return self

    def _check_log_mel(self) -> None:
        """Waveforms need their spectrogram, and one rate; nothing else has a use for it."""
        others = self.stem.blocks.keys() - {LogMelBlock.kind}
        if not self.input.samples:
            if self._rates():
                raise ValueError("stem: block log_mel takes waveforms; give the input samples, and nothing else")
        elif others or len(self._rates()) != 1:
            raise ValueError("stem: waveforms, which have samples, need the block log_mel, no other, and one rate")

    def _rates(self) -> set[int]:
        return {block.rate for block in self.stem.blocks_offered() if isinstance(block, LogMelBlock)}

    @property
    def rate(self) -> int | None:
        """Samples a second of the waveforms that its networks take; None where the input is none."""
        return next(iter(self._rates()), None)

    def _check_embedding(self) -> None:
        """Texts need an embedding, and one vocabulary; nothing else has a use for it."""
        embeddings = [block for block in self.stem.blocks_offered() if isinstance(block, Embedding)]
        if not self.input.tokens:
            if embeddings:
                raise ValueError("stem: block embedding takes texts; add tokens to the input: words or characters")
            return
        others = self.stem.blocks.keys() - {Embedding.kind}
        if others or len({block.vocabulary for block in embeddings}) != 1:
            raise ValueError("stem: texts need the block embedding, no other, and one vocabulary")

    @property
    def vocabulary(self) -> int | None:
        """How many ids tokens of texts have; None where the input is no text."""
        sizes = (block.vocabulary for block in self.stem.blocks_offered() if isinstance(block, Embedding))
        return next(sizes, None)

    def decide(self, pick: Pick, *, classes: int) -> Architecture:
        """Walk every decision of the space once and return the architecture they make.

        Args:
            pick: Called with the name of a decision and its options; returns one of them. A decision with a single
                option is asked too; the form of weights is none where it is fp16 for all.
            classes: How many classes the network tells apart.
        """
        stages = tuple(spec.decide(pick, name) for name, spec in self.named_stages())
        head = self.head.decide(pick, classes)
        # Asked last and only where there is something to ask, so that what was drawn of a space without forms, and
        # studies of it, are what they were.
        form = "fp16" if self.forms == _PLAIN else str(pick("form", self.forms))
        return Architecture(self.input.shape, stages, head, form, self.input.masked)

    def decisions(self, architecture: Architecture) -> dict[str, Value]:
        """The decisions that make `architecture`: what `decide` was told, by name.

        Raises:
            ValueError: If the architecture is not of this space.
        """
        values: dict[str, Value] = {"head.width": architecture.head.width, "head.pool": architecture.head.pool}
        values |= {"head.activation": architecture.head.activation, "form": architecture.form}
        for (name, _), stage in zip(self.named_stages(), architecture.stages, strict=False):
            values |= {f"{name}.depth": stage.depth, f"{name}.width": stage.width, f"{name}.block": stage.block.kind}
            values |= {f"{name}.{stage.block.kind}.{choice}": v for choice, v in stage.block.values().items()}
        taken: dict[str, Value] = {}

        def look_up(name: str, options: Sequence[Value]) -> Value:
            if values.get(name) not in options:
                raise ValueError(f"{name} is {values.get(name, 'not there')}, which '{self.name}' does not offer")
            taken[name] = values[name]
            return values[name]

        if self.decide(look_up, classes=architecture.head.classes) != architecture:
            raise ValueError(f"'{self.name}' has another input shape, stem, number of stages or form")
        return taken

    def __contains__(self, architecture: object) -> bool:
        if not isinstance(architecture, Architecture):
            return False
        try:
            self.decisions(architecture)
        except ValueError:
            return False
        return True

    def sample(self, rng: random.Random, *, classes: int = 10) -> Architecture:
        """An architecture with every decision drawn uniformly."""
        return _walk.draw(functools.partial(self.decide, classes=classes), rng)[0]

    def mutate(self, architecture: Architecture, rng: random.Random) -> Architecture:
        """A neighbour: one decision drawn anew, and with it whatever it brings that was not decided before.

        Raises:
            ValueError: If the architecture is not of this space, or is its only one.
        """
        if self.size == 1:
            raise ValueError(f"'{self.name}' holds one architecture only")
        decide = functools.partial(self.decide, classes=architecture.head.classes)
        return _walk.mutate(decide, self.decisions(architecture), rng)[0]

    @functools.cached_property
    def size(self) -> int:
        """How many architectures the space holds."""
        return math.prod(spec.count() for _, spec in self.named_stages()) * self.head.count() * len(self.forms)

    def with_input(self, channels: int, height: int, width: int, *, masked: bool = False) -> SearchSpace:
        """The same space for another image size, or for series of another length, which are 1 high and as wide.

        Args:
            channels: Of the input, a mask among them.
            height: Of the input.
            width: Of the input.
            masked: Whether series may be shorter than that, and their last channel says where they are.

        Raises:
            pydantic.ValidationError: If a size breaks a guideline, or what a block takes.
        """
        size = {self.input.length: width} if self.input.length and height == 1 else {"height": height, "width": width}
        tokens = self.input.tokens
        spec = InputSpec(channels=channels, **size, tokens=tokens, batch=self.input.batch, masked=masked)
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return self.model_validate({**fields, "input": spec})

    def fitting(self, height: int, width: int) -> tuple[SearchSpace, list[str]]:
        """The same space without the kinds of block that do not take an input of that size, and their names.

        A stage that would be left without a block keeps all; `with_input` says why they do not fit.
        """
        sizes, stages, left_out = {(height, width)}, [], []
        for name, spec in self.named_stages():
            fits: dict[str, set[tuple[int, int]]] = {}  # the sizes that each kind leaves to the next stage
            misfits = set()
            for block, size in itertools.product(spec.blocks_offered(), sizes):
                for stride in (spec.stride, 1)[: max(spec.depth)]:
                    if block.input_problem(*size, stride):
                        misfits.add(block.kind)
                    size = block.size(*size, stride)
                fits.setdefault(block.kind, set()).add(size)
            if misfits and (kept := fits.keys() - misfits):
                spec = spec.of_kinds(kept)
                left_out += [f"{kind} of {name}" for kind in fits if kind in misfits]
            stages.append(spec)
            sizes = set().union(*(fits[kind] for kind in spec.blocks))
        if not left_out:
            return self, []
        fields = {field: getattr(self, field) for field in type(self).model_fields}
        return self.model_construct(**fields | {"stem": stages[0], "stages": tuple(stages[1:])}), left_out

    @property
    def digest(self) -> str:
        """A short name for exactly these choices, whatever the file looked like."""
        # A space's name must not follow from what it leaves out.
        unsaid: dict[str, Any] = dict.fromkeys(("name", "description", "limits"), True)
        if self.forms == _PLAIN:
            unsaid["forms"] = True
        if not self.input.masked or self.input.tokens:
            unsaid["input"] = {"masked"}
        content = self.model_dump_json(exclude=unsaid, exclude_none=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def named_stages(self) -> list[tuple[str, StageSpec]]:
        """The stem and every stage, as their decisions are named."""
        return [("stem", self.stem), *((f"stage{i}", spec) for i, spec in enumerate(self.stages, start=1))]
