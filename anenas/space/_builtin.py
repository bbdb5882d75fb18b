"""Spaces by name: the built-in ones of `search_spaces/`, or a file."""

from __future__ import annotations

from pathlib import Path

from anenas._errors import AnenasError, unknown
from anenas._files import is_file
from anenas.space._space import SearchSpace
from anenas.space._yaml import read_space


def builtin_spaces() -> dict[str, Path]:
    """The file of every built-in space by name."""
    package = Path(__file__).parents[1]
    # The wheel carries the top-level folder inside the package; a checkout has it beside the package.
    for folder in (package / "search_spaces", package.parent / "search_spaces"):
        if folder.is_dir():
            return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    return {}


def load_space(name: str | Path) -> SearchSpace:
    """A built-in space by name, or one from a YAML file.

    Raises:
        AnenasError: If there is no such space or file, or the file is not a valid space.
    """
    builtin = builtin_spaces()
    if str(name) in builtin:
        return read_space(builtin[str(name)])
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or is_file(path):
        if not is_file(path):
            raise AnenasError(f"no space file {path}; the built-in spaces are {', '.join(builtin)}")
        return read_space(path)
    raise unknown("space", str(name), builtin)


def is_builtin(space: object) -> bool:
    """Whether that is the name of a built-in space, or one as it is: then nobody has chosen the size of its input."""
    if isinstance(space, SearchSpace):
        return space.name in builtin_spaces() and space == load_space(space.name)
    return str(space) in builtin_spaces()
