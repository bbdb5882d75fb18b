"""Opening an untrusted `.mlpackage`: its manifest, model and weights are checked before use."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from anenas._errors import AnenasError, plain
from anenas._files import is_file
from anenas._json import read_json
from anenas.mil._check import check_block
from anenas.mil._features import read_classes, read_inputs, read_outputs, read_states
from anenas.mil._syntax import Block, read_block
from anenas.mil._tools import coremltools
from anenas.mil._weights import Weights, inside

_MANIFEST = "Manifest.json"
_LARGEST_MANIFEST, _LARGEST_MODEL = 2**20, 2**31  # bytes; a protobuf message is never larger

T = TypeVar("T")


@contextlib.contextmanager
def intact(path: Path) -> Iterator[None]:
    """Turns errors in reading a program, whose messages are valid but may be inconsistent, into one about the file.

    Raises:
        AnenasError: If they are inconsistent.
    """
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise AnenasError(f"{path} is damaged: its program is inconsistent ({type(error).__name__})") from error


def _kept(read: Callable[[ProgramFile], T]) -> functools.cached_property[T]:
    """A cached property that is read from a file by a function."""

    def reading(file: ProgramFile) -> T:
        with intact(file.path):
            return read(file)

    return functools.cached_property(reading)


def _read_main(file: ProgramFile) -> Block:
    """The main function, whose operations fit together."""
    block = read_block(file)
    check_block(block, file.path)
    return block


@dataclass(frozen=True, eq=False)
class ProgramFile:
    """An opened `.mlpackage` that holds an ML program, parsed once; what is read is cached.

    Attributes:
        path: The package's folder.
        model: Its `Model` message (coremltools' Model.proto), not to be changed.
        model_file: The model's file in the package.
    """

    path: Path
    model: Any
    model_file: Path

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open the ML program in a `.mlpackage`.

        Raises:
            AnenasError: If the package is missing or damaged, points outside itself, is of an unknown version, or holds
                no ML program.
        """
        path = Path(path)
        file = _model_file(path)
        if (size := file.stat().st_size) >= _LARGEST_MODEL:
            raise AnenasError(f"{file} has {size:,} bytes; a Core ML model without its weights is far smaller")
        coremltools()
        from coremltools.proto import Model_pb2

        model = Model_pb2.Model()
        try:
            model.ParseFromString(file.read_bytes())
        except Exception as error:  # protobuf's DecodeError, which its C extension does not export everywhere
            raise AnenasError(f"{file} is not a Core ML model, or is incomplete or encrypted") from error
        is_program = model.WhichOneof("Type") == "mlProgram"
        oldest, newest = _versions()
        if model.specificationVersion > newest or (is_program and model.specificationVersion < oldest):
            raise AnenasError(
                f"{path} has specification version {model.specificationVersion}; "
                f"versions {oldest} to {newest} are supported"
            )
        if not is_program:
            raise _no_program(path, model.WhichOneof("Type"))
        opened = cls(path, model, file)
        _ = opened.function  # raises if missing
        return opened

    def __str__(self) -> str:
        return str(self.path)

    # The main function, its inputs, states and outputs, and a classifier's labels in the order of its probabilities.
    main = _kept(_read_main)
    inputs = _kept(read_inputs)
    states = _kept(read_states)
    outputs = _kept(read_outputs)
    classes = _kept(read_classes)

    @functools.cached_property
    def metadata(self) -> dict[str, str]:
        """Metadata stored by its author, such as "classes"."""
        return dict(self.model.description.metadata.userDefined)

    @functools.cached_property
    def target(self) -> str:
        """The oldest system that runs it, such as "iOS16"."""
        return str(coremltools().target(self.model.specificationVersion).name)

    @property
    def function(self) -> Any:
        """The `Function` message that runs by default."""
        functions = self.model.mlProgram.functions
        default = self.model.description.defaultFunctionName or "main"
        if default not in functions:
            raise _no_program(self.path)
        return functions[default]

    @property
    def block(self) -> Any:
        """The `Block` message of the function, for the operation set that it was written for."""
        function = self.function
        if function.opset not in function.block_specializations:
            raise AnenasError(f"{self.path} is damaged: its program has no operations for '{plain(function.opset)}'")
        return function.block_specializations[function.opset]

    @property
    def description(self) -> Any:
        """The description of the function's inputs and outputs, with `input`, `output` and `state`."""
        default = self.model.description.defaultFunctionName
        described = [one for one in self.model.description.functions if one.name == default]
        return described[0] if described else self.model.description

    @functools.cached_property
    def weights(self) -> Weights:
        """Its weight files."""
        return Weights(self.path, self.model_file.parent)

    def refuse_links(self) -> None:
        """Check before copying that the package has no links, which may lead anywhere.

        Raises:
            AnenasError: If it has.
        """
        if links := [file for file in self.path.rglob("*") if file.is_symlink()]:
            raise AnenasError(
                f"{self.path} contains a link, {links[0].relative_to(self.path)}; a package must consist of plain files"
            )


def _model_file(path: Path) -> Path:
    if path.suffix == ".mlmodelc":
        raise AnenasError(f"{path} is compiled and cannot be read; give the .mlpackage that it was compiled from")
    if path.suffix == ".mlmodel":
        raise AnenasError(f"{path} is not an .mlpackage; convert the network with convert_to='mlprogram'")
    manifest = path / _MANIFEST
    if not is_file(manifest):
        raise AnenasError(f"{path} is not an .mlpackage: it has no {_MANIFEST}")
    try:
        if manifest.stat().st_size > _LARGEST_MANIFEST:
            raise ValueError
        stored = read_json(manifest.read_bytes())
        relative = stored["itemInfoEntries"][stored["rootModelIdentifier"]]["path"]
        file = inside(path, path / "Data" / relative, f"the model {plain(relative)} of {_MANIFEST}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnenasError(f"{manifest} is damaged: it has no root model") from error
    if not is_file(file):
        raise AnenasError(f"{path} is incomplete: it has no {plain(str(file.relative_to(path)))}")
    return file


def _no_program(path: Path, holds: str | None = None) -> AnenasError:
    kind = f"a model of type {holds}" if holds not in (None, "mlProgram") else "no ML program"
    return AnenasError(f"{path} holds {kind}; convert it with minimum_deployment_target iOS15 or later")


def _versions() -> tuple[int, int]:
    """The first specification version with ML programs, and the last that coremltools knows."""
    ct = coremltools()
    known = [value for name, value in vars(ct).items() if name.startswith("_SPECIFICATION_VERSION_IOS_")]
    return ct._SPECIFICATION_VERSION_IOS_15, max(known)
