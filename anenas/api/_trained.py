"""Networks of earlier searches by what a user writes: of a study, or of a bundle."""

from __future__ import annotations

from pathlib import Path

from anenas._errors import AnenasError
from anenas._json import read_json
from anenas.bundle import CHECKPOINT, choose
from anenas.pretrained import TrainedNetwork, read_trained
from anenas.search import WEIGHTS, Study, Trained

KINDS = ("study:NAME", "study:NAME@PICK", "bundle:FOLDER")


def is_trained(source: str) -> bool:
    """Whether a source of pretrained weights is an earlier search."""
    return source.partition(":")[0] in {kind.partition(":")[0] for kind in KINDS}


def trained_network(source: str, store: Path) -> TrainedNetwork:
    """The network that one of `KINDS` names.

    Args:
        source: Of a study the most accurate model is taken, unless it says another pick, or the number of a trial.
        store: Of studies.

    Raises:
        AnenasError: If there is no such network.
    """
    kind, _, rest = source.partition(":")
    if not rest:
        raise AnenasError(f"'{source}' is not a network; expected {', '.join(KINDS)}")
    if kind == "bundle":
        return _of_bundle(source, Path(rest))
    name, _, pick = rest.partition("@")
    study = Study.load(store.absolute(), name)
    trial = choose(study, pick or ("accurate" if "accurate" in study.picks else None))
    told = Trained.of(trial, study.settings)
    return read_trained(
        source,
        study.shipped_folder(trial) / WEIGHTS,
        f"trial {trial.number} of study {study.name}, trained for {told}",
    )


def _of_bundle(source: str, folder: Path) -> TrainedNetwork:
    try:
        figures = read_json((folder / "bundle.json").read_text(encoding="utf-8"))
        origin = f"trial {figures['trial']} of study {figures['study']}, trained for {figures['trained']}"
    except (OSError, ValueError, KeyError, TypeError):
        raise AnenasError(f"{source}: expected a folder that `anenas export` wrote") from None
    return read_trained(source, folder / CHECKPOINT, origin)
