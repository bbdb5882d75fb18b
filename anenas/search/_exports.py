"""The best models of a study in a folder of their own."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from anenas.search._evaluation import EVALUATION
from anenas.search._study import Study
from anenas.search._trial import CompletedTrial

_README = """\
{name}: trial {number} of study {study}

model.mlpackage       Core ML classifier ({form}); add it to an Xcode project, or open it with coremltools
weights.safetensors   the trained weights as a torch state dict; safetensors.torch.load_file reads them
architecture.txt      what the weights belong to: anenas.build(anenas.Architecture.parse(...)) in Python
metrics.json          accuracy, latency with its interval and source, size, seconds of each step
operations.csv        the latency estimate, operation by operation
"""


def export_best(study: Study, folder: Path) -> dict[str, Path]:
    """Copy the best trials' package, weights, architecture and figures to `folder/NAME/{knee,accurate,fast}`.

    Each of the three is replaced whole or left as it was.

    Returns:
        Where each of them lies now.
    """
    target = folder / study.name
    target.mkdir(parents=True, exist_ok=True)
    exported = {}
    for name, trial in study.picks.items():
        with tempfile.TemporaryDirectory(dir=target, prefix=".exporting-") as temporary:
            new = Path(temporary) / name
            shutil.copytree(study.trial_folder(trial.number), new)
            (new / EVALUATION).unlink(missing_ok=True)
            (new / "metrics.json").write_text(json.dumps(_metrics(trial), indent=2) + "\n")
            (new / "README.txt").write_text(
                _README.format(name=name, number=trial.number, study=study.name, form=trial.architecture.form)
            )
            exported[name] = target / name
            if exported[name].exists():
                exported[name].replace(Path(temporary) / "old")
            new.replace(exported[name])
    return exported


def _metrics(trial: CompletedTrial) -> dict[str, Any]:
    tested = {} if trial.test_accuracy is None else {"test_accuracy": trial.test_accuracy}
    return {"trial": trial.number, "architecture": str(trial.architecture), **trial.evaluation.to_dict(), **tested}
