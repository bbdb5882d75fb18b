"""A Core ML package on disk, opened once."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import numpy as np

from anenas._errors import AnenasError
from anenas._json import read_json
from anenas.coreml._output_names import output_names
from anenas.graph import Graph
from anenas.mil import Feature, Precision, Program, ProgramFile, example_inputs, read_graph
from anenas.tasks import CLASSIFICATION, TASKS, Task


class Package(ProgramFile):
    """A `.mlpackage` that holds an ML program: `Package.open(path)`. It is parsed once, and properties are cached.

    If its path is overwritten, open it again.
    """

    @functools.cached_property
    def graph(self) -> Graph:
        """The graph of its program.

        Raises:
            AnenasError: If it is damaged, or has an unknown element type.
        """
        return read_graph(self)

    def program(self, precision: Precision = "fp32") -> Program:
        """Its program, ready to run; see `Program`. Cached for each precision.

        Raises:
            AnenasError: If it is damaged, or has an unknown operation.
        """
        if precision not in self._programs:
            self._programs[precision] = Program(self, precision)
        return self._programs[precision]

    @functools.cached_property
    def _programs(self) -> dict[Precision, Program]:
        return {}

    @functools.cached_property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(file.stat().st_size for file in self._files)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the names and contents of its files, without the manifest's random identifiers."""
        digest = hashlib.sha256()
        for file in self._files:
            if file.name != "Manifest.json":
                with file.open("rb") as content:
                    digest.update(f"{file.relative_to(self.path).as_posix()}\0".encode())
                    digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()

    @property
    def _files(self) -> list[Path]:
        return sorted(file for file in self.path.rglob("*") if file.is_file())

    @property
    def stored_forms(self) -> list[str]:
        """The formats of its compressed weights, in alphabetical order; empty if none are compressed."""
        return sorted({weight.storage.form for op in self.graph.ops for weight in op.weights if weight.storage})

    @property
    def task(self) -> Task:
        """What its network was trained for; classification where nothing tells.

        Raises:
            AnenasError: If that is a task of someone's own that is not known here.
        """
        name = self.metadata.get("task", CLASSIFICATION.name)
        if name not in TASKS:
            raise AnenasError(f"{self} has the task '{name}', which is not known here: name its file with --plugin")
        return TASKS[name]

    @property
    def score_outputs(self) -> list[Feature]:
        """The outputs besides a label: the probabilities of classes, or a number each, in the order of their names.

        Raises:
            AnenasError: If there are several that are no numbers by name, or more than one input.
        """
        outputs = {feature.name: feature for feature in self.outputs if feature.dtype != "label"}
        if len(self.inputs) == len(outputs) == 1:
            return list(outputs.values())
        if not self.task.classifies and len(self.inputs) == 1:
            names = output_names(self.class_names, self.inputs[0].name)
            if set(names) == set(outputs):
                return [outputs[name] for name in names]
        raise AnenasError(f"{self} has {len(self.inputs)} inputs and {len(outputs)} outputs; expected one of each")

    @property
    def input_size(self) -> tuple[int, ...]:
        """(C, H, W) of its input, (C, 1, T) for series.

        Raises:
            AnenasError: If it takes several inputs, or one without a fixed size.
        """
        shapes = [feature.shape for feature in self.inputs]
        if len(shapes) != 1 or shapes[0] is None or len(shapes[0]) != 4 or None in shapes[0]:
            raise AnenasError(f"{self} does not take one input of a fixed size, so its accuracy cannot be measured")
        return tuple(int(size or 0) for size in shapes[0][1:])

    @property
    def class_names(self) -> list[str]:
        """The classes in its metadata, as `convert` writes them, or else the labels of its classifier.

        Raises:
            AnenasError: If there are none.
        """
        if "classes" not in self.metadata and self.classes:
            return [str(label) for label in self.classes]
        try:
            names = read_json(self.metadata.get("classes", ""))
        except ValueError:
            names = None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise AnenasError(f'{self} has no class names; its metadata must have "classes", a list in JSON')
        return names

    def example_inputs(self, seed: int = 0, samples: int = 1) -> dict[str, np.ndarray]:
        """`samples` example values for each input, equal for equal seeds; see `anenas.mil.example_inputs`."""
        return example_inputs(self, seed, samples)
