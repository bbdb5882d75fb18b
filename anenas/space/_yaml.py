"""Reading a space from YAML, with file, line and field in every error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
import yaml.reader
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.constructor import SafeConstructor

from anenas._errors import AnenasError, first_line, plain, unknown
from anenas.blocks import block_kinds, unknown_block
from anenas.space._schema import HeadSpec, InputSpec, Limits, StageSpec
from anenas.space._space import SearchSpace

_Loc = tuple[int | str, ...]

_MAX_NODES = 20_000  # far more than any space needs; a file that unfolds to more through aliases is not one
_MAX_DEPTH, _MAX_BYTES = 20, 2**20
_NAME_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"}  # of a key: plain text, or "<<"


def read_space(path: Path) -> SearchSpace:
    """The space that a YAML file describes.

    Raises:
        AnenasError: If the file cannot be read, is not YAML, or breaks the schema or a guideline; every problem is
            named with its line and field.
    """
    text = _text(path)
    lines: dict[_Loc, int] = {}
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode):
            raise AnenasError(
                f"{path}:1: expected a mapping with name, stem and stages; see `anenas space show mobile_cnn`"
            )
        _note_lines(root, (), lines, path)
        content = _Values().construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise AnenasError(f"{path}{line}: not valid YAML: {plain(str(error.problem))}") from error
    except yaml.reader.ReaderError as error:
        at = text.count("\n", 0, error.position) + 1
        raise AnenasError(f"{path}:{at}: not valid YAML: unacceptable character #x{error.character:04x}") from error
    except RecursionError as error:
        raise AnenasError(f"{path}:{_deep_line(text)}: nested too deeply") from error
    try:
        return SearchSpace.model_validate(content)
    except ValidationError as error:
        problems = [_describe(path, details, lines) for details in error.errors()]
        raise AnenasError(*dict.fromkeys(problems)) from error


def _text(path: Path) -> str:
    try:
        content = path.read_bytes() if path.stat().st_size <= _MAX_BYTES else None
    except OSError as error:
        raise AnenasError(f"cannot read the space {path}: {error.strerror or error}") from error
    if content is None:
        raise AnenasError(f"cannot read the space {path}: it has more than {_MAX_BYTES:,} bytes; a space has far fewer")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AnenasError(f"{path}:{line}: cannot read the space: {error}") from error


class _Values(SafeConstructor):
    """What YAML's nodes say; one that says nothing is an error with its line."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ArithmeticError, ValueError) as error:  # a date that is none, such as 2024-99-99
            problem = f"'{plain(str(node.value))}': {first_line(error)}"
            raise yaml.MarkedYAMLError(None, None, problem, node.start_mark) from error


def _deep_line(text: str) -> int:
    """The line from which on there is more inside than any space has."""
    depth = line = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line if event.start_mark else line
        if depth > _MAX_DEPTH:
            break
    return line + 1


def _note_lines(node: yaml.Node, loc: _Loc, lines: dict[_Loc, int], path: Path) -> None:
    """Fill `lines` with the line of every field below `node`."""
    line = node.start_mark.line + 1
    if len(loc) > _MAX_DEPTH:
        raise AnenasError(f"{path}:{line}: nested too deeply, or inside itself")
    if len(lines) > _MAX_NODES:
        raise AnenasError(f"{path}:{line}: more than {_MAX_NODES:,} values; real spaces have far fewer")
    lines.setdefault(loc, line)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.tag not in _NAME_TAGS or plain(key.value) != key.value:
                raise AnenasError(f"{path}:{key.start_mark.line + 1}: expected the name of a field")
            if key.value in seen:
                raise AnenasError(f"{path}:{key.start_mark.line + 1}: '{plain(key.value)}' is given twice")
            seen.add(key.value)
            lines[(*loc, key.value)] = key.start_mark.line + 1
            _note_lines(value, (*loc, key.value), lines, path)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            _note_lines(value, (*loc, i), lines, path)


def _describe(path: Path, details: ErrorDetails, lines: dict[_Loc, int]) -> str:
    loc = details["loc"]
    while loc not in lines and loc:  # a missing field, or a lone option read as a list, has no line of its own
        loc = loc[:-1]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in details["loc"]).lstrip(".")
    return f"{path}:{lines[loc]}: {field or 'space'}: {_message(details)}"


def _message(details: ErrorDetails) -> str:
    kind, message = details["type"], details["msg"].removeprefix("Value error, ")
    if kind == "extra_forbidden":
        *parents, field = details["loc"]
        if parents[-1:] == ["blocks"]:
            return str(unknown_block(str(field)))
        return str(unknown("field", str(field), _fields_of(parents)))
    if kind == "missing":
        return "missing"
    if kind == "value_error":
        return message
    if kind == "model_type":
        return f"expected a mapping, got {plain(repr(details['input']))}"
    return f"{message.replace('Input should be', 'expected')}, got {plain(repr(details['input']))}"


def _fields_of(parents: list[int | str]) -> list[str]:
    """The names that the schema knows at that place."""
    models: dict[str, type[BaseModel]] = {
        "input": InputSpec,
        "stem": StageSpec,
        "stages": StageSpec,
        "head": HeadSpec,
        "limits": Limits,
    }
    *_, last = ["space", *(part for part in parents if isinstance(part, str))]
    if last in block_kinds():
        return [choice.name for choice in block_kinds()[last].choices()]
    return list(models.get(last, SearchSpace).model_fields)
