"""Which statements of one document match a request: enough of IAM's rules to read our documents by, nothing of how documents combine."""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from components.documents import Document, Statement
from tests.components.documents.reference import as_list

Context = Mapping[str, str | Sequence[str]]
"""Condition key -> its value, or its values; a key that is not there is absent from the request."""

_MATCH: Mapping[str, Callable[[str, str], bool]] = {
    "String": lambda value, wanted: value == wanted,
    "StringLike": fnmatchcase,
    "Arn": fnmatchcase,
    "ArnLike": fnmatchcase,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
}


def denies(document: Document, action: str, context: Context, resource: str = "*") -> set[str]:
    """Ids of the Deny statements that a request meets."""
    return _met("Deny", document, action, context, resource)


def allows(document: Document, action: str, context: Context, resource: str = "*") -> set[str]:
    """Ids of the Allow statements that a request meets."""
    return _met("Allow", document, action, context, resource)


def _met(effect: str, document: Document, action: str, context: Context, resource: str) -> set[str]:
    return {
        statement["Sid"]
        for statement in document["Statement"]
        if statement["Effect"] == effect and _covers(statement, action, resource) and _holds(statement, context)
    }


def _covers(statement: Statement, action: str, resource: str) -> bool:
    acts = not _any(action, statement["NotAction"]) if "NotAction" in statement else _any(action, statement["Action"])
    if resource == "*" or ("Resource" not in statement and "NotResource" not in statement):
        return acts
    if "NotResource" in statement:
        return acts and not _any(resource, statement["NotResource"])
    return acts and _any(resource, statement["Resource"])


def _any(value: str, patterns: object) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in as_list(patterns))


def _holds(statement: Statement, context: Context) -> bool:
    return all(
        _operator(operator, context.get(key), as_list(wanted))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _operator(operator: str, given: str | Sequence[str] | None, wanted: Sequence[str]) -> bool:
    if operator == "Null":
        return (given is None) == (wanted == ["true"])
    for_any, for_all = operator.startswith("ForAnyValue:"), operator.startswith("ForAllValues:")
    name = operator.rpartition(":")[2].removesuffix("IfExists")
    negated = "Not" in name
    if given is None:
        return for_all or (not for_any and (negated or operator.endswith("IfExists")))
    match = _MATCH[name.replace("Not", "").removesuffix("Equals") or name]
    hits = [any(match(value, one) for one in wanted) for value in ([given] if isinstance(given, str) else given)]
    if for_any:
        return any(hit != negated for hit in hits)
    if for_all:
        return all(hit != negated for hit in hits)
    return not any(hits) if negated else any(hits)
