"""Documents as rules look at them: statement by statement, what is known first, and what is not known as one undecided outcome."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from perimeter import documents
from perimeter.documents import DocumentError
from perimeter.patterns import matches_action
from perimeter.verdict import Text
from policy.context import Context
from policy.model import UNKNOWN, Resource, UndecidedError
from policy.rule import Finding, Outcome, Undecided

Places = Callable[[Resource], Iterable[tuple[str, object]]]
"""Path and value of every document of a resource."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One key of a condition block: operator as written, key in lower case (AWS does not tell cases apart), values as far as known."""

    operator: str
    key: str
    values: tuple[Text, ...]

    def binds(self, *operators: str) -> bool:
        """Whether it is one of these operators, which a request without the key never passes (no `IfExists`, no `ForAllValues`)."""
        return self.operator.removeprefix("ForAnyValue:") in operators


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement, with what a rule asks of it.

    Attributes:
        path: Where it is (`policy.Statement[0]`).
        parsed: Its elements.
    """

    path: str
    parsed: documents.Statement

    @property
    def name(self) -> str:
        """What a message calls it: its Sid, or where it is."""
        return self.parsed.sid or self.path

    @property
    def allows(self) -> bool:
        """Whether it allows.

        Raises:
            UndecidedError: Its effect is not known.
        """
        self._demand((self.parsed.effect,), "Effect")
        return self.parsed.effect == "Allow"

    def has(self, element: str) -> bool:
        """Whether it has an element (`NotAction`)."""
        return self._element(element) is not None

    def known(self, element: str) -> list[str]:
        """What an element names, without what is not known."""
        return [value for value in self._element(element) or () if isinstance(value, str)]

    def demand(self, element: str) -> None:
        """Refuse an element that is not known in all of its parts.

        Raises:
            UndecidedError: It is not.
        """
        self._demand(self._element(element) or (), element)

    def principals(self, kind: str) -> list[str]:
        """The principals of a kind (`AWS`, `Service`, `Federated`), without what is not known; `*` is one of kind `AWS`."""
        return [
            named.value for named in self.parsed.principals or () if named.kind == kind and isinstance(named.value, str)
        ]

    def conditions(self) -> Iterator[Condition]:
        """Its conditions, all of which a request must meet.

        Raises:
            UndecidedError: An operator or a key is not known.
        """
        for condition in self.parsed.conditions:
            if condition.operator is UNKNOWN or condition.key is UNKNOWN:
                raise UndecidedError(f"{self.path}.Condition")
            yield Condition(operator=str(condition.operator), key=str(condition.key).lower(), values=condition.values)

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
        self._demand(found, "Condition")
        return [value for value in found if isinstance(value, str)]

    def covers(self, action: str) -> bool:
        """Whether its actions, as far as they are known, take in an action (`iam:PassRole`); `NotAction` takes in what it does not name.

        Raises:
            UndecidedError: What is not known would decide.
        """
        if any(matches_action(pattern, action) for pattern in self.known("Action")):
            return True
        self.demand("Action")
        self.demand("NotAction")
        return self.has("NotAction") and not any(matches_action(pattern, action) for pattern in self.known("NotAction"))

    def _element(self, element: str) -> tuple[Text, ...] | None:
        match element:
            case "Action":
                return self.parsed.actions
            case "NotAction":
                return self.parsed.not_actions
            case "Resource":
                return self.parsed.resources
            case "NotResource":
                return self.parsed.not_resources
            case "Principal" | "NotPrincipal":
                named = self.parsed.principals if element == "Principal" else self.parsed.not_principals
                return None if named is None else tuple(principal.value for principal in named)
            case _:
                raise ValueError(f"{element} is no element that names something")

    def _demand(self, values: Iterable[Text], element: str) -> None:
        if UNKNOWN in values:
            raise UndecidedError(f"{self.path}.{element}")


def each_statement(
    places: Places, check: Callable[[Statement, Context], Iterable[str]], *, malformed: bool = False
) -> Callable[[Resource, Context], Iterator[Outcome]]:
    """A rule's function from one that looks at a statement.

    Args:
        places: Where a resource's documents are.
        check: What is wrong with a statement; what it yields before `UndecidedError` stands.
        malformed: Whether this rule is the one that says so of a document that AWS would refuse.
    """

    def statements_of(statements: Sequence[Statement], context: Context) -> Iterator[Iterable[str]]:
        for statement in statements:
            yield _named(statement, check(statement, context))

    return each_document(places, statements_of, malformed=malformed)


def each_document(
    places: Places,
    check: Callable[[Sequence[Statement], Context], Iterable[Iterable[str]]],
    *,
    malformed: bool = False,
) -> Callable[[Resource, Context], Iterator[Outcome]]:
    """A rule's function from one that looks at all statements of a document.

    Args:
        places: Where a resource's documents are.
        check: What is wrong with a document, in parts: what one of them cannot decide hides nothing that another finds.
        malformed: Whether this rule is the one that says so of a document that AWS would refuse.
    """

    def look(resource: Resource, context: Context) -> Iterator[Outcome]:
        for path, value in places(resource):
            if value is UNKNOWN:
                yield Undecided(path=path, resource=resource)
                continue
            try:
                statements = read(value, path)
            except DocumentError:
                # Its text may hold a part of the document.
                if malformed:
                    yield Finding(message=f"{path} is no policy document", resource=resource)
                continue
            for part in check(statements, context):
                yield from _outcomes(resource, part)

    return look


def read(value: object, path: str) -> list[Statement]:
    """The statements of a property; nothing, or an empty text, has none.

    Raises:
        DocumentError: AWS would refuse it.
    """
    if value in (None, "", {}):
        return []
    parsed = documents.parse(value, path).statements
    return [Statement(path=f"{path}.Statement[{index}]", parsed=statement) for index, statement in enumerate(parsed)]


def _named(statement: Statement, messages: Iterable[str]) -> Iterator[str]:
    for message in messages:
        yield f"{statement.name}: {message}"


def _outcomes(resource: Resource, messages: Iterable[str]) -> Iterator[Outcome]:
    try:
        for message in messages:
            yield Finding(message=message, resource=resource)
    except UndecidedError as unknown:
        yield Undecided(path=unknown.path, resource=resource)


def is_everything(pattern: str) -> bool:
    """Whether a pattern of an action or an ARN names nothing in particular (`*`, `*:*`, `arn:aws:*`)."""
    return re.fullmatch(r"(arn(:(aws[a-z-]*)?)?)?[*?:/]*", pattern) is not None


def account_of(arn: str) -> str | None:
    """The account of a principal: of an ARN, or a bare account id."""
    if re.fullmatch(r"\d{12}", arn):
        return arn
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else None  # noqa: PLR2004 - arn:partition:service:region:account:resource
