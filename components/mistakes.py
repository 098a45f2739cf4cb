"""What a user did wrong in a stack file, in one line each: the key, the value, and what to do."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import cast, get_args

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

NAMESPACE = "mlops"


class ConfigurationError(ValueError):
    """A mistake in the stack file; its text is the whole message for the user."""


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


def explain(error: ErrorDetails, root: type[BaseModel]) -> str:
    """One line for one mistake that pydantic found: key, value, what is wrong, remedy."""
    location = list(_visible(error["loc"]))
    key = f"{NAMESPACE}:" + re.sub(r"\.(?=\[)", "", ".".join(location)) if location else NAMESPACE
    shown = error["input"]
    message = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            near = get_close_matches(location[-1], _siblings(root, location[:-1]), n=1, cutoff=0)
            return f"{key}: unknown key. The nearest known one is {near[0] if near else 'in the README'}"
        case "missing":
            return f"{key}: is missing. Add it to the stack file"
        case "literal_error" | "enum":
            expected = re.sub(r"^Input should be ", "", message)
            return f"{key}: {shown!r} is unknown. Use {expected}"
        case "value_error":
            plain = isinstance(shown, str | int | float | bool) and "is an unknown" not in message
            if location:
                return f"{key}: {shown!r} {message}" if plain else f"{key}: {message}"
            return f"{NAMESPACE}:{message}"
        case "string_pattern_mismatch":
            return f"{key}: {shown!r} has the wrong form. It must match {cast('Mapping[str, str]', error.get('ctx', {})).get('pattern')}"
        case _:
            return f"{key}: {shown!r} does not fit: {message[0].lower()}{message[1:]}. See the configuration table in the README"


def _visible(location: tuple[int | str, ...]) -> Iterator[str]:
    """The location as a user writes it: no pydantic union or mapping-key markers."""
    for part in location:
        if isinstance(part, int):
            yield f"[{part}]"
        elif part != "[key]" and not re.match(r"(literal|tuple|function|constrained)[-\[]", part):
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
