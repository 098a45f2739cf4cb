"""Wildcards and policy variables.

Sources: IAM user guide, "Resource", "Action", "Policy variables", "ARN condition operators".
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from perimeter.verdict import UNKNOWN, Text, Unknown, Verdict

Value = Text | Sequence[Text]
"""What a condition key holds in a request: a text, or a list under a key that may hold many, be it of one."""

ARN_SEGMENTS = 6

_TOKEN = re.compile(r"\$\{([^}]*)\}|([*?])")
_VARIABLE = re.compile(r"([^,]+?)\s*(?:,\s*'(.*)')?\s*")
_LITERALS = frozenset("*?$")


class MissingVariableError(Exception):
    """A policy variable has no value in the request, or several, and no default: what holds it matches nothing."""


class Context:
    """The condition keys of a request; the case of a key does not matter.

    Args:
        values: Key -> its value; None: the request does not carry it.
        complete: Whether a key that is not in `values` is absent from the request; else it is not known.
    """

    def __init__(self, values: Mapping[str, Value | None], *, complete: bool = True) -> None:
        self._values = {
            key.lower(): value if value is None or isinstance(value, str | Unknown) else tuple(value)
            for key, value in values.items()
        }
        self._others = None if complete else UNKNOWN

    def get(self, key: str) -> Text | tuple[Text, ...] | None:
        """The value of a key, None when the request does not carry it, `UNKNOWN` when nobody can say."""
        return self._values.get(key.lower(), self._others)


def matches_action(pattern: Text, action: str) -> Verdict:
    """Whether an action pattern means an action; case does not matter."""
    return None if pattern is UNKNOWN else _expression(pattern.lower()).fullmatch(action.lower()) is not None


def matches_resource(pattern: Text, arn: Text, context: Context, *, variables: bool = True) -> Verdict:
    """Whether a resource pattern means a resource.

    Case matters, and a `*` runs across colons and slashes: `arn:aws:s3:::b*` means every object of every bucket that starts with b.
    """
    if pattern == "*":
        return True
    if isinstance(pattern, Unknown) or isinstance(arn, Unknown):
        return None
    try:
        return like(pattern, arn, context, variables=variables)
    except MissingVariableError:
        return False


def like(pattern: str, value: str, context: Context, *, variables: bool = True) -> Verdict:
    """Whether a value matches a pattern with wildcards and variables; None when a variable's value is not known.

    Raises:
        MissingVariableError: A variable has no value.
    """
    if not variables or "${" not in pattern:
        return _expression(pattern).fullmatch(value) is not None
    expression = _substitute(pattern, context, wildcards=True)
    return None if expression is UNKNOWN else re.fullmatch(expression, value, re.DOTALL) is not None


def resolve(pattern: str, context: Context, *, variables: bool = True) -> Text:
    """A value with its variables replaced; `*` and `?` are ordinary characters.

    Raises:
        MissingVariableError: A variable has no value.
    """
    if not variables or "${" not in pattern:
        return pattern
    expression = _substitute(pattern, context, wildcards=False)
    return expression if expression is UNKNOWN else re.sub(r"\\(.)", r"\1", expression, flags=re.DOTALL)


def arn_like(pattern: str, arn: str, context: Context, *, variables: bool = True) -> Verdict:
    """Whether an ARN matches a pattern of an ARN operator: segment by segment, so a `*` stays within its segment, but for the last.

    Raises:
        MissingVariableError: A variable has no value.
        ValueError: One of both is no ARN.
    """
    wanted, given = _segments(pattern), _segments(arn)
    verdicts = [like(part, value, context, variables=variables) for part, value in zip(wanted, given, strict=True)]
    return False if False in verdicts else None if None in verdicts else True


def _segments(arn: str) -> list[str]:
    """The segments of an ARN; the colons inside a policy variable separate nothing."""
    segments = re.split(r":(?![^{}]*\})", arn, maxsplit=ARN_SEGMENTS - 1)
    if len(segments) != ARN_SEGMENTS or segments[0] != "arn":
        raise ValueError(f"{arn!r} is no ARN")
    return segments


@lru_cache(maxsize=8192)
def _expression(pattern: str) -> re.Pattern[str]:
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in re.split(r"([*?])", pattern))
    return re.compile("".join(parts), re.DOTALL)


def _substitute(pattern: str, context: Context, *, wildcards: bool) -> Text:
    """A pattern as a regular expression; what a variable holds is literal, its stars too."""
    parts: list[str] = []
    end = 0
    for token in _TOKEN.finditer(pattern):
        parts.append(re.escape(pattern[end : token.start()]))
        end = token.end()
        if token[2]:
            parts.append({"*": ".*", "?": "."}[token[2]] if wildcards else re.escape(token[2]))
            continue
        value = _variable(token[1], context)
        if isinstance(value, Unknown):
            return UNKNOWN
        parts.append(re.escape(value))
    return "".join([*parts, re.escape(pattern[end:])])


def _variable(inside: str, context: Context) -> Text:
    if inside in _LITERALS:
        return inside
    found = _VARIABLE.fullmatch(inside)
    value = context.get(found[1].strip()) if found else None
    if isinstance(value, str | Unknown) and value:
        return value
    if found and found[2] is not None and value is None:
        return found[2]
    raise MissingVariableError(inside)
