"""Compressing the weights of an exported program, after training and without data, with coremltools."""

from __future__ import annotations

import contextlib
import io
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from anenas._errors import AnenasError, first_line
from anenas._files import replacing
from anenas.coreml._convert import save_package
from anenas.coreml._package import Package
from anenas.graph import SMALLEST, WEIGHED, WeightFormat, get_weight_format
from anenas.mil import coremltools, quiet

_log = logging.getLogger(__name__)


def compress(package: Package, out: Path, form: WeightFormat | str) -> Package:
    """Write a package with the same program, and weights in another format.

    Weights of at most `SMALLEST` elements, vectors, and constants that are no weights (`WEIGHED`) stay as they are; the
    last are told. Weights that do not divide into blocks or groups get a scale per channel, or one table. The
    deployment target is raised only if the format needs operations of a later system.

    Args:
        package: With fp16 or fp32 weights.
        out: Ends in ".mlpackage"; replaced whole, or not at all.
        form: One of `anenas.graph.weight_formats()`, or its name.

    Raises:
        AnenasError: If the package cannot be read, is compressed already or has several functions, or coremltools
            refuses it.
    """
    form = get_weight_format(form) if isinstance(form, str) else form
    if form.activations:
        raise AnenasError(
            f"{form.name} needs training, and so a study: `anenas export STUDY --compress {form.name}`, or "
            f"`forms: [{form.name}]` in a search space"
        )
    if out.suffix != ".mlpackage":
        raise AnenasError(f"'{out}' must end in .mlpackage")
    if not out.parent.is_dir():
        raise AnenasError(f"there is no folder '{out.parent}' to write {out.name} to")
    package.refuse_links()
    if found := package.stored_forms:
        raise AnenasError(f"{package} is already compressed ({', '.join(found)}); compress the original package")
    if form.kind and len(functions := sorted(package.model.mlProgram.functions)) > 1:
        raise AnenasError(
            f"{package} contains {len(functions)} functions ({', '.join(functions)}) that share weights; compress the "
            "original packages, and combine those"
        )
    if form.kind:
        try:
            with quiet(), contextlib.redirect_stderr(io.StringIO()):  # progress bars
                model = _compressed(package, form)
        except Exception as error:  # whatever coremltools raises for a program that it cannot process
            raise AnenasError(f"{package} cannot be compressed to {form.name}: {first_line(error)}") from error
        return save_package(model, out)
    if package.path.resolve() == out.resolve():
        return package
    with replacing(out) as unfinished:
        shutil.copytree(package.path, unfinished)
    return Package.open(out)


def _compressed(package: Package, form: WeightFormat) -> Any:
    """coremltools' `MLModel` of the compressed program."""
    ct = coremltools()
    import coremltools.optimize.coreml as optimize

    model = ct.models.MLModel(str(package.path), skip_model_load=True)
    spec = model.get_spec()
    needed = ct.target[form.target]
    if spec.specificationVersion < needed.value:
        spec.specificationVersion = needed.value
        model = ct.models.MLModel(spec, weights_dir=model.weights_dir, skip_model_load=True)
    weights = _weights(package, optimize.get_weights_metadata(model, weight_threshold=SMALLEST))
    (compressor, config_of), *rest = _steps(optimize, form)
    configs = {name: config_of(weight) for name, weight in weights.items()}
    model = compressor(model, optimize.OptimizationConfig(op_name_configs=configs))
    for compressor, config_of in rest:  # sees the first one's results, under other names
        configs = dict.fromkeys(sorted(WEIGHED), config_of(None))
        model = compressor(model, optimize.OptimizationConfig(op_type_configs=configs), joint_compression=True)
    return model


def _weights(package: Package, constants: dict[str, Any]) -> dict[str, Any]:
    """The constants that are weights, by name."""
    weights = {name: one for name, one in constants.items() if all(op.op_type in WEIGHED for op in one.child_ops)}
    others = {name: one for name, one in constants.items() if name not in weights and one.val.ndim > 1}
    if others:
        elements = sum(one.val.size for one in others.values())
        shown = ", ".join(f"{name} of {_readers(one)}" for name, one in list(others.items())[:3])
        _log.info("%d constants with %s numbers are not weights and stay unchanged: %s%s",
                     len(others), f"{elements:,}", shown, ", …" if len(others) > 3 else "")  # fmt: skip
    if not any(one.val.ndim > 1 for one in weights.values()):
        _log.info("%s: no weight has more than %s numbers, so all stay unchanged", package, f"{SMALLEST:,}")
    return weights


def _readers(constant: Any) -> str:
    return " and ".join(sorted({op.op_type for op in constant.child_ops})) or "an output"


def _steps(optimize: Any, form: WeightFormat) -> list[tuple[Callable[..., Any], Callable[[Any], Any]]]:
    """coremltools' compressors for a format, in order, each with its configuration for a weight.

    A weight is a `CoreMLWeightMetaData`; None means all weights.
    """

    def pruner(weight: Any) -> Any:
        # coremltools 9.0 computes the percentile of its own magnitude pruner in the weight's type: fp16 weights with
        # more than 65,504 elements, whose count overflows, are not pruned at all.
        magnitudes = np.sort(np.abs(weight.val.astype(np.float32)), axis=None)
        wanted = int(magnitudes.size * form.sparsity)
        threshold = float(magnitudes[wanted - 1]) if wanted else 0.0
        # Equal magnitudes are pruned together or not at all: whichever is closer to the sparsity.
        first, after = np.searchsorted(magnitudes, threshold, "left"), np.searchsorted(magnitudes, threshold, "right")
        if first > 0 and wanted - first < after - wanted:
            threshold = float(magnitudes[first - 1])
        return optimize.OpThresholdPrunerConfig(
            threshold=threshold, minimum_sparsity_percentile=0.0, weight_threshold=SMALLEST
        )

    def palettizer(weight: Any) -> Any:
        axis = _channel_axis(weight)
        grouped = {"granularity": "per_grouped_channel", "group_size": form.group, "channel_axis": axis}
        in_groups = weight is not None and form.is_grouped(weight.val.shape, axis)
        return optimize.OpPalettizerConfig(
            mode="kmeans", nbits=form.palette, weight_threshold=SMALLEST, **(grouped if in_groups else {})
        )

    def quantiser(weight: Any) -> Any:
        granularity: dict[str, Any] = {"granularity": "per_channel"}
        if form.palette:
            granularity = {"granularity": "per_tensor"}  # for the table, which has no channels
        elif weight is not None and form.is_in_blocks(weight.val.shape, _channel_axis(weight)):
            granularity = {"granularity": "per_block", "block_size": form.block}
        return optimize.OpLinearQuantizerConfig(
            mode="linear_symmetric", dtype=f"int{form.integer}", weight_threshold=SMALLEST, **granularity
        )

    ways = (
        (form.sparsity, optimize.prune_weights, pruner),
        (form.palette, optimize.palettize_weights, palettizer),
        (form.integer, optimize.linear_quantize_weights, quantiser),
    )
    return [(compressor, config_of) for wanted, compressor, config_of in ways if wanted]


def _channel_axis(weight: Any) -> int:
    """The axis of a `CoreMLWeightMetaData`'s output channels."""
    return 1 if weight is not None and any(op.op_type == "conv_transpose" for op in weight.child_ops) else 0
