"""`./mlops docs`: the README's tables, written from the code that they describe."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components.config import Settings
from components.mistakes import NAMESPACE
from components.platform import OUTPUTS
from ops.errors import UserError
from perimeter.undocumented import PATHS

README = Path(__file__).resolve().parent.parent / "README.md"


def run(arguments: argparse.Namespace) -> int:
    """Write the tables, or check that they are as they would be written.

    Returns:
        0, or 1 when `--check` finds a stale table.

    Raises:
        UserError: The README lacks the marks between which a table stands.
    """
    before = README.read_text(encoding="utf-8")
    after = before
    for name, lines in (
        ("configuration", _configuration()),
        ("outputs", _outputs()),
        ("undocumented", _undocumented()),
    ):
        after = _replaced(after, name, "\n".join(lines))
    if arguments.check:
        if after != before:
            sys.stderr.write("README.md: its tables are stale. Run ./mlops docs\n")
        return int(after != before)
    README.write_text(after, encoding="utf-8")
    return 0


def _replaced(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise UserError(f"README.md: needs {begin} and {end} once each, around the table. Put them back")
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{table}\n{end}{tail}"


def _configuration() -> Iterator[str]:
    yield "| key | value | default | what it is |"
    yield "|---|---|---|---|"
    for path, field in _leaves(Settings, f"{NAMESPACE}:"):
        cells = (f"`{path}`", _annotated((field.annotation, *field.metadata)), _default(field), str(field.description))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _undocumented() -> Iterator[str]:
    yield "| `mlops:perimeter.alsoOpen` | what | assumed | let in as well |"
    yield "|---|---|---|---|"
    for path in PATHS:
        yield f"| {f'`{path.name}`' if path.name else '-'} | {path.what} | {path.assumed} | {path.other} |"


def _outputs() -> Iterator[str]:
    yield "| output | what it is |"
    yield "|---|---|"
    for name, description in OUTPUTS.items():
        yield f"| `{name}` | {description} |"


def _leaves(model: type[BaseModel], start: str) -> Iterator[tuple[str, FieldInfo]]:
    """Every key that takes a value: a model's fields, and those of the models in them; `<name>` stands for a mapping's key."""
    for name, field in model.model_fields.items():
        path = f"{start}{field.alias or name}"
        inner, within = _model_in(field.annotation)
        if inner is None:
            yield path, field
        else:
            yield from _leaves(inner, f"{path}{within}.")


def _model_in(annotation: Any) -> tuple[type[BaseModel] | None, str]:  # noqa: ANN401 - a type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, ""
    if get_origin(annotation) is Mapping or getattr(get_origin(annotation), "__name__", "") == "Mapping":
        key, value = get_args(annotation)
        if isinstance(value, type) and issubclass(value, BaseModel):
            return value, f".<{_word(key)}>"
    return None, ""


def _word(key: Any) -> str:  # noqa: ANN401
    """What a mapping's key is."""
    if get_origin(key) is Literal:
        return "persona"
    return "account" if "_account_id" in str(key) else "name"


def _type(annotation: Any) -> str:  # noqa: ANN401
    """A type in the words of a stack file."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    match origin:
        case None:
            return _NAMES.get(getattr(annotation, "__name__", ""), getattr(annotation, "__name__", str(annotation)))
        case _ if origin is Annotated:
            return _annotated(arguments)
        case _ if origin is Literal:
            return _few([f"`{value}`" for value in arguments])
        case _ if origin in (Union, UnionType):
            return " or ".join(_type(part) for part in arguments if part is not type(None))
        case _ if origin is tuple:
            return f"list of {_type(arguments[0])}"
        case _:
            return f"{_type(arguments[0])} -> {_type(arguments[1])}"


_NAMES = {"str": "text", "int": "number", "bool": "true, false", "Role": "role", "Bucket": "bucket"}
_SHOWN = 8


def _few(values: list[str]) -> str:
    """Allowed values; of many, the first, the last and how many."""
    if len(values) <= _SHOWN:
        return ", ".join(values)
    return f"{values[0]} to {values[-1]} ({len(values)} values)"


def _annotated(arguments: tuple[Any, ...]) -> str:
    """An annotated text, by its validator or its pattern's start; anything else by its type."""
    if arguments[0] is not str:
        return _type(arguments[0])
    text = str(arguments[1:])
    for mark, word in (
        ("_account_id", "12 digits"),
        ("_address_block", "address block"),
        ("^(arn:", "name or ARN"),
        ("iam::", "IAM ARN"),
        (":kms:", "key ARN"),
        ("^ou-", "ou-..."),
        ("^o-", "o-..."),
        ("^vpce-", "vpce-..."),
        ("^vpc-", "vpc-..."),
        ("^subnet-", "subnet-..."),
        ("^sg-", "sg-..."),
    ):
        if mark in text:
            return word
    return _type(arguments[0])


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(required)"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if default is PydanticUndefined or default is None or default in ((), {}):
        return ""
    if isinstance(default, tuple):
        return _few([f"`{value}`" for value in cast("tuple[object, ...]", default)])
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
