"""Plugins with the user's own blocks and the like: loaded from Python files, and sent to other processes.

A plugin is a Python file, or a module of an installed package named by an entry point of the group `anenas.plugins`,
that registers things when it is imported. A `Portable` function takes them along to another process, on this machine or
on one that has anenas and nothing of the user's: classes and functions that cannot be imported there are pickled by
value, by cloudpickle.
"""

from __future__ import annotations

import functools
import importlib
import re
import site
import sys
import sysconfig
import traceback
import zlib
from collections import ChainMap
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, ClassVar

import cloudpickle

from anenas._errors import AnenasError, first_line
from anenas._registry import Registry

_loaded: dict[Path, ModuleType] = {}
_whole = {"__main__"}
"""Names of the packages and modules whose classes and functions are pickled by value."""


def load_plugin(path: str | Path) -> ModuleType:
    """Run a Python file that registers the user's own blocks and the like, once per process.

    Raises:
        AnenasError: If it cannot be read, or raises; the message names the line.
    """
    file = Path(path).resolve()
    if file in _loaded:
        return _loaded[file]
    try:
        source = file.read_bytes()
    except OSError as error:
        raise AnenasError(f"cannot read the plugin {path}: {error.strerror}; expected a Python file") from error
    # A name that no importable module and no other file has.
    module = ModuleType(f"anenas_plugin_{re.sub(r'[^A-Za-z0-9]', '_', file.stem)}_{zlib.crc32(bytes(file)):08x}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # where dataclasses and `inspect` look for it
    try:
        exec(compile(source, str(file), "exec"), vars(module))
    except Exception as error:
        del sys.modules[module.__name__]
        raise AnenasError(f"{path}{_line(error, file)}: {_message(error)}") from error
    _travels_whole(module)
    _loaded[file] = module
    return module


def _line(error: Exception, file: Path) -> str:
    """Where in the file an error comes from."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return f":{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f":{lines[-1]}" if lines else ""


def _message(error: Exception) -> str:
    if isinstance(error, AnenasError):
        return first_line(error)
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else first_line(error)}"


class Portable:
    """A function that any pickler sends with all that it needs in a process where anenas is installed."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def __reduce__(self) -> tuple[Any, ...]:
        """Raises: AnenasError: If the function, or something registered, cannot be pickled."""
        return _arrived, (dump_plugins(), dumps(self.function))


def _arrived(plugins: bytes, function: bytes) -> Portable:
    install_plugins(plugins)
    return Portable(loads(function))


def dump_plugins() -> bytes:
    """What plugins registered here for trials to look up, for `install_plugins` in another process.

    Raises:
        AnenasError: If some of it cannot be pickled.
    """
    written = []
    for module, attribute, registry in _registries():
        for name, entry in registry.added().items():
            is_object = not hasattr(entry, "__qualname__")
            try:
                sent = dumps(_Object(name, type(entry), vars(entry)) if is_object else entry)
            except AnenasError as error:
                raise AnenasError(f"{registry.what} '{name}': {error}") from error
            written.append((is_object, module, attribute, name, sent))
    # Objects come first: classes may have them as attributes, pickled by name.
    return dumps([one for _, *one in sorted(written, key=lambda one: not one[0])])


@functools.lru_cache(maxsize=1)  # once, though it comes with each task
def install_plugins(plugins: bytes) -> None:
    """Register here what `dump_plugins` found in another process.

    Raises:
        AnenasError: If it needs something that is not here.
    """
    for module, attribute, name, written in loads(plugins):
        registry = getattr(importlib.import_module(module), attribute)
        entry = loads(written)
        registry.update({name: entry.made(registry) if isinstance(entry, _Object) else entry})


@dataclass(frozen=True)
class _Object:
    """An entry that is neither class nor function: it may itself be pickled by its name alone."""

    name: str
    kind: type
    state: dict[str, Any]

    def made(self, registry: Registry[Any]) -> object:
        if self.name in registry:
            known = registry[self.name]
            if type(known) is self.kind and vars(known) == self.state:
                return known  # this is the process that it comes from, or has it already
        made: object = object.__new__(self.kind)
        vars(made).update(self.state)
        return made


def _registries() -> list[tuple[str, str, Registry[Any]]]:
    """Each registry that trials use, with its module and its name there."""
    found = {
        id(value): (module, name, value)
        for module in list(sys.modules)
        if module.startswith("anenas.")
        for name, value in vars(sys.modules[module]).items()
        if isinstance(value, Registry) and value.in_trials
    }
    return list(found.values())


@functools.lru_cache
def _prepare(name: str) -> None:
    """Have what the user's module and its package define pickled by value.

    What an installed package defines is pickled by name: it must be installed wherever it is used.
    """
    module = sys.modules.get(name)
    if module and name.partition(".")[0] != "anenas" and not _is_installed(module):
        _travels_whole(sys.modules.get(name.partition(".")[0], module))


def _travels_whole(module: ModuleType) -> None:
    if module.__name__ not in _whole:
        cloudpickle.register_pickle_by_value(module)
        _whole.add(module.__name__)


def _is_installed(module: ModuleType) -> bool:
    """Whether a module is of the standard library or an installed package, not a file of the user's."""
    folders = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    file = getattr(module, "__file__", None)
    return file is None or any(Path(file).is_relative_to(folder) for folder in (*folders, site.getusersitepackages()))


def dumps(value: Any) -> bytes:
    """Pickle a value for a process that has anenas.

    Raises:
        AnenasError: If it cannot be pickled, such as one that holds an open file or a lock.
    """
    written = BytesIO()
    try:
        _Pickler(written).dump(value)
    except Exception as error:  # whatever a user's object raises when it is pickled
        raise AnenasError(f"cannot be sent to another process: {type(error).__name__}: {first_line(error)}") from error
    return written.getvalue()


def loads(sent: bytes) -> Any:
    """Unpickle what `dumps` wrote in another process of the same search, and nothing else.

    Raises:
        AnenasError: If it needs something that is not here.
    """
    try:
        return cloudpickle.loads(sent)
    except Exception as error:
        message = f"{type(error).__name__}: {first_line(error)}"
        raise AnenasError(f"data from another process cannot be read: {message}") from error


def _with_cache(function: Any, parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _reduce_cached(cached: Any) -> Any:
    """cloudpickle itself pickles a cached function by name only."""
    module = cached.__module__
    _prepare(module)
    if module in sys.modules and not {module, module.partition(".")[0]} & _whole:
        return cached.__qualname__
    return _with_cache, (cached.__wrapped__, cached.cache_parameters())


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    dispatch_table: ClassVar[Any] = ChainMap(
        {functools._lru_cache_wrapper: _reduce_cached}, cloudpickle.Pickler.dispatch_table
    )

    def reducer_override(self, thing: Any) -> Any:
        """cloudpickle itself assumes that every module found here can be imported anywhere."""
        if isinstance(thing, type | FunctionType):
            _prepare(thing.__module__ or "")
        elif isinstance(thing, ModuleType):
            _prepare(thing.__name__)
        return super().reducer_override(thing)
