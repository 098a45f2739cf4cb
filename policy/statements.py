"""IAM documents as rules read them: statement by statement, with what is not known kept apart and what is malformed said once."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from policy.context import Context
from policy.model import UNKNOWN, Resource, UndecidedError, items, mapping, texts
from policy.rule import Finding, Outcome, Undecided


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One key of a condition block: operator as written, key in lower case (AWS does not tell cases apart), values."""

    operator: str
    key: str
    values: tuple[object, ...]

    def binds(self, *operators: str) -> bool:
        """Whether it is one of these operators, which a request without the key never passes (no `IfExists`, no `ForAllValues`)."""
        return self.operator.removeprefix("ForAnyValue:") in operators


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement.

    Attributes:
        path: Where it is (`policy.Statement[0]`).
        elements: Its elements by their names in lower case.
    """

    path: str
    elements: Mapping[str, object]

    @property
    def name(self) -> str:
        """What a message calls it: its Sid, or where it is."""
        sid = self.elements.get("sid")
        return sid if isinstance(sid, str) and sid else self.path

    @property
    def allows(self) -> bool:
        """Whether it allows.

        Raises:
            UndecidedError: Its effect is not known.
        """
        if self.elements.get("effect") is UNKNOWN:
            raise UndecidedError(f"{self.path}.Effect")
        return self.elements.get("effect") == "Allow"

    def has(self, element: str) -> bool:
        """Whether it has an element."""
        return self.elements.get(element.lower()) is not None

    def known(self, element: str) -> list[str]:
        """The texts of an element, without what is not known."""
        return texts(self.elements.get(element.lower()))

    def demand(self, element: str) -> None:
        """Refuse an element that is not known in all of its parts.

        Raises:
            UndecidedError: It is not.
        """
        if UNKNOWN in items(self.elements.get(element.lower())):
            raise UndecidedError(f"{self.path}.{element}")

    def principals(self, kind: str) -> list[str]:
        """The principals of a kind (`AWS`, `Service`, `Federated`), without what is not known; `*` is one of kind `AWS`."""
        given = self.elements.get("principal")
        if isinstance(given, str):
            return [given] if kind == "AWS" else []
        return texts(mapping(given).get(kind))

    def demand_principals(self) -> None:
        """Refuse principals that are not all known.

        Raises:
            UndecidedError: They are not.
        """
        given = self.elements.get("principal")
        if given is UNKNOWN or any(UNKNOWN in items(value) for value in mapping(given).values()):
            raise UndecidedError(f"{self.path}.Principal")

    def conditions(self) -> Iterator[Condition]:
        """Its conditions, all of which a request must meet.

        Raises:
            UndecidedError: The block, or an operator's part of it, is not known.
        """
        block = self.elements.get("condition")
        for operator, keys in {"": block}.items() if block is UNKNOWN else mapping(block).items():
            if keys is UNKNOWN:
                raise UndecidedError(f"{self.path}.Condition")
            for key, value in mapping(keys).items():
                yield Condition(operator=operator, key=key.lower(), values=tuple(items(value)))

    def bound(self, key: str, *operators: str) -> list[str]:
        """The values that a condition holds a key to; none when the key is not bound.

        Raises:
            UndecidedError: A value is not known.
        """
        found = [
            value
            for condition in self.conditions()
            if condition.key == key.lower() and condition.binds(*operators)
            for value in condition.values
        ]
        if UNKNOWN in found:
            raise UndecidedError(f"{self.path}.Condition")
        return texts(found)

    def covers(self, action: str) -> bool:
        """Whether its actions, as far as they are known, take in an action (`iam:PassRole`); `NotAction` takes in what it does not name.

        Raises:
            UndecidedError: What is not known would decide.
        """
        if any(matches(pattern, action) for pattern in self.known("Action")):
            return True
        self.demand("Action")
        self.demand("NotAction")
        return self.has("NotAction") and not any(matches(pattern, action) for pattern in self.known("NotAction"))


@dataclass(frozen=True, kw_only=True)
class Document:
    """A policy document.

    Attributes:
        statements: The statements that are known.
        unknown: Paths of those that are not, or of the whole.
        malformed: Whether AWS would refuse it as no policy at all.
    """

    statements: tuple[Statement, ...] = ()
    unknown: tuple[str, ...] = ()
    malformed: bool = False


def read(value: object, path: str) -> Document:
    """Read a document: JSON text, or an object. Nothing, and an empty text, is a document without statements.

    Args:
        value: The value of a property.
        path: The property.
    """
    if value in (None, "", {}):
        return Document()
    if value is UNKNOWN:
        return Document(unknown=(path,))
    if isinstance(value, str):
        try:
            value = cast("object", json.loads(value))
        except (ValueError, RecursionError):
            return Document(malformed=True)
    given = _lower(value).get("statement")
    if given is UNKNOWN:
        return Document(unknown=(f"{path}.Statement",))
    parts = {f"{path}.Statement[{index}]": part for index, part in enumerate(items(given))}
    return Document(
        statements=tuple(
            Statement(path=where, elements=_lower(part)) for where, part in parts.items() if _is_object(part)
        ),
        unknown=tuple(where for where, part in parts.items() if part is UNKNOWN),
        malformed=not all(part is UNKNOWN or _is_object(part) for part in (value, *parts.values())),
    )


def _is_object(value: object) -> bool:
    return isinstance(value, Mapping)


def _lower(value: object) -> Mapping[str, object]:
    return {str(key).lower(): part for key, part in mapping(value).items()}


Places = Callable[[Resource], Iterable[tuple[str, object]]]
"""Path and value of every document of a resource."""


def each_statement(
    places: Places, check: Callable[[Statement, Context], Iterable[str]], *, malformed: bool = False
) -> Callable[[Resource, Context], Iterator[Outcome]]:
    """A rule's function from one that looks at a statement.

    Args:
        places: Where a resource's documents are.
        check: What is wrong with a statement; what it yields before `UndecidedError` stands.
        malformed: Whether this rule is the one that says so of a malformed document.
    """

    def look(resource: Resource, context: Context) -> Iterator[Outcome]:
        for path, value in places(resource):
            document = read(value, path)
            if document.malformed and malformed:
                yield Finding(message=f"{path} is no policy document", resource=resource)
            for unknown in document.unknown:
                yield Undecided(path=unknown, resource=resource)
            for statement in document.statements:
                try:
                    for message in check(statement, context):
                        yield Finding(message=f"{statement.name}: {message}", resource=resource)
                except UndecidedError as unknown:
                    yield Undecided(path=unknown.path, resource=resource)

    return look


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern takes in an action; `*` and `?` are wildcards, cases are not told apart."""
    return _pattern(pattern.lower()).fullmatch(action.lower()) is not None


@lru_cache(maxsize=4096)
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(
        "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.sub(r"\*+", "*", pattern)), re.DOTALL
    )


def is_everything(pattern: str) -> bool:
    """Whether a pattern of an action or an ARN names nothing in particular (`*`, `*:*`, `arn:aws:*`)."""
    return re.fullmatch(r"(arn(:(aws[a-z-]*)?)?)?[*?:/]*", pattern) is not None and pattern != ""


def account_of(arn: str) -> str | None:
    """The account of a principal: of an ARN, or a bare account id."""
    if re.fullmatch(r"\d{12}", arn):
        return arn
    parts = arn.split(":")
    return parts[4] if arn.startswith("arn:") and len(parts) > 5 else None  # noqa: PLR2004 - arn:partition:service:region:account:resource
