"""Swift that loads the model and calls it by the names that it has."""

from __future__ import annotations

import json

from anenas.bundle._encode import swift_split
from anenas.bundle._input import Input
from anenas.coreml import OUTPUT
from anenas.mil import NEXT, Program

_FILE = """\
// Loads {model} and asks it. Add both to an Xcode project: it compiles the package into the app, from where
//
//     let url = Bundle.main.url(forResource: "model", withExtension: "mlmodelc")!
//     let classifier = try Classifier(contentsOf: url)
//
// Written after Apple's documentation, for iOS 16 or macOS 13 and later; unproven: no Xcode has compiled it yet.

{imports}

struct Classifier {{
    enum Failure: Error {{
        case unexpectedModel  // the file at the URL is not the model that this was written for
    }}

{result}

    private let model: MLModel{known}

    init(contentsOf url: URL, computeUnits: MLComputeUnits = .all) throws {{
        let configuration = MLModelConfiguration()
        configuration.computeUnits = computeUnits
        model = try MLModel(contentsOf: url, configuration: configuration){learn}
    }}

{predict}
}}
"""

_LABELLED = """\
    struct Prediction {
        let label: String
        let probabilities: [String: Double]
    }"""
_BARE = """\
    /// The labels' probabilities, {sizes}, one image after the other; labels.txt has their order.
    typealias Prediction = [Float]"""

_IMAGE = """\
    /// - Parameters:
    ///   - image: Of any size; Core ML makes it {width}×{height} {colour}. The model normalises by itself.
    ///   - fit: How to do that to an image of other proportions.
    func prediction(for image: CGImage, fit: VNImageCropAndScaleOption = .centerCrop) throws -> Prediction {{
        guard let constraint = model.modelDescription.inputDescriptionsByName[{source}]?.imageConstraint else {{
            throw Failure.unexpectedModel
        }}
        let value = try MLFeatureValue(
            cgImage: image, constraint: constraint, options: [.cropAndScale: fit.rawValue])
"""
_ARRAY = """\
    /// - Parameter {values}: {meaning}.
    func prediction(for {values}: [Float]) throws -> Prediction {{
        let array = MLShapedArray<Float>(scalars: {values}, shape: [{shape}])
        let value = MLFeatureValue(multiArray: MLMultiArray(array))
"""
_IDS = """
    private let ids: [String: Float]  // of each token that the model knows"""
_LEARN = """

        guard let metadata = model.modelDescription.metadata[.creatorDefinedKey] as? [String: String],
            let vocabulary = metadata["vocabulary"]
        else {
            throw Failure.unexpectedModel
        }
        let tokens = try JSONDecoder().decode([String].self, from: Data(vocabulary.utf8))
        ids = Dictionary(uniqueKeysWithValues: tokens.enumerated().map { ($0.element, Float($0.offset + 2)) })"""
_TEXT = """\
    /// What the model takes of a text: the ids of its first {steps} {tokens}.
    func encode(_ text: String) -> [Float] {{
        let {tokens} = text.lowercased().precomposedStringWithCanonicalMapping
{split}
        let known = {tokens}.prefix({steps}).map {{ ids[$0] ?? 1 }}
        return [Float](repeating: 0, count: {steps} - known.count) + known
    }}

    func prediction(for {parameter}) throws -> Prediction {{
        let array = MLShapedArray<Float>(scalars: {encoded}, shape: [{shape}])
        let value = MLFeatureValue(multiArray: MLMultiArray(array))
"""
_ASK = """\
        let input = try MLDictionaryFeatureProvider(dictionary: [{source}: value])
        let output = try model.prediction(from: input)
"""
_ANSWER_LABELLED = """\
        guard let label = output.featureValue(for: {label})?.stringValue,
            let probabilities = output.featureValue(for: {probabilities})?.dictionaryValue as? [String: Double]
        else {{
            throw Failure.unexpectedModel
        }}
        return Prediction(label: label, probabilities: probabilities)
    }}"""
_ANSWER_BARE = """\
        guard let values = output.featureValue(for: {probabilities})?.shapedArrayValue(of: Float.self) else {{
            throw Failure.unexpectedModel
        }}
        return values.scalars
    }}"""


def swift_source(program: Program, model: str, takes: Input) -> str:
    """A Swift file for a classifier with one input.

    Args:
        program: What its inputs and outputs are read from.
        model: Name of its package.
        takes: What it takes.
    """
    (given,) = program.inputs
    names = {one.dtype: json.dumps(one.name) for one in program.outputs}
    labelled = "label" in names
    probabilities = names["probabilities"] if labelled else names["fp32"]
    sizes = [str(size) for size in given.shape or ()]
    source = json.dumps(given.name)
    if takes.tokens:
        ask = _TEXT.format(
            steps=sizes[3],
            tokens=takes.tokens,
            split=swift_split(takes.tokens),
            parameter="text: String" if labelled else "texts: [String]",
            encoded="encode(text)" if labelled else "texts.flatMap(encode)",
            shape=", ".join(sizes),
        )
    elif given.image:
        colour = "in grey" if given.image == "grayscale" else "in colour"
        ask = _IMAGE.format(width=sizes[3], height=sizes[2], colour=colour, source=source)
    else:
        said, axes = takes.meaning, takes.axes
        ask = _ARRAY.format(
            values=takes.one,
            meaning=f"{said[0].upper() + said[1:]}, {'×'.join(sizes)} ({', '.join(axes)}), {axes[-1]} first",
            shape=", ".join(sizes),
        )
    answer = (_ANSWER_LABELLED if labelled else _ANSWER_BARE).format(
        label=names.get("label"), probabilities=probabilities
    )
    out = next((one.shape for one in program.outputs if one.dtype == "fp32" and one.shape), ())
    imports = ["CoreGraphics", "CoreML", "Vision"] if given.image else ["CoreML"]
    imports += ["Foundation"] if takes.tokens else []
    return _FILE.format(
        model=model,
        imports="\n".join(f"import {name}" for name in imports),
        result=_LABELLED if labelled else _BARE.format(sizes="×".join(map(str, out))),
        known=_IDS if takes.tokens else "",
        learn=_LEARN if takes.tokens else "",
        predict=ask + _ASK.format(source=source) + answer,
    )


_STREAM = """\
// Loads {model} and asks it chunk by chunk. Add both to an Xcode project, and
//
//     let url = Bundle.main.url(forResource: "stream", withExtension: "mlmodelc")!
//     var classifier = try StreamingClassifier(contentsOf: url)
//     let probabilities = try classifier.probabilities(after: chunk)
//
// Written after Apple's documentation, for iOS 16 or macOS 13 and later; unproven: no Xcode has compiled it yet.

import CoreML

struct StreamingClassifier {{
    enum Failure: Error {{
        case unexpectedModel  // the file at the URL is not the model that this was written for
    }}

    private let model: MLModel
    private var states: [String: MLFeatureValue] = [:]

    init(contentsOf url: URL, computeUnits: MLComputeUnits = .all) throws {{
        let configuration = MLModelConfiguration()
        configuration.computeUnits = computeUnits
        model = try MLModel(contentsOf: url, configuration: configuration)
        try restart()
    }}

    /// Before the first chunk of another series: every state is noughts.
    mutating func restart() throws {{
        for (name, shape) in Self.shapes {{
            let array = try MLMultiArray(shape: shape as [NSNumber], dataType: .float16)
            for i in 0..<array.count {{
                array[i] = 0
            }}
            states[name] = MLFeatureValue(multiArray: array)
        }}
    }}

    /// The labels' probabilities for the series so far, {out}; labels.txt has their order.
    ///
    /// - Parameter chunk: The next steps as they are, {sizes} (series, channels, 1, steps), steps first.
    mutating func probabilities(after chunk: [Float]) throws -> [Float] {{
        let array = MLShapedArray<Float>(scalars: chunk, shape: [{shape}])
        var inputs = states
        inputs[{source}] = MLFeatureValue(multiArray: MLMultiArray(array))
        let output = try model.prediction(from: MLDictionaryFeatureProvider(dictionary: inputs))
        for name in states.keys {{
            guard let next = output.featureValue(for: name + {suffix}) else {{
                throw Failure.unexpectedModel
            }}
            states[name] = next
        }}
        guard let values = output.featureValue(for: "probabilities")?.shapedArrayValue(of: Float.self) else {{
            throw Failure.unexpectedModel
        }}
        return values.scalars
    }}

    private static let shapes = [
{states}
    ]
}}
"""


def stream_swift_source(program: Program, model: str) -> str:
    """A Swift file for a program that takes series chunk by chunk.

    Args:
        program: What its inputs and outputs are read from.
        model: Name of its package.
    """
    chunk, *states = program.inputs
    sizes = [str(size) for size in chunk.shape or ()]
    out = next(one.shape for one in program.outputs if one.name == OUTPUT) or ()
    shapes = (", ".join(map(str, state.shape or ())) for state in states)
    return _STREAM.format(
        model=model,
        out="×".join(map(str, out)),
        sizes="×".join(sizes),
        shape=", ".join(sizes),
        source=json.dumps(chunk.name),
        suffix=json.dumps(NEXT),
        states="\n".join(f"        {json.dumps(s.name)}: [{shape}]," for s, shape in zip(states, shapes, strict=True)),
    )
