"""The model card: what lies in a bundle, how good and how fast it is, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence

from anenas.ane import Finding
from anenas.bundle._contents import Bundle, Stream
from anenas.bundle._encode import in_words
from anenas.bundle._input import Input
from anenas.coreml import TOLERANCES, Difference
from anenas.graph import SMALLEST, get_form
from anenas.mil import Event, Program

_CARD = """\
# {title}

A classifier of {inputs} for Apple's Neural Engine, found and trained by anenas: trial {trial} of the study `{study}`.

| | |
|---|---|
| input | `{source}`: {input_text} |
| output | {output_text} |
| labels | {classes}, in `labels.txt` in the order of the outputs |
| weights | {parameters:,} parameters, stored as {stored}; the package takes {size_mb:.2f} MB (10⁶ bytes) |
| work | {macs:,} multiply-accumulates for one prediction |
| architecture | `{architecture}` |

{preparation}

## Accuracy

Data: {data}{resized}. Trained for {epochs} on the training {inputs}{retrained}; the
validation {inputs} were held out to compare networks by, and no network was chosen by the test {inputs}.

| what was run | on | accuracy |
|---|---|---|
| the torch network, float32 | {validation_count:,} validation {inputs} | {validation:.2%} |
| `model.mlpackage` as it lies here, every result rounded to float16 as on the engine | {test_count:,} test {inputs} | \
{test:.2%} |

## Latency

{ms:.3f} ms on {chip}, with nine chances in ten between {low:.2f} and {high:.2f} ms. **This is an estimate
({latency_source}) from the program alone: it was not measured on a device.** {residency:.0%} of the operations' time is
spent on the Neural Engine, as estimated. Operation by operation: `anenas profile model.mlpackage --chip {chip}`. To
measure it, see below.

## Findings

{findings}

## How it was verified

The program in `model.mlpackage` was run on torch, as `anenas run` does, and its probabilities held against those of the
trained network in float32, its weights rounded to float16, on {images} test {inputs}:

| precision | largest difference | of the largest probability | mean difference | same class |
|---|---|---|---|---|
{rows}

{lost}

{tolerance}Core ML itself has not run it: that needs a Mac.
{streaming}
## What lies here

| | |
|---|---|
| `model.mlpackage` | the Core ML model, for {target} and later |
{compiled}{stream_files}| `Classifier.swift` | loads and calls it; unproven, no Xcode has compiled it yet |
| `network.py`, `weights.safetensors` | the network and its weights in torch, float32; no timm, no anenas |
{vocabulary}| `labels.txt` | a label a line |
| `test_vectors/` | `inputs.npz`; what the torch network (`network.npz`) and the program (`program.npz`) make of it |
| `kit/` | measures and checks the model on any Mac or attached iPhone; unproven on hardware |
| `bundle.json` | the figures of this page for scripts |

## Use it

In Swift, with `Classifier.swift` and `model.mlpackage` in the Xcode project:

    let classifier = try Classifier(contentsOf: Bundle.main.url(forResource: "model", withExtension: "mlmodelc")!)
    {swift_call}
{swift_stream}
In Python, with torch, safetensors and numpy; `python network.py` compares it with the test vectors:

    from network import {load}
    probabilities = load()({given})  # {pixels}

On a Mac:

    cd kit && python3 -m venv venv && venv/bin/pip install coremltools && venv/bin/python validate.py

## Licence

The licence of this model is yours to choose, and may depend on that of the data it was trained on.
"""
_STREAM = """
## Chunk by chunk

`stream.mlpackage` is the same network for series that are still coming in. One call takes

| | |
|---|---|
| `series` | float32 {chunk} (series, channels, 1, steps): the next {steps}, as they are |
{states}

and gives `probabilities`, float32 (series, labels), for the series so far: after {calls} calls what `model.mlpackage`
gives for {length} steps. Each state comes out, too, under its name with `_out` behind it, and goes into the next call.
All are noughts where a series begins.

{notes}A call takes {ms:.3f} ms on {chip}, with nine chances in ten between {low:.2f} and {high:.2f} ms. **This is an
estimate: it was not measured on a device.** {residency:.0%} of the operations' time is spent on the Neural Engine, as
estimated. The package takes {size_mb:.2f} MB, a call {macs:,} multiply-accumulates.
`anenas check stream.mlpackage --chip {chip}` finds {found}.

It was run on {series} test series, each state going from call to call. Its probabilities were held against those of the
torch network for the series so far, weights rounded to float16, and at the end against those of `model.mlpackage` in
float32:

| precision | held against | after | largest difference | of the largest probability | same class |
|---|---|---|---|---|---|
{rows}

{tolerance}
`test_vectors/stream.npz` has what it gives after each call for `inputs.npz`, (calls, series, labels). In Python, with
anenas:

    import anenas, numpy
    program = anenas.load_program("stream.mlpackage", "fp16")
    for outputs in anenas.stream(program, numpy.load("test_vectors/inputs.npz")["series"]):
        print(outputs["probabilities"].argmax(1))
"""
_LSTM = (
    "Beside `model.mlpackage`, whose lstm has weights in float32 and not in float16, the latter bound holds for both."
)
_PADDED = (
    "{length} steps are no multiple of {steps}: fill the last chunk up with anything, for nothing looks at it unless "
    "another chunk follows."
)
_AHEAD = "The answer rests on the first step of the last chunk and all before; the others count from the next call on."
_COUNTED = (
    "The head's mean counts to 2,048 calls, as far as float16 does; from there on it forgets what is long ago "
    "exponentially."
)
_MASKED = (
    "Series shorter than {length} steps were trained on with padding before them. Give their padding first, chunk by "
    "chunk, for the answers of `model.mlpackage`; a stream may also begin where the series does, with 1 in its last "
    "channel, and then knows nothing of padding."
)
_MOST_FINDINGS = 10


def write_card(bundle: Bundle, program: Program, findings: Sequence[Finding], target: str, takes: Input) -> str:
    """The model card as Markdown.

    Args:
        bundle: Its figures.
        program: What lies in its package.
        findings: What `anenas.ane.check` found in it.
        target: The oldest system that runs it, such as "iOS16".
        takes: What it takes.
    """
    (given,) = program.inputs
    batch, channels, height, width = (size or 1 for size in given.shape or (1, 1, 1, 1))
    colours = {"grayscale": "a grey image", "RGB": "a colour image", "BGR": "a colour image"}
    if given.image:
        input_text = f"{colours[given.image]} of {width}×{height} pixels of 0 to 255"
    else:
        input_text = f"float32 {_sizes((batch, channels, height, width))} ({', '.join(takes.axes)}), {takes.meaning}"
        if takes.masked and not takes.tokens:
            input_text += "; shorter ones end at the last step, and the last channel is 1 where they are and 0 before"
    retrained = f", from the start, for this export (the search gave {bundle.searched_epochs})"
    swift_type = "a String" if takes.tokens else "[Float]"
    values = ", values of 0 to 255" if takes.kind.resized else ""
    return _CARD.format(
        title=f"{bundle.study}, {bundle.picked}",
        trial=bundle.trial,
        study=bundle.study,
        source=given.name,
        input_text=input_text,
        output_text=_outputs(program),
        classes=bundle.classes,
        parameters=bundle.parameters,
        stored=_stored(bundle.form),
        size_mb=bundle.size_mb,
        macs=bundle.macs,
        architecture=bundle.architecture,
        data=bundle.data,
        epochs=f"{bundle.epochs} epoch" + ("" if bundle.epochs == 1 else "s"),
        retrained=retrained if bundle.retrained else "",
        validation_count=bundle.validation_count,
        validation=bundle.validation_accuracy,
        test_count=bundle.test_count,
        test=bundle.test_accuracy,
        ms=bundle.latency_ms,
        chip=bundle.chip,
        low=bundle.latency_low_ms,
        high=bundle.latency_high_ms,
        latency_source=bundle.latency_source,
        residency=bundle.residency,
        findings=_findings(findings, bundle.chip),
        images=bundle.verified.samples,
        rows="\n".join(
            [*(_row("fp32", o) for o in bundle.verified.fp32), *(_row("fp16", o) for o in bundle.verified.fp16)]
        ),
        lost=_lost(bundle.verified.lost),
        tolerance=_tolerance(bundle),
        target=target.replace("OS", "OS ").replace("_", "."),
        compiled="| `model.mlmodelc` | the same, compiled by Core ML |\n" if bundle.compiled else "",
        swift_call=(
            "let prediction = try classifier.prediction(for: image)  // a CGImage"
            if given.image
            else f"let prediction = try classifier.prediction(for: {takes.one})  // {swift_type}"
        ),
        preparation=_preparation(takes, width),
        vocabulary="| `vocabulary.json` | the tokens that it knows; the first has the id 2 |\n" if takes.tokens else "",
        load="encode, load" if takes.tokens else "load",
        given="encode(text)" if takes.tokens else takes.one,
        inputs=takes.kind,
        resized=f", its {takes.kind} brought to the input's size" if takes.kind.resized else "",
        streaming=_streaming(bundle, given.shape or (), takes.masked) if bundle.stream else "",
        stream_files=_stream_files(bundle.stream) if bundle.stream else "",
        swift_stream=_SWIFT_STREAM if bundle.stream else "",
        pixels=f"a tensor (N, {channels}, {height}, {width}){values}",
    )


def _preparation(takes: Input, width: int) -> str:
    """What happens to an input before the network sees it, in the model or before it, and to what comes out."""
    encoding = f"{in_words(takes.tokens, width)} " if takes.tokens else ""
    return f"{encoding}{takes.kind.preparation}"


_STREAM_FILES = """\
| `stream.mlpackage` | the same network for series that are still coming in |
{compiled}| `StreamingClassifier.swift` | loads and calls that; unproven, too |
"""
_SWIFT_STREAM = """
and, for series that are still coming in, with `StreamingClassifier.swift` and `stream.mlpackage`:

    let url = Bundle.main.url(forResource: "stream", withExtension: "mlmodelc")!
    var classifier = try StreamingClassifier(contentsOf: url)
    let probabilities = try classifier.probabilities(after: chunk)  // [Float]; again for each chunk
    try classifier.restart()  // before another series
"""


def _stream_files(stream: Stream) -> str:
    compiled = "| `stream.mlmodelc` | the same, compiled by Core ML |\n" if stream.compiled else ""
    return _STREAM_FILES.format(compiled=compiled)


def _streaming(bundle: Bundle, given: Sequence[int | None], masked: bool) -> str:
    """The section on the program that takes series chunk by chunk, beside one that takes them whole."""
    stream = bundle.stream
    assert stream
    batch, channels, _, length = (size or 1 for size in given)
    notes = [_PADDED.format(length=length, steps=stream.steps)] if length % stream.steps else []
    notes += [_MASKED.format(length=length)] if masked else []
    notes += [_AHEAD] if stream.steps > 1 else []
    notes += [_COUNTED] if "head_count" in stream.states else []
    warnings = [one for one in stream.findings if one.startswith(("error", "warning"))]
    rows = [
        f"| {precision} | {against} | {one.name} | {one.largest:.2g} | {one.relative:.2g} | {one.top1 or 0:.1%} |"
        for against, verified in (("the network", stream.verified), ("`model.mlpackage`", stream.verified_whole))
        for precision, differences in (("fp32", verified.fp32), ("fp16", verified.fp16))
        for one in differences
    ]
    return _STREAM.format(
        chunk=_sizes((batch, channels, 1, stream.steps)),
        steps="step" if stream.steps == 1 else f"{stream.steps} steps",
        states="\n".join(f"| `{name}` | float16 {_sizes(shape)} |" for name, shape in stream.states.items()),
        length=length,
        notes="\n\n".join([*notes, ""]),
        ms=stream.latency_ms,
        low=stream.latency_low_ms,
        high=stream.latency_high_ms,
        chip=bundle.chip,
        calls=-(-length // stream.steps),
        residency=stream.residency,
        found=", ".join(dict.fromkeys(one.split()[1] for one in warnings)) or "nothing against it",
        size_mb=stream.size_mb,
        macs=stream.macs,
        series=stream.verified.samples,
        rows="\n".join(rows),
        tolerance=_tolerance(bundle)
        + ("" if stream.verified.tolerances == stream.verified_whole.tolerances else _LSTM),
    )


def _sizes(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape))


def _stored(form: str) -> str:
    return f"{form} where a tensor has {SMALLEST:,} numbers or more, else as fp16" if get_form(form).kind else form


def _outputs(program: Program) -> str:
    texts = {
        "label": "`{}`: the label",
        "probabilities": "`{}`: each label's probability",
        "fp32": "`{}`: the labels' probabilities, float32 (images, labels)",
    }
    return "; ".join(texts[one.dtype].format(one.name) for one in program.outputs)


def _findings(findings: Sequence[Finding], chip: str) -> str:
    if not findings:
        return f"`anenas check model.mlpackage --chip {chip}` finds nothing against it."
    ordered = sorted(findings, key=lambda one: ("error", "warning", "info").index(one.severity))
    told = [f"- {one.severity}, {one.rule}{f' at {one.op}' if one.op else ''}: {one.message}" for one in ordered]
    more = len(told) - _MOST_FINDINGS
    if more > 0:
        told[_MOST_FINDINGS:] = [f"- and {more} more: `anenas check model.mlpackage --chip {chip}`"]
    return "\n".join(told)


def _row(precision: str, one: Difference) -> str:
    alike = "" if one.top1 is None else f"{one.top1:.1%}"
    return f"| {precision} | {one.largest:.2g} | {one.relative:.2g} | {one.mean:.2g} | {alike} |"


def _lost(events: Sequence[Event]) -> str:
    """What float16 lost; an overflow would have stopped the export."""
    if not events:
        return "Nothing is lost to float16."
    values = sum(event.count for event in events)
    return f"No result overflows in float16; {values:,} values of {len(events)} operations are too small for it."


def _tolerance(bundle: Bundle) -> str:
    fp32, fp16 = TOLERANCES["fp32"], TOLERANCES["fp16"]
    held = f"A difference above {fp32:g} of the largest probability in fp32, or {fp16:g} in fp16, "
    if bundle.form == "fp16":
        return held + "would have stopped the export. "
    if get_form(bundle.form).activations:
        return (
            f"It was trained a little further to compute with 8-bit integers, and a difference above {fp16:g} of the "
            "largest probability from what that gave would have stopped the export. "
        )
    return f"{held}before the weights became {bundle.form} would have stopped the export; the figures are those since. "
