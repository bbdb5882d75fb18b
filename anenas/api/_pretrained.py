"""The pretrained networks of a search: the space that holds them, and files with their weights."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from anenas._errors import AnenasError
from anenas._files import replacing
from anenas.pretrained import PretrainedWeights, load_pretrained
from anenas.space import BackboneSpec, SearchSpace, load_space

BACKBONES = "backbones"
"""The built-in space of pretrained networks alone."""

_log = logging.getLogger(__name__)


def space_of(space: SearchSpace | str | Path | None, pretrained: str | Sequence[str], default: str) -> SearchSpace:
    """The space that is searched.

    Args:
        space: As the caller gave it; None is `default`, or with pretrained networks these alone.
        pretrained: Sources of weights, which take the place of the space's own.
        default: Name of a built-in space.

    Raises:
        AnenasError: If there is no such space, or it cannot have these networks beside its own.
    """
    sources = [pretrained] if isinstance(pretrained, str) else list(pretrained)
    if space is None:
        space = BACKBONES if sources else default
    found = space if isinstance(space, SearchSpace) else load_space(space)
    if not sources:
        return found
    try:
        return found.with_backbones([BackboneSpec.model_validate(source) for source in sources])
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise AnenasError(f"pretrained networks in '{found.name}': {message}") from None


def weights_of(space: SearchSpace) -> tuple[SearchSpace, dict[str, PretrainedWeights]]:
    """The weights of a space's backbones by their names in timm, and the space without those that cannot be had.

    Raises:
        AnenasError: If nothing is left.
    """
    found, problems = {}, []
    for backbone in space.backbones:
        try:
            found[backbone.network] = weights = load_pretrained(backbone.source)
        except AnenasError as error:
            problems.append(str(error))
        else:
            licence = f"licence {weights.licence}" if weights.licence else "licence unknown"
            _log.info("%s: weights of %s, %s", backbone.source, weights.origin, licence)
    if not problems:
        return space, found
    if not found and space.stem is None:
        raise AnenasError("none of the pretrained networks can be had: " + "; ".join(problems))
    for problem in problems:
        _log.warning("left out: %s", problem)
    return space.with_backbones([one for one in space.backbones if one.network in found]), found


def write_weights(weights: Mapping[str, PretrainedWeights], folder: Path) -> dict[str, Path]:
    """A file with the weights of each network, for the trials that begin with them."""
    from safetensors.torch import save_file

    files = {}
    for network, one in weights.items():
        folder.mkdir(parents=True, exist_ok=True)
        files[network] = folder / f"{network}.safetensors"
        with replacing(files[network]) as new:
            save_file({name: tensor.contiguous() for name, tensor in one.state.items()}, new)
    return files
