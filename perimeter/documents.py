"""Policy documents as frozen values: read from JSON text or objects, with one value or a list wherever AWS takes both.

What AWS refuses is an error with one message. What is not known yet stays `UNKNOWN` in its place, and the known parts are kept.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from perimeter.conditions import Condition, is_operator
from perimeter.verdict import UNKNOWN, Text, Unknown

ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)
PRINCIPAL_KINDS = frozenset(("AWS", "Service", "Federated", "CanonicalUser"))


class DocumentError(ValueError):
    """A policy document that AWS would refuse; the message says what is wrong and where."""


class Named(NamedTuple):
    """A principal as a statement names it: its kind (`AWS`, `Service`, `Federated`, `CanonicalUser`) and its value."""

    kind: Text
    value: Text


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; an element that it does not have is None.

    Attributes:
        effect: `Allow` or `Deny`.
        principals: Whom it is about; `"*"` reads as `AWS: *`, which means the same.
        not_principals: Whom it is not about.
        actions: Action patterns.
        not_actions: Patterns of the actions that it is not about.
        resources: Resource patterns; trust policies have none.
        not_resources: Patterns of the resources that it is not about.
        conditions: What must hold, all of it.
        sid: Its id.
        index: Its place in the document, from 0.
        variables: Whether `${...}` is a policy variable: only since version 2012-10-17 of the language.
    """

    effect: Text
    principals: tuple[Named, ...] | None = None
    not_principals: tuple[Named, ...] | None = None
    actions: tuple[Text, ...] | None = None
    not_actions: tuple[Text, ...] | None = None
    resources: tuple[Text, ...] | None = None
    not_resources: tuple[Text, ...] | None = None
    conditions: tuple[Condition, ...] = ()
    sid: str | None = None
    index: int = 0
    variables: bool = True

    @property
    def label(self) -> str:
        """What to call it in a message: its id, or its place in the document."""
        return self.sid or f"Statement[{self.index}]"


@dataclass(frozen=True, kw_only=True)
class Document:
    """A policy document.

    Attributes:
        name: What to call it in a message (`bucket policy`).
        statements: Its statements, in its order.
    """

    name: str
    statements: tuple[Statement, ...]


def parse(source: object, name: str = "policy") -> Document:
    """Read a policy document.

    Args:
        source: JSON text, an object, or `UNKNOWN`.
        name: What to call it in messages.

    Raises:
        DocumentError: AWS would refuse it.
    """
    try:
        return Document(name=name, statements=tuple(_statements(source)))
    except DocumentError as error:
        raise DocumentError(f"{name}: {error}") from None


def _statements(source: object) -> Iterator[Statement]:
    document = _loads(source) if isinstance(source, str) else source
    if document is UNKNOWN:
        yield _unknown(0)
        return
    if not isinstance(document, Mapping):
        raise DocumentError("is not a JSON object with Version and Statement")
    fields = cast("Mapping[str, object]", document)
    if "Statement" not in fields:
        raise DocumentError("has no Statement")
    variables = fields.get("Version") in ("2012-10-17", UNKNOWN)
    for index, statement in enumerate(_list(fields["Statement"])):
        yield _unknown(index) if statement is UNKNOWN else _statement(statement, index, variables=variables)


def _unknown(index: int) -> Statement:
    """A statement of which nothing is known."""
    return Statement(
        effect=UNKNOWN,
        principals=(Named(UNKNOWN, UNKNOWN),),
        actions=(UNKNOWN,),
        resources=(UNKNOWN,),
        index=index,
    )


def _statement(source: object, index: int, *, variables: bool) -> Statement:
    where = f"Statement[{index}]"
    if not isinstance(source, Mapping):
        raise DocumentError(f"{where} is not an object")
    fields = cast("Mapping[str, object]", source)
    if strange := sorted(set(fields) - ELEMENTS):
        raise DocumentError(f"{where} has {strange[0]!r}, which is no element of a statement")
    effect, sid = fields.get("Effect"), fields.get("Sid")
    if effect is not UNKNOWN and effect not in ("Allow", "Deny"):
        raise DocumentError(f"{where} has Effect {effect!r}; it must be 'Allow' or 'Deny'")
    for element in ("Principal", "Action", "Resource"):
        if element in fields and f"Not{element}" in fields:
            raise DocumentError(f"{where} has both {element} and Not{element}")
    if "Action" not in fields and "NotAction" not in fields:
        raise DocumentError(f"{where} has neither Action nor NotAction")
    return Statement(
        effect=cast("Text", effect),
        principals=_principals(fields, "Principal", where),
        not_principals=_principals(fields, "NotPrincipal", where),
        actions=_element(fields, "Action", where),
        not_actions=_element(fields, "NotAction", where),
        resources=_element(fields, "Resource", where),
        not_resources=_element(fields, "NotResource", where),
        conditions=tuple(_conditions(fields.get("Condition", {}), where)),
        sid=sid if isinstance(sid, str) else None,
        index=index,
        variables=variables,
    )


def _element(fields: Mapping[str, object], element: str, where: str) -> tuple[Text, ...] | None:
    return _texts(fields[element], f"{where}.{element}") if element in fields else None


def _principals(fields: Mapping[str, object], element: str, where: str) -> tuple[Named, ...] | None:
    if element not in fields:
        return None
    source = fields[element]
    if source is UNKNOWN:
        return (Named(UNKNOWN, UNKNOWN),)
    if source == "*":
        return (Named("AWS", "*"),)
    if not isinstance(source, Mapping):
        raise DocumentError(f"{where}.{element} is neither '*' nor an object such as {{'AWS': ...}}")
    kinds = cast("Mapping[str, object]", source)
    if strange := sorted(set(kinds) - PRINCIPAL_KINDS):
        raise DocumentError(f"{where}.{element} has {strange[0]!r}; it may be {', '.join(sorted(PRINCIPAL_KINDS))}")
    return tuple(
        Named(kind, value) for kind, values in kinds.items() for value in _texts(values, f"{where}.{element}.{kind}")
    )


def _conditions(source: object, where: str) -> Iterator[Condition]:
    if source is UNKNOWN:
        yield Condition(operator=UNKNOWN, key=UNKNOWN, values=(UNKNOWN,))
        return
    for operator, block in _object(source, f"{where}.Condition").items():
        if not is_operator(operator):
            raise DocumentError(f"{where}.Condition has {operator!r}, which is no condition operator")
        if block is UNKNOWN:
            yield Condition(operator=operator, key=UNKNOWN, values=(UNKNOWN,))
            continue
        for key, values in _object(block, f"{where}.Condition.{operator}").items():
            yield Condition(
                operator=operator, key=key, values=_texts(values, f"{where}.Condition.{operator}.{key}", plain=True)
            )


def _object(source: object, where: str) -> Mapping[str, object]:
    if not isinstance(source, Mapping):
        raise DocumentError(f"{where} is not an object")
    return cast("Mapping[str, object]", source)


def _texts(source: object, where: str, *, plain: bool = False) -> tuple[Text, ...]:
    """One value or a list as texts; `plain` takes numbers and booleans too, as AWS does in conditions."""
    texts: list[Text] = []
    for value in _list(source):
        if isinstance(value, str | Unknown):
            texts.append(value)
        elif plain and isinstance(value, bool | int | float):
            texts.append(json.dumps(value))
        else:
            raise DocumentError(f"{where} has {value!r}, which is not a text")
    return tuple(texts)


def _list(source: object) -> Sequence[object]:
    return (
        cast("Sequence[object]", source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]
    )


def _loads(text: str) -> object:
    try:
        return cast("object", json.loads(text, object_pairs_hook=_unique))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object without repeated keys: AWS refuses them, and `json` would silently keep the last."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [key for key, _ in pairs]
        raise DocumentError(f"has {next(key for key in names if names.count(key) > 1)!r} twice in one object")
    return fields
