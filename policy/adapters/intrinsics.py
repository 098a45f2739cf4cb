"""CloudFormation's functions, worked out as far as a template and what is known of its parameters go; the rest is `UNKNOWN`.

A condition that hangs on what is not known may come out either way: `scopes` gives one scope for each way, so that both branches count.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import product
from typing import Final, cast

from perimeter.verdict import Verdict, every, negate, some
from policy.adapters.template_text import TemplateError
from policy.model import UNKNOWN, items, mapping


class _Special(Enum):
    ABSENT = "absent"
    OTHER = "other"


ABSENT: Final = _Special.ABSENT
"""What `AWS::NoValue` leaves of a property: nothing."""

_OTHER: Final = _Special.OTHER
"""A parameter's value that is none of those that the conditions ask for."""

_MOST_SCOPES = 512
"""Ways that are looked at within the seconds that a hook has."""

_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What is known where a template is read.

    Attributes:
        known: Parameter, pseudo parameter, resource (`Bucket`) or attribute (`Bucket.Arn`) -> its value.
        conditions: The template's conditions.
        chosen: Comparison that no value decides -> how it comes out here.
    """

    known: Mapping[str, object]
    conditions: Mapping[str, object] = field(default_factory=dict[str, object])
    chosen: Mapping[str, bool] = field(default_factory=dict[str, bool])

    def value(self, given: object) -> object:
        """A value with its functions worked out; `ABSENT` for no value."""
        match given:
            case str():
                return UNKNOWN if "{{resolve:" in given else given
            case list():
                values = [self.value(item) for item in cast("list[object]", given)]
                return [value for value in values if value is not ABSENT]
            case Mapping():
                return self._object(mapping(cast("object", given)))
            case _:
                return given

    def _object(self, given: Mapping[str, object]) -> object:
        name = next((key for key in given if key in _FUNCTIONS or key.startswith("Fn::")), None)
        if name:
            made = _FUNCTIONS[name](self, given[name]) if len(given) == 1 and name in _FUNCTIONS else UNKNOWN
            # CloudFormation resolves dynamic references in what functions make too.
            return UNKNOWN if isinstance(made, str) and "{{resolve:" in made else made
        values = {key: self.value(item) for key, item in given.items()}
        return {key: value for key, value in values.items() if value is not ABSENT}

    def holds(self, condition: object) -> Verdict:
        """Whether a condition holds; None when it hangs on what is not known.

        Args:
            condition: Its name, or its expression.
        """
        if isinstance(condition, str):
            # A condition that asks for itself is refused by CloudFormation.
            rest = {name: each for name, each in self.conditions.items() if name != condition}
            given = self.conditions.get(condition)
            return None if given is None else replace(self, conditions=rest).holds(given)
        expression = mapping(condition)
        name = next(iter(expression), "")
        parts = items(expression.get(name))
        match name:
            case "Condition":
                return self.holds(str(parts[0])) if parts else None
            case "Fn::Equals" if len(parts) == 2:  # noqa: PLR2004 - Fn::Equals has two sides
                equal = self.equal(parts[0], parts[1])
                return self.chosen.get(_comparison(parts[0], parts[1])) if equal is None else equal
            case "Fn::Not" if parts:
                return negate(self.holds(parts[0]))
            case "Fn::And":
                return every(map(self.holds, parts))
            case "Fn::Or":
                return some(map(self.holds, parts))
            case _:
                return None

    def _side(self, given: object) -> object:
        """A side of `Fn::Equals`: for a parameter without a value, whether it is one of those asked for is chosen by the scope."""
        name = mapping(given).get("Ref")
        chosen = self.known.get(name) if isinstance(name, str) else None
        return _OTHER if chosen is _OTHER else self.value(given)

    def equal(self, left: object, right: object) -> Verdict:
        """Whether both sides of `Fn::Equals` are the same text; None for what is not known, or no text: YAML has many ways to write a number."""
        one, other = self._side(left), self._side(right)
        if _OTHER in (one, other):
            # None of the texts that it is compared with; what a function gives may be its value.
            return False if isinstance(left, str) or isinstance(right, str) else None
        return one == other if isinstance(one, str) and isinstance(other, str) else None

    def named(self, name: str) -> object:
        """What `Ref` or `${...}` gives for a name."""
        value = self.known.get(name, UNKNOWN)
        return UNKNOWN if value is _OTHER else value


def _ref(scope: Scope, argument: object) -> object:
    return ABSENT if argument == "AWS::NoValue" else scope.named(str(argument))


def _attribute(scope: Scope, argument: object) -> object:
    return scope.named(".".join(map(str, items(argument))))


def _if(scope: Scope, argument: object) -> object:
    condition, *branches = items(argument)[:3] or [None]
    if len(branches) != 2:  # noqa: PLR2004 - what holds, and what does not
        return UNKNOWN
    holds = scope.holds(condition)
    if holds is None:
        first, second = (scope.value(branch) for branch in branches)
        return first if first == second else UNKNOWN
    return scope.value(branches[0] if holds else branches[1])


def _joined(scope: Scope, argument: object) -> object:
    parts = items(argument)
    values = scope.value(parts[1]) if len(parts) == 2 else UNKNOWN  # noqa: PLR2004 - delimiter and values
    texts = [_text(value) for value in items(values)]
    return UNKNOWN if None in texts else str(parts[0]).join(map(str, texts))


def _substituted(scope: Scope, argument: object) -> object:
    parts = items(argument)
    text = parts[0] if parts else None
    if not isinstance(text, str):
        return UNKNOWN
    own = {name: scope.value(value) for name, value in mapping(parts[1] if len(parts) > 1 else None).items()}
    values = {
        name: _text(own[name] if name in own else scope.named(name))
        for literal, name in _VARIABLE.findall(text)
        if not literal
    }
    if None in values.values():
        return UNKNOWN
    return _VARIABLE.sub(lambda found: f"${{{found[2]}}}" if found[1] else str(values[found[2]]), text)


def _text(value: object) -> str | None:
    """A value as it stands in a text; None for what is not known, or no text."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case _:
            return None


_FUNCTIONS: Mapping[str, Callable[[Scope, object], object]] = {
    "Ref": _ref,
    "Fn::GetAtt": _attribute,
    "Fn::If": _if,
    "Fn::Join": _joined,
    "Fn::Sub": _substituted,
}
"""Functions that are worked out; every other one is not known."""


def scopes(template: Mapping[str, object], known: Mapping[str, object]) -> Iterator[Scope]:
    """One scope for each way in which the template's conditions may come out.

    Args:
        template: The template.
        known: Values of parameters and pseudo parameters that are known.

    Raises:
        TemplateError: There are too many to look at.
    """
    for count, scope in enumerate(_ways(template, known)):
        if count == _MOST_SCOPES:
            raise TemplateError(f"has conditions that may come out in more than {_MOST_SCOPES} ways: take some away")
        yield scope


def _ways(template: Mapping[str, object], known: Mapping[str, object]) -> Iterator[Scope]:
    """Parameters first, so that conditions on the same one agree; then what no parameter decides."""
    conditions = mapping(template.get("Conditions"))
    compared = list(_comparisons(list(conditions.values())))
    asked = {name: values for name, values in _asked(template, compared).items() if name not in known}
    for values in product(*asked.values()):
        scope = Scope(known={**known, **dict(zip(asked, values, strict=True))}, conditions=conditions)
        free = sorted({_comparison(*sides) for sides in compared if scope.equal(*sides) is None})
        for outcome in product((True, False), repeat=len(free)):
            yield replace(scope, chosen=dict(zip(free, outcome, strict=True)))


def _comparison(left: object, right: object) -> str:
    return json.dumps([left, right], default=str)


def _asked(
    template: Mapping[str, object], comparisons: Iterable[tuple[object, object]]
) -> Mapping[str, Sequence[object]]:
    """Parameter -> the values that matter to the conditions: those allowed, else those compared with and any other."""
    parameters = mapping(template.get("Parameters"))
    compared: dict[str, list[object]] = {}
    for left, right in comparisons:
        for one, other in ((left, right), (right, left)):
            name = mapping(one).get("Ref")
            if isinstance(name, str) and name in parameters:
                compared.setdefault(name, []).extend([other] if isinstance(other, str) else [])
    return {
        name: items(mapping(parameters[name]).get("AllowedValues")) or [*dict.fromkeys(values), _OTHER]
        for name, values in compared.items()
        if mapping(parameters[name]).get("Type") in ("String", "Number")
    }


def _comparisons(given: object) -> Iterator[tuple[object, object]]:
    inner: Iterable[object] = items(given)
    if isinstance(given, Mapping):
        sides = items(mapping(cast("object", given)).get("Fn::Equals"))
        if len(sides) == 2:  # noqa: PLR2004 - Fn::Equals has two sides
            yield sides[0], sides[1]
        inner = mapping(cast("object", given)).values()
    for each in inner:
        if isinstance(each, Mapping | list):
            yield from _comparisons(cast("object", each))
