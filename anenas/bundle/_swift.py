"""Swift that loads the model and calls it by its inputs' and outputs' names."""

from __future__ import annotations

from anenas.bundle._input import Input
from anenas.bundle._templates import render
from anenas.coreml import OUTPUT
from anenas.mil import NEXT, Program
from anenas.tasks import CLASSIFICATION, Task


def swift_file(task: Task) -> str:
    """Name of the Swift file of a model."""
    return f"{_kind(task)}.swift"


def _kind(task: Task) -> str:
    return "Classifier" if task.classifies else "Regressor"


def swift_source(program: Program, model: str, takes: Input, task: Task = CLASSIFICATION) -> str:
    """A Swift file for a model with one input.

    Args:
        program: What its inputs and outputs are read from.
        model: Name of its package.
        takes: Its input.
        task: What it was trained for.
    """
    (given,) = program.inputs
    outputs = {one.dtype: one for one in program.outputs}
    label = outputs.get("label")
    probabilities = outputs["probabilities" if label else "fp32"]
    kind = _kind(task)
    return render(
        "Classifier.swift",
        model=model,
        kind=kind,
        variable=kind.lower(),
        several=task.threshold is not None,
        threshold=task.threshold,
        numbers=() if task.classifies else [one.name for one in program.outputs],
        given=takes,
        source=given.name,
        image=given.image,
        shape=given.shape,
        meaning=takes.meaning[0].upper() + takes.meaning[1:],
        label=label and label.name,
        probabilities=probabilities.name,
        output_shape=probabilities.shape,
    )


def stream_swift_source(program: Program, model: str) -> str:
    """A Swift file for a program that takes series chunk by chunk.

    Args:
        program: What its inputs and outputs are read from.
        model: Name of its package.
    """
    chunk, *states = program.inputs
    (shape,) = (one.shape for one in program.outputs if one.name == OUTPUT)
    return render(
        "StreamingClassifier.swift",
        model=model,
        source=chunk.name,
        shape=chunk.shape,
        states=states,
        next=NEXT,
        output_shape=shape,
    )
