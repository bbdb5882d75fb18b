"""The best models of a study in a folder of their own."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from anenas.search._evaluation import EVALUATION
from anenas.search._record import Record
from anenas.search._study import Study

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
    for name, record in study.picks.items():
        with tempfile.TemporaryDirectory(dir=target, prefix=".exporting-") as temporary:
            new = Path(temporary) / name
            shutil.copytree(study.trial_folder(record.number), new)
            (new / EVALUATION).unlink(missing_ok=True)
            (new / "metrics.json").write_text(json.dumps(_metrics(record), indent=2) + "\n")
            (new / "README.txt").write_text(
                _README.format(name=name, number=record.number, study=study.name, form=record.architecture.form)
            )
            exported[name] = target / name
            if exported[name].exists():
                exported[name].replace(Path(temporary) / "old")
            new.replace(exported[name])
    return exported


def _metrics(record: Record) -> dict[str, Any]:
    assert record.evaluation
    return {"trial": record.number, "architecture": str(record.architecture), **record.evaluation.to_dict()}
