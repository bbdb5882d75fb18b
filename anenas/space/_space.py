"""What may be searched: walking, sampling, mutating and counting a space."""

from __future__ import annotations

import functools
import hashlib
import itertools
import operator
import random
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictInt, WrapValidator, model_validator

from anenas.blocks import Backbone, SequenceBlock, Value, block_kinds
from anenas.graph import all_weight_formats
from anenas.inputs import RECORDINGS, SERIES, TEXTS, InputKind, input_kinds, plain_kind
from anenas.space import _walk
from anenas.space._architecture import Architecture, Head, Stage, form_problem
from anenas.space._schema import WHOLE, BackboneSpec, Distinct, HeadSpec, InputSpec, Limits, StageSpec, Strict
from anenas.space._walk import Pick


def _check_stages(stages: tuple[StageSpec, ...]) -> tuple[StageSpec, ...]:
    # pydantic's own min_length counts only the stages that are valid, and so adds to the error of one that is not.
    if not 1 <= len(stages) <= 32:
        raise ValueError(f"expected 1 to 32 stages, got {len(stages)}")
    return stages


def _none_is_whole(value: Any, check: Callable[[Any], Any]) -> Any:
    return () if value is None or value == () else check(value)


_PLAIN = ("fp16",)
_SCRATCH = "none"  # the decision for stem and stages rather than a backbone


class SearchSpace(Strict):
    """A space of architectures, as a YAML file describes it.

    Attributes:
        name: What studies are called after.
        description: One line for `anenas space list`.
        input: Shape of the network's input.
        stem: The first stage, usually one strided convolution.
        stages: The stages behind it.
        cut: After which of the stages a network may end, which leaves out those behind it; after the last, where there
            are none.
        head: What follows the stages.
        backbones: Pretrained networks that may stand in the place of stem and stages.
        forms: What weights may ship as, names of `anenas.graph.all_weight_formats`.
        limits: Default constraints of a search.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=60)]
    description: str = ""
    input: InputSpec = InputSpec()
    stem: StageSpec | None = None
    stages: Annotated[tuple[StageSpec, ...], AfterValidator(_check_stages)] = ()
    cut: Annotated[tuple[Annotated[StrictInt, Field(ge=1)], ...], *Distinct, WrapValidator(_none_is_whole)] = ()
    backbones: tuple[BackboneSpec, ...] = ()
    head: HeadSpec = HeadSpec()
    forms: Annotated[tuple[Literal[tuple(all_weight_formats())], ...], *Distinct] = _PLAIN  # type: ignore[valid-type]
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.stem is not None and not self.stages:
            raise ValueError("expected stages after the stem")
        if self.stem is None and self.stages:
            raise ValueError("expected a stem before the stages")
        if self.stem is None and not self.backbones:
            raise ValueError("expected stem and stages, or backbones")
        if self.backbones and self.input.length:
            raise ValueError("backbones take images, and the input is a series")
        if self.backbones and self.input.channels != 3:
            raise ValueError(f"backbones take images of 3 channels, not {self.input.channels}")
        networks = [backbone.network for backbone in self.backbones]
        if twice := [network for network in networks if networks.count(network) > 1]:
            raise ValueError(f"backbones: {twice[0]} is listed twice; its weights must come from one source")
        return self

    @model_validator(mode="after")
    def _fits_its_input(self) -> Self:
        sizes, series = set(self.input.sizes), self.input.length is not None
        self._check_stem()
        if self.cut and max(self.cut) > len(self.stages):
            raise ValueError(f"cut: after stage {max(self.cut)}, but there are {len(self.stages)}")
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
        if self.head.skip and (self.input_kind is not SERIES or self.input.masked):
            raise ValueError("head.skip: only series of equal length have a last step to begin with")
        return self

    def _check_stem(self) -> None:
        """A kind of input that a block of its own takes needs that block, no other, and data prepared in one way."""
        if self.stem and not self.stem.width:
            raise ValueError("stem: width: there is no stage before it to have the same")
        blocks = list(self.stem.blocks_offered()) if self.stem else []
        for kind in input_kinds():
            takers = [block for block in blocks if block.input_kind is kind]
            if not takers and self.input.kind is not kind:
                continue
            if kind.marker and not getattr(self.input, kind.marker):
                raise ValueError(f"stem: block {takers[0].kind} takes {kind}; {kind.marker_hint}")
            if len(takers) < len(blocks) or len(self._data_choices(kind)) > 1:
                known = " or ".join(name for name, block in block_kinds().items() if block.input_kind is kind)
                one = f", and one {kind.data_choice}" if kind.data_choice else ""
                raise ValueError(f"stem: {kind} need the block {known}, no other{one}")

    def _data_choices(self, kind: InputKind) -> set[Value]:
        """What the blocks of the stem that take such input have chosen of that on which its preparation rests."""
        blocks = self.stem.blocks_offered() if self.stem else ()
        takers = (block for block in blocks if block.input_kind is kind)
        return {getattr(block, kind.data_choice) for block in takers} if kind.data_choice else set()

    @property
    def input_kind(self) -> InputKind:
        """What its networks take."""
        first = next(self.stem.blocks_offered()).input_kind if self.stem else None
        return first or plain_kind(self.input.height)

    @property
    def rate(self) -> int | None:
        """Samples a second of the recordings that its networks take; None where they take none."""
        return next((int(rate) for rate in self._data_choices(RECORDINGS)), None)

    @property
    def vocabulary(self) -> int | None:
        """How many ids tokens of texts have; None where its networks take none."""
        return next((int(size) for size in self._data_choices(TEXTS)), None)

    def decide(self, pick: Pick, *, classes: int) -> Architecture:
        """Walk every decision of the space once and return the architecture they make.

        Args:
            pick: Called with the name of a decision and its options; returns one of them. A decision with a single
                option is asked too; the form of weights is none where it is fp16 for all.
            classes: How many classes the network tells apart.
        """
        shape = self.input.decide(pick)
        stages = self._decide_stages(pick)
        # The classifier of a pretrained network is linear, as its probe is.
        linear = isinstance(stages[0].block, Backbone)
        head = Head(0, "", classes) if linear else self.head.decide(pick, classes)
        # Asked last and only where there is something to ask, so that what was drawn of a space without forms, and
        # studies of it, are what they were.
        form = "fp16" if self.forms == _PLAIN else str(pick("form", self.forms))
        return Architecture(shape, stages, head, form, self.input.masked)

    def _decide_stages(self, pick: Pick) -> tuple[Stage, ...]:
        if self.backbones:
            options = (*(backbone.network for backbone in self.backbones), *((_SCRATCH,) if self.stem else ()))
            network = pick("backbone", options)
            for backbone in self.backbones:
                if backbone.network == network:
                    return (backbone.decide(pick),)
        end = int(pick("cut", self.cut)) if self.cut else len(self.stages)
        stages: list[Stage] = []
        for name, spec in self.named_stages()[: 1 + end]:
            stages.append(spec.decide(pick, name, stages[-1].width if stages else 0))
        return tuple(stages)

    def decisions(self, architecture: Architecture) -> dict[str, Value]:
        """The decisions that make `architecture`: what `pick` gave to `decide`, by name.

        Raises:
            ValueError: If the architecture is not of this space.
        """
        values: dict[str, Value] = {"head.width": architecture.head.width, "head.pool": architecture.head.pool}
        values |= {"head.activation": architecture.head.activation, "form": architecture.form}
        values |= {"input.height": architecture.input[2], "backbone": _SCRATCH, "cut": len(architecture.stages) - 1}
        if backbone := architecture.backbone:
            values |= {"backbone": backbone.network, f"{backbone.network}.cut": backbone.cut or WHOLE}
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
        upto = list(itertools.accumulate((spec.count() for _, spec in self.named_stages()), operator.mul))
        networks = sum(upto[end] for end in self.cut or [-1]) * self.head.count() if upto else 0
        networks += sum(len(backbone.channels) for backbone in self.backbones)
        return networks * len(self.forms) * len(self.input.sizes)

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
        size: dict[str, Any] = {"height": height, "width": width}
        if self.input.length and height == 1:
            size = {self.input.length: width}
        elif self.input.heights and (height, width) == (self.input.height, self.input.width):
            size = {"height": self.input.heights, "width": "same"}
        same = {"tokens": self.input.tokens, "batch": self.input.batch}
        spec = InputSpec.model_validate({"channels": channels, "masked": masked, **same, **size})
        return self.model_validate({**self._fields, "input": spec})

    def with_skip(self, skip: bool = True) -> SearchSpace:
        """The same space with or without a skip of its heads from the last step of series.

        Raises:
            pydantic.ValidationError: If its networks take nothing that has one.
        """
        head = self.head.model_copy(update={"skip": skip})
        return self.model_validate({**self._fields, "head": head}) if skip != self.head.skip else self

    def with_heights(self, heights: Sequence[int]) -> SearchSpace:
        """The same space for square images of these sizes alone."""
        size = {"height": tuple(heights), "width": "same"}
        spec = InputSpec.model_validate({"channels": self.input.channels, "batch": self.input.batch, **size})
        return self.model_validate({**self._fields, "input": spec})

    def fitting(self, height: int, width: int) -> tuple[SearchSpace, list[str]]:
        """The same space without the kinds of block that do not take an input of that size, and their names.

        A stage that would be left without a block keeps all; `with_input` says why they do not fit.
        """
        same = (height, width) == (self.input.height, self.input.width)
        sizes = set(self.input.sizes) if same else {(height, width)}
        stages, left_out = [], []
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
        return self.model_construct(**self._fields | {"stem": stages[0], "stages": tuple(stages[1:])}), left_out

    def pretrained(self, classes: int) -> list[Architecture]:
        """Every architecture of a backbone, the smallest inputs first."""
        alone = self.model_construct(**{**self._fields, "stem": None, "stages": ()})
        decide = functools.partial(alone.decide, classes=classes)
        found = [architecture for architecture, _ in _walk.every(decide)] if self.backbones else []
        return sorted(found, key=lambda one: one.input)

    def with_backbones(self, backbones: Sequence[BackboneSpec]) -> SearchSpace:
        """The same space with those networks beside its stem and stages, for images of three channels.

        Raises:
            pydantic.ValidationError: If it holds series, or one is there twice.
        """
        spec = self.input if self.input.channels == 3 else self.input.model_copy(update={"channels": 3})
        return self.model_validate({**self._fields, "input": spec, "backbones": tuple(backbones)})

    @property
    def _fields(self) -> dict[str, Any]:
        """What was given, to make another space from."""
        return {name: getattr(self, name) for name in self.model_fields_set}

    @property
    def digest(self) -> str:
        """A short name for exactly these choices, whatever the file looked like."""
        # A space's name must not follow from what it leaves out.
        unsaid: dict[str, Any] = dict.fromkeys(("name", "description", "limits"), True)
        if self.forms == _PLAIN:
            unsaid["forms"] = True
        for field in ("cut", "backbones"):
            if not getattr(self, field):
                unsaid[field] = True
        not_there = {"masked"} if not self.input.masked or self.input.tokens else set()
        if not self.head.skip:
            unsaid["head"] = {"skip"}
        unsaid["input"] = not_there | ({"heights"} if not self.input.heights else set())
        content = self.model_dump_json(exclude=unsaid, exclude_none=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def named_stages(self) -> list[tuple[str, StageSpec]]:
        """The stem and every stage, as their decisions are named."""
        if self.stem is None:
            return []
        return [("stem", self.stem), *((f"stage{i}", spec) for i, spec in enumerate(self.stages, start=1))]
