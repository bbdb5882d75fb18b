"""Importing torchvision where its compiled half cannot load."""

from __future__ import annotations

import functools
import importlib
import importlib.machinery
import importlib.util
import sys
from types import ModuleType

from anenas._errors import AnenasError

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@functools.cache
def import_torchvision() -> ModuleType:
    """torchvision, importable even beside a torch it was not compiled for.

    The torchvision that PyPI offers for Linux is built for CUDA. Beside a CPU-only torch its extension does not
    load, and the import dies with "operator torchvision::nms does not exist" although data sets and transforms need
    no compiled operator. Declaring the missing operators first is enough; calling them stays an error.

    Call this before importing anything that imports torchvision itself, such as timm.

    Raises:
        AnenasError: torchvision is not installed.
    """
    if "torchvision" not in sys.modules and not _extension_loads():
        _declare_operators()
    return importlib.import_module("torchvision")


def _extension_loads() -> bool:
    """Whether torch can load torchvision's compiled operators; loading them twice does no harm."""
    import torch

    package = importlib.util.find_spec("torchvision")
    if package is None:
        raise AnenasError("torchvision is not installed; install it with: pip install torchvision")
    extension = importlib.machinery.PathFinder.find_spec("_C", package.submodule_search_locations)
    if extension is None or extension.origin is None:
        return False
    try:
        torch.ops.load_library(extension.origin)
    except OSError:
        return False
    return True


@functools.cache
def _declare_operators() -> object:
    """Declares the operators whose absence fails the import; cached because the declarations die with the library."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in _SCHEMAS:
        if not hasattr(torch.ops.torchvision, schema.partition("(")[0]):
            library.define(schema)
    return library
