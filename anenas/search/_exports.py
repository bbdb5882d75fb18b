"""The best models of a study in a folder of their own."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from anenas._errors import AnenasError, first_line
from anenas.coreml import describe, description_of
from anenas.search._evaluation import EVALUATION, FINAL, PACKAGE, TEST_SCORES, VALIDATION_SCORES
from anenas.search._study import Study
from anenas.search._trial import CompletedTrial, called_by_number
from anenas.tasks import find_metric

_log = logging.getLogger(__name__)

_README = """\
{name}: trial {number} of study {study}

model.mlpackage       Core ML model ({form}); add it to an Xcode project, or open it with coremltools
weights.safetensors   the trained weights as a torch state dict; safetensors.torch.load_file reads them
architecture.txt      what the weights belong to: anenas.build(anenas.Architecture.parse(...)) in Python
metrics.json          metrics, latency with its interval and source, size, seconds of each step
operations.csv        the latency estimate, operation by operation
"""
_REPORT = """\
report.html           what it gets right and wrong of the test data; also as report.json and pictures
"""


def export_best(study: Study, folder: Path) -> dict[str, Path]:
    """Copy what ships of the best trials: package, weights, architecture and figures, to `folder/NAME/{knee,…}`.

    A trial that has several names is copied once, to a folder of the first. Each folder is replaced whole or left as it
    was.

    Raises:
        AnenasError: If the folder cannot be written, or a trial's files are gone.

    Returns:
        Where each of `Study.picks` lies now.
    """
    for trial in study.picks.values():
        if not study.shipped_folder(trial).is_dir():
            raise AnenasError(
                f"{study.shipped_folder(trial)} is missing: the files of trial {trial.number} are gone; put them back, "
                f"or start again with `new=True`"
            )
    try:
        return _export(study, folder / study.name)
    except OSError as error:
        why = error.strerror or _why(error)
        raise AnenasError(
            f"cannot write the exports {folder / study.name}: {why}; the models are safe in {study.folder}: fix "
            f"this, or choose another `exports` folder, and run again"
        ) from error


def _export(study: Study, target: Path) -> dict[str, Path]:
    target.mkdir(parents=True, exist_ok=True)
    names = called_by_number(study.picks)
    for name, *others in names.values():
        with tempfile.TemporaryDirectory(dir=target, prefix=".exporting-") as temporary:
            new = Path(temporary) / name
            _copy(study, name, study.picks[name], new)
            if (target / name).exists():
                (target / name).replace(Path(temporary) / "old")
            new.replace(target / name)
        for other in others:  # were models of their own before
            shutil.rmtree(target / other, ignore_errors=True)
    return {name: target / names[trial.number][0] for name, trial in study.picks.items()}


def _copy(study: Study, name: str, trial: CompletedTrial, new: Path) -> None:
    """What ships of a trial as a folder for people."""
    left_out = shutil.ignore_patterns(FINAL, TEST_SCORES, VALIDATION_SCORES, ".*")
    shutil.copytree(study.shipped_folder(trial), new, ignore=left_out)
    (new / EVALUATION).unlink(missing_ok=True)
    (new / "metrics.json").write_text(json.dumps(_metrics(trial), indent=2) + "\n", encoding="utf-8")
    try:
        describe(new / PACKAGE, _description(study, trial), version=version_of(study, trial))
    except AnenasError as error:  # what an evaluator of someone's own leaves may be anything
        _log.debug("%s: %s", new / PACKAGE, error)
    readme = _README + (_REPORT if (new / "report.html").exists() else "")
    (new / "README.txt").write_text(
        readme.format(name=name, number=trial.number, study=study.name, form=trial.architecture.form),
        encoding="utf-8",
    )


def _description(study: Study, trial: CompletedTrial) -> str:
    shipped, settings = trial.shipped, study.settings
    metric = find_metric(shipped.metric)
    on = f"{shipped.held_out:,} validation inputs" if shipped.held_out else "the validation inputs"
    scored = f"{metric.title} {metric.words(shipped.score)} on {on}"
    data = settings.data.rpartition(" ")[0]
    return description_of(settings.task, data, scored, shipped.estimate.latency.ms, settings.chip)


def version_of(study: Study, trial: CompletedTrial) -> str:
    """Where the package of a trial is from."""
    return f"trial {trial.number} of {study.name}"


def _metrics(trial: CompletedTrial) -> dict[str, Any]:
    metric, values = trial.evaluation.metric, trial.shipped.to_dict()
    tested = {} if trial.test_score is None else {f"test_{metric}": trial.test_score}
    brief = {f"brief_{metric}": trial.evaluation.score} if trial.final else {}
    return {
        "trial": trial.number,
        "architecture": str(trial.architecture),
        metric: values.pop("score"),
        **values,
        **brief,
        **tested,
    }


def _why(error: OSError) -> str:
    """The first of several errors, where several files could not be copied."""
    return str(error.args[0][0][2]) if isinstance(error, shutil.Error) else first_line(error)
