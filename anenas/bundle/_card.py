"""The model card: what a bundle contains, how good and how fast it is, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence

from anenas.ane import Finding
from anenas.bundle._contents import Bundle
from anenas.bundle._input import Input
from anenas.bundle._swift import swift_file
from anenas.bundle._templates import render
from anenas.coreml import TOLERANCES
from anenas.data import count_lines
from anenas.graph import SMALLEST, get_weight_format
from anenas.mil import Program
from anenas.report.evaluation import Report
from anenas.tasks import TASKS, find_metric

_MOST_FINDINGS = 10
_MOST_CLASSES = 30


def write_card(
    bundle: Bundle,
    program: Program,
    findings: Sequence[Finding],
    target: str,
    takes: Input,
    names: Sequence[str],
    report: Report,
) -> str:
    """The model card as Markdown.

    Args:
        bundle: Its figures.
        program: The program of its package.
        findings: What `anenas.ane.check` found in it.
        target: The oldest system that runs it, such as "iOS16".
        takes: Its input.
        names: Of its classes, or of the numbers that it predicts.
        report: Of its test.
    """
    task, metric = TASKS[bundle.task], find_metric(bundle.metric)
    (given,) = program.inputs
    of_stream = bundle.stream.findings if bundle.stream else ()
    return render(
        "README.md",
        bundle=bundle,
        task=task,
        names=names,
        metric=metric,
        swift=swift_file(task),
        model="classifier" if task.classifies else "regressor",
        validated=metric.words(bundle.validation_score),
        tested=metric.words(bundle.test_score),
        inputs=count_lines(bundle.inputs, takes.kind),
        given=takes,
        source=given.name,
        image=given.image,
        shape=given.shape,
        outputs=program.outputs,
        form=get_weight_format(bundle.form),
        smallest=SMALLEST,
        tolerances=TOLERANCES,
        findings=findings,
        shown=_MOST_FINDINGS,
        stream_rules=list(dict.fromkeys(one.split()[1] for one in of_stream if not one.startswith("info"))),
        target=target.replace("OS", "OS ").replace("_", "."),
        report=report,
        sheet=report.sheet(_MOST_CLASSES),
        pictures=report.pictures[:1],
    )
