"""Opening a `.mlpackage` that somebody else wrote: its manifest, its model and its weights, each checked before use."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from anenas._errors import AnenasError
from anenas.mil._tools import coremltools

_MANIFEST = "Manifest.json"

# Weight files, as coremltools' mlmodel/src/MILBlob/Blob/StorageFormat.hpp lays them out: a header of 64 bytes, and for
# each blob 64 bytes of metadata that say where its data begin and how many they are. All little endian.
_HEADER = struct.Struct("<II")  # number of blobs, version
_METADATA = struct.Struct("<IIQQ")  # sentinel, data type, size in bytes, offset of the data
_BLOCK = 64
_VERSION = 2
_SENTINEL = 0xDEADBEEF


@dataclass(frozen=True)
class Package:
    """An opened `.mlpackage` that holds an ML program.

    Attributes:
        path: The package's folder.
        model: Its `Model` message (coremltools' Model.proto).
        file: Where the model lies in it.
    """

    path: Path
    model: Any
    file: Path

    @property
    def function(self) -> Any:
        """The `Function` message that runs when none is asked for."""
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
            raise AnenasError(f"{self.path} is damaged: its program has no operations for '{function.opset}'")
        return function.block_specializations[function.opset]

    @property
    def description(self) -> Any:
        """What describes the function's inputs and outputs, with `input`, `output` and `state`."""
        default = self.model.description.defaultFunctionName
        described = [one for one in self.model.description.functions if one.name == default]
        return described[0] if described else self.model.description

    def blob(self, file_name: str, offset: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """The bytes of a blob in a weight file, not yet read from disk.

        Args:
            file_name: As a program has it, such as "@model_path/weights/weight.bin".
            offset: Where the blob's metadata are.

        Raises:
            AnenasError: If there is no such file in the package, or it is cut short or damaged.
        """
        data = self._weights(file_name)
        name = PurePosixPath(file_name).name
        if offset + _BLOCK > len(data):
            raise AnenasError(f"{self.path}: {name} is cut short: a weight is at byte {offset} of {len(data)}")
        sentinel, _, size, start = _METADATA.unpack(bytes(data[offset : offset + _METADATA.size]))
        if sentinel != _SENTINEL:
            raise AnenasError(f"{self.path}: {name} is damaged: there is no weight at byte {offset}")
        if start + size > len(data):
            raise AnenasError(
                f"{self.path}: {name} is cut short: a weight ends at byte {start + size}, the file at {len(data)}"
            )
        return data[start : start + size]

    def _weights(self, file_name: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        relative = file_name.removeprefix("@model_path").lstrip("/")
        file = _inside(self.path, self.file.parent / relative, f"the weight file {file_name}")
        if not file.is_file():
            raise AnenasError(f"{self.path} is incomplete: it has no weight file {relative}")
        return _mapped(file, self.path)


def open_package(path: Path) -> Package:
    """Opens the ML program in a `.mlpackage`.

    Raises:
        AnenasError: If there is no such package, it is damaged or points outside itself, is of an unknown version, or
            holds no ML program.
    """
    file = _model_file(path)
    coremltools()
    from coremltools.proto import Model_pb2

    model = Model_pb2.Model()
    try:
        model.ParseFromString(file.read_bytes())
    except Exception as error:  # protobuf's DecodeError, which its C extension does not export everywhere
        raise AnenasError(f"{file} is not a Core ML model, is cut short, or is encrypted") from error
    oldest, newest = _versions()
    if model.specificationVersion > newest:
        raise AnenasError(
            f"{path} is of specification version {model.specificationVersion}; versions {oldest} to {newest} are known"
        )
    package = Package(path, model, file)
    if model.WhichOneof("Type") != "mlProgram":
        raise _no_program(path, model.WhichOneof("Type"))
    _ = package.function  # is there
    return package


def package_metadata(path: Path) -> dict[str, str]:
    """What its author stored with a package, such as "classes".

    Raises:
        AnenasError: If the package cannot be opened.
    """
    return dict(open_package(path).model.description.metadata.userDefined)


def package_target(path: Path) -> str:
    """The oldest system that runs a package, such as "iOS16".

    Raises:
        AnenasError: If the package cannot be opened.
    """
    return str(coremltools().target(open_package(path).model.specificationVersion).name)


def refuse_links(path: Path) -> None:
    """A package that is to be copied must be plain files: links may lead anywhere.

    Raises:
        AnenasError: If it is not.
    """
    if links := [file for file in path.rglob("*") if file.is_symlink()]:
        raise AnenasError(f"{path} holds a link, {links[0].relative_to(path)}; a package is plain files")


def _model_file(path: Path) -> Path:
    if path.suffix == ".mlmodelc":
        raise AnenasError(f"{path} is compiled, and cannot be read; give the .mlpackage that it was compiled from")
    if path.suffix == ".mlmodel":
        raise AnenasError(f"{path} is no .mlpackage; convert the network with convert_to='mlprogram'")
    manifest = path / _MANIFEST
    if not manifest.is_file():
        raise AnenasError(f"{path} is no .mlpackage: it has no {_MANIFEST}")
    try:
        stored = json.loads(manifest.read_bytes())
        relative = stored["itemInfoEntries"][stored["rootModelIdentifier"]]["path"]
        file = path / "Data" / relative
    except (ValueError, KeyError, TypeError) as error:
        raise AnenasError(f"{manifest} is damaged: it names no root model") from error
    file = _inside(path, file, f"the model {relative} of {_MANIFEST}")
    if not file.is_file():
        raise AnenasError(f"{path} is incomplete: it has no {file.relative_to(path)}")
    return file


def _inside(package: Path, file: Path, what: str) -> Path:
    """The same file, which must lie in the package once links and dots are followed."""
    if not file.resolve().is_relative_to(package.resolve()):
        raise AnenasError(f"{package} is refused: {what} lies outside of it")
    return file


def _no_program(path: Path, holds: str | None = None) -> AnenasError:
    kind = f"a model of type {holds}" if holds not in (None, "mlProgram") else "no ML program"
    return AnenasError(f"{path} holds {kind}; convert it with minimum_deployment_target iOS15 or later")


def _versions() -> tuple[int, int]:
    """The first specification version that has ML programs, and the last that coremltools knows."""
    ct = coremltools()
    known = [value for name, value in vars(ct).items() if name.startswith("_SPECIFICATION_VERSION_IOS_")]
    return ct._SPECIFICATION_VERSION_IOS_15, max(known)


def _mapped(file: Path, package: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A weight file, mapped into memory, with a header of the version that is known."""
    size = file.stat().st_size
    if size < _BLOCK:
        raise AnenasError(f"{package}: {file.name} is cut short: it has {size} bytes")
    data = np.memmap(file, dtype=np.uint8, mode="r")
    _, version = _HEADER.unpack(bytes(data[: _HEADER.size]))
    if version != _VERSION:
        raise AnenasError(f"{package}: {file.name} is of storage version {version}; only {_VERSION} is known")
    return data
