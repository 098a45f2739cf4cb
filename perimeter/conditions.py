"""Condition operators, and what they say of a key that the request does not carry.

Sources: IAM user guide, "Condition operators", "Set operators for multivalued context keys".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt

from perimeter.patterns import Context, MissingVariableError, arn_like, like, resolve
from perimeter.verdict import UNKNOWN, Text, Unknown, Verdict, every, negate, some


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One key of one operator's block.

    Attributes:
        operator: As written: `ForAnyValue:StringLike`, `BoolIfExists`, `Null`.
        key: The condition key.
        values: What the operator compares with; one that holds is enough, or for a negated operator none may.
    """

    operator: Text
    key: Text
    values: tuple[Text, ...]


Comparison = Callable[[str, str, Context, bool], Verdict]
"""Whether a policy's value matches a request's; ValueError: they cannot be compared."""


@dataclass(frozen=True, kw_only=True)
class _Operator:
    compare: Comparison
    negated: bool = False


def _string(wanted: str, given: str, context: Context, variables: bool) -> Verdict:
    resolved = resolve(wanted, context, variables=variables)
    return None if isinstance(resolved, Unknown) else resolved == given


def _string_any_case(wanted: str, given: str, context: Context, variables: bool) -> Verdict:
    resolved = resolve(wanted, context, variables=variables)
    return None if isinstance(resolved, Unknown) else resolved.lower() == given.lower()


def _string_like(wanted: str, given: str, context: Context, variables: bool) -> Verdict:
    return like(wanted, given, context, variables=variables)


def _arn(wanted: str, given: str, context: Context, variables: bool) -> Verdict:
    return arn_like(wanted, given, context, variables=variables)


def _bool(wanted: str, given: str, context: Context, variables: bool) -> Verdict:
    resolved = resolve(wanted, context, variables=variables)
    if isinstance(resolved, Unknown):
        return None
    if {resolved.lower(), given.lower()} - {"true", "false"}:
        raise ValueError("no boolean")
    return resolved.lower() == given.lower()


def _binary(wanted: str, given: str, _context: Context, _variables: bool) -> Verdict:
    return wanted == given


def _address(wanted: str, given: str, _context: Context, _variables: bool) -> Verdict:
    return ip_address(given) in ip_network(wanted, strict=False)


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None


def _date(text: str) -> datetime:
    """A date in ISO 8601, of whatever precision, or in seconds since 1970."""
    if re.fullmatch(r"\d+(\.\d+)?", text) and len(text) != len("2026"):
        return datetime.fromtimestamp(float(text), UTC)
    padded = (
        f"{text}-01-01" if re.fullmatch(r"\d{4}", text) else f"{text}-01" if re.fullmatch(r"\d{4}-\d\d", text) else text
    )
    found = datetime.fromisoformat(padded)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _numeric(relation: Callable[[Decimal, Decimal], bool]) -> Comparison:
    """The request's value first: `NumericLessThan` asks whether it is less than the policy's."""
    return lambda wanted, given, _context, _variables: relation(_number(given), _number(wanted))


def _dated(relation: Callable[[datetime, datetime], bool]) -> Comparison:
    return lambda wanted, given, _context, _variables: relation(_date(given), _date(wanted))


_RELATIONS = {"LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge, "Equals": eq}

_OPERATORS: Mapping[str, _Operator] = {
    name.lower(): operator
    for name, operator in {
        "StringEquals": _Operator(compare=_string),
        "StringNotEquals": _Operator(compare=_string, negated=True),
        "StringEqualsIgnoreCase": _Operator(compare=_string_any_case),
        "StringNotEqualsIgnoreCase": _Operator(compare=_string_any_case, negated=True),
        "StringLike": _Operator(compare=_string_like),
        "StringNotLike": _Operator(compare=_string_like, negated=True),
        # Equals behaves as Like does.
        "ArnEquals": _Operator(compare=_arn),
        "ArnNotEquals": _Operator(compare=_arn, negated=True),
        "ArnLike": _Operator(compare=_arn),
        "ArnNotLike": _Operator(compare=_arn, negated=True),
        "Bool": _Operator(compare=_bool),
        "BinaryEquals": _Operator(compare=_binary),
        "IpAddress": _Operator(compare=_address),
        "NotIpAddress": _Operator(compare=_address, negated=True),
        **{f"Numeric{name}": _Operator(compare=_numeric(relation)) for name, relation in _RELATIONS.items()},
        "NumericNotEquals": _Operator(compare=_numeric(eq), negated=True),
        **{f"Date{name}": _Operator(compare=_dated(relation)) for name, relation in _RELATIONS.items()},
        "DateNotEquals": _Operator(compare=_dated(eq), negated=True),
    }.items()
}

_WRITTEN = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?")


def is_operator(written: str) -> bool:
    """Whether IAM knows a condition operator, its set prefix and `IfExists` included."""
    found = _WRITTEN.fullmatch(written.lower())
    return written.lower() == "null" or (found is not None and found[2] in _OPERATORS)


def holds(condition: Condition, context: Context, *, variables: bool = True) -> Verdict:
    """Whether a condition holds for a request.

    Args:
        condition: The condition.
        context: The request's condition keys.
        variables: Whether `${...}` in its values is a policy variable.
    """
    operator, key = condition.operator, condition.key
    if isinstance(operator, Unknown) or isinstance(key, Unknown):
        return None
    given = context.get(key)
    if given is UNKNOWN:
        return None
    if operator.lower() == "null":
        return _holds_null(condition.values, missing=not given and given != "")
    found = _WRITTEN.fullmatch(operator.lower())
    if found is None or found[2] not in _OPERATORS:
        raise ValueError(f"{operator!r} is no condition operator")
    quantifier, if_exists = found[1], found[3] is not None
    test = _OPERATORS[found[2]]
    if given is None or given == ():
        return _holds_missing(quantifier, negated=test.negated, if_exists=if_exists)

    def satisfies(value: Text) -> Verdict:
        equal = some(_equal(test, wanted, value, context, variables=variables) for wanted in condition.values)
        return negate(equal) if test.negated else equal

    values = given if isinstance(given, tuple) else (given,)
    if quantifier == "forallvalues":
        return every(satisfies(value) for value in values)
    if quantifier == "foranyvalue":
        return some(satisfies(value) for value in values)
    # A key with many values needs a set operator; without one neither the operator nor its negation holds.
    return False if isinstance(given, tuple) else satisfies(given)


def _holds_null(values: tuple[Text, ...], *, missing: bool) -> Verdict:
    return some(None if isinstance(value, Unknown) else value.lower() == str(missing).lower() for value in values)


def _holds_missing(quantifier: str | None, *, negated: bool, if_exists: bool) -> Verdict:
    """What an operator says of a key that the request does not carry."""
    if quantifier == "forallvalues":
        return True
    if quantifier == "foranyvalue":
        # Documented twice, against each other: IfExists says yes, ForAnyValue says no.
        return None if if_exists else False
    return negated or if_exists


def _equal(test: _Operator, wanted: Text, given: Text, context: Context, *, variables: bool) -> Verdict:
    """Whether a value of the policy means a value of the request.

    What cannot be compared (a variable without a value, a text that is no number) satisfies neither an operator nor its negation.
    """
    if isinstance(wanted, Unknown) or isinstance(given, Unknown):
        return None
    try:
        return test.compare(wanted, given, context, variables)
    except (MissingVariableError, ValueError):
        return test.negated
