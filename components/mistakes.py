"""What a user did wrong in a stack file, in one line each: the key, the value, and what to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import cast, get_args

from pulumi import RunError
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

NAMESPACE = "mlops"


class ConfigurationError(RunError, ValueError):
    """A mistake in the stack file; its text is the whole message for the user.

    As a `RunError` it ends `pulumi preview` and `pulumi up` with that text alone, without a traceback.
    """


def refuse_unknown(
    given: Mapping[str, object] | Sequence[str],
    known: Sequence[str] | Mapping[str, object] | frozenset[str] | set[str],
    what: str,
    at: str = "",
) -> None:
    """Refuse a value that is not known, with the nearest known one.

    Raises:
        ValueError: A given value is unknown; `at` starts the message where pydantic does not know the place.
    """
    for value in given:
        if value not in known:
            near = get_close_matches(value, list(known), n=1, cutoff=0.4)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known)[:12])}"
            raise ValueError(f"{at}{value!r} is an unknown {what}. {hint}")


_ACCESS_KEY = re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])")
_SECRET = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
_CREDENTIAL_KEY = re.compile(r"(?:access|secret)[-_]?(?:access)?[-_]?key(?:[-_]?id)?|session[-_]?token", re.IGNORECASE)


def find_credential(text: str) -> str | None:
    """What kind of AWS credential a text holds, if any; the text itself must not be printed."""
    if _ACCESS_KEY.search(text):
        return "an AWS access key id"
    if _SECRET.search(text):
        return "what looks like an AWS secret key"
    if _CREDENTIAL_KEY.search(text):
        return "a setting for an AWS key"
    return None


_KINDS = {
    "tuple_type": "is no list. Write it as one: [first, second]",
    "dict_type": "is no mapping. Write it as key: value",
    "model_type": "is no mapping. Write it as key: value",
    "string_type": "is no text. Put it in quotes",
    "int_type": "is no number. Give a whole number",
    "int_parsing": "is no number. Give a whole number",
    "int_parsing_size": "is too large a number. Give a smaller one",
    "int_from_float": "is no whole number. Give a whole number",
    "bool_type": "is neither true nor false. Give one of them",
    "bool_parsing": "is neither true nor false. Give one of them",
    "too_short": "is empty. Give at least one, or remove the key",
}
_SHOWN = 80


def mistakes(error: ValidationError) -> Iterator[ErrorDetails]:
    """What pydantic found, once: of a value that may be a word or a list, only what fits what was given."""
    for detail in error.errors(include_url=False):
        union = next((part for part in detail["loc"] if isinstance(part, str) and _UNION.match(part)), "")
        text = isinstance(detail["input"], str)
        if (union.startswith("literal") and not text) or (
            union.startswith("tuple") and text and detail["type"] == "tuple_type"
        ):
            continue
        yield detail


def explain(error: ErrorDetails, root: type[BaseModel]) -> str:
    """One line for one mistake that pydantic found: key, value, what is wrong, remedy."""
    location = list(_visible(error["loc"]))
    key = f"{NAMESPACE}:" + re.sub(r"\.(?=\[)", "", ".".join(location)) if location else NAMESPACE
    shown = _shorten(repr(error["input"]))
    message = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            near = get_close_matches(location[-1], _siblings(root, location[:-1]), n=1, cutoff=0)
            return f"{key}: unknown key. The nearest known one is {near[0] if near else 'in the README'}"
        case "missing":
            return f"{key}: is missing. Add it to the stack file"
        case "literal_error" | "enum":
            expected = re.sub(r"^Input should be ", "", message)
            union = any(isinstance(part, str) and _UNION.match(part) for part in error["loc"])
            return f"{key}: {shown} is unknown. Use {expected}{' or a list' if union else ''}"
        case "value_error":
            if location:
                return f"{key}: {shown} {message}" if message.startswith("is ") else f"{key}: {message}"
            return f"{NAMESPACE}:{message}"
        case "string_pattern_mismatch":
            return f"{key}: {shown} has the wrong form. It must match {cast('Mapping[str, str]', error.get('ctx', {})).get('pattern')}"
        case kind if kind in _KINDS:
            return f"{key}: {shown} {_KINDS[kind]}"
        case _:
            return f"{key}: {shown} does not fit: {message[0].lower()}{message[1:]}. See the configuration table in the README"


_UNION = re.compile(r"(literal|tuple|function|constrained)[-\[]")
"""How pydantic marks the branch of a union in a location."""


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _visible(location: tuple[int | str, ...]) -> Iterator[str]:
    """The location as a user writes it: no pydantic union or mapping-key markers."""
    for part in location:
        if isinstance(part, int):
            yield f"[{part}]"
        elif part != "[key]" and not _UNION.match(part):
            yield to_camel(part) if re.fullmatch(r"[a-z]+(_[a-z]+)+", part) else part


def _siblings(root: type[BaseModel], location: Sequence[str]) -> list[str]:
    """Known keys beside an unknown one."""
    model = root
    for part in location:
        inner = next((field.annotation for name, field in model.model_fields.items() if to_camel(name) == part), None)
        models = list(_models(inner))
        if models:
            model = models[0]
    return [to_camel(name) for name in model.model_fields]


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in cast("tuple[object, ...]", get_args(annotation)):
        yield from _models(argument)
