"""What a stack may change of the rules: levels, and exceptions with a reason and an expiry date.

config:
  policy:levels: {SM-06: mandatory}
  policy:exceptions:
    - {rule: S3-07, resource: development-data, reason: "Migration of ticket 42", expires: "2027-01-31"}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import cast

from policy.model import Resource, items, mapping
from policy.rule import Level, Rule
from policy.rules import RULES

LEVELS = "policy:levels"
EXCEPTIONS = "policy:exceptions"
_FIELDS = ("rule", "resource", "reason", "expires")


class PolicyConfigurationError(ValueError):
    """A policy configuration that cannot be used; the text is the message for the user."""


@dataclass(frozen=True, kw_only=True)
class PolicyException:
    """A rule that need not hold for some resources until a day.

    Attributes:
        rule: Id of the rule.
        resource: Logical name or URN, `*` and `?` allowed.
        reason: Why; printed with the result.
        expires: The last day on which it counts.
    """

    rule: str
    resource: str
    reason: str
    expires: date

    def covers(self, rule: str, resource: Resource) -> bool:
        """Whether it speaks of a rule and a resource, expired or not."""
        return rule == self.rule and any(fnmatchcase(text, self.resource) for text in (resource.name, resource.urn))


@dataclass(frozen=True, kw_only=True)
class PolicyConfiguration:
    """Levels and exceptions of a stack.

    Attributes:
        levels: Rule id -> level, where it differs from the rule's own.
        exceptions: The exceptions.
    """

    levels: Mapping[str, Level]
    exceptions: tuple[PolicyException, ...]

    def level(self, rule: Rule, stack_type: str) -> Level:
        """The level of a rule in a type of stack."""
        return self.levels.get(rule.id, rule.level_for(stack_type))

    def exception(self, rule: Rule, resource: Resource) -> PolicyException | None:
        """The exception that speaks of a rule and a resource; the one that counts longest."""
        found = [exception for exception in self.exceptions if exception.covers(rule.id, resource)]
        return max(found, key=lambda exception: exception.expires, default=None)


def read(config: Mapping[str, str]) -> PolicyConfiguration:
    """The policy configuration of a stack.

    Args:
        config: The stack's configuration, `namespace:key` -> text.

    Raises:
        PolicyConfigurationError: An unknown rule, level or key, or an exception without reason or date.
    """
    unknown = next((key for key in config if key.startswith("policy:") and key not in (LEVELS, EXCEPTIONS)), None)
    if unknown:
        raise PolicyConfigurationError(f"{unknown}: unknown key. Use {LEVELS} or {EXCEPTIONS}")
    levels = _parsed(config, LEVELS, "{")
    given = _parsed(config, EXCEPTIONS, "[")
    return PolicyConfiguration(
        levels={_rule(LEVELS, rule): _level(rule, level) for rule, level in mapping(levels).items()},
        exceptions=tuple(_exception(index, value) for index, value in enumerate(items(given))),
    )


def _parsed(config: Mapping[str, str], key: str, opens: str) -> object:
    text = config.get(key) or ("{}" if opens == "{" else "[]")
    try:
        value = cast("object", json.loads(text))
    except ValueError:
        value = None
    if not text.startswith(opens) or value is None:
        what = "a mapping of rule ids to levels" if opens == "{" else "a list of exceptions"
        raise PolicyConfigurationError(f"{key}: {text!r} is not {what}. See the README, Rules")
    return value


def _rule(key: str, rule: object) -> str:
    known = [known.id for known in RULES]
    if rule in known:
        return str(rule)
    near = get_close_matches(str(rule).upper(), known, n=1, cutoff=0)
    raise PolicyConfigurationError(f"{key}: {rule!r} is no rule. Did you mean {near[0]}? ./mlops rules lists all")


def _level(rule: str, level: object) -> Level:
    try:
        return Level(str(level))
    except ValueError:
        known = ", ".join(level.value for level in Level)
        raise PolicyConfigurationError(f"{LEVELS}.{rule}: {level!r} is no level. Use {known}") from None


def _exception(index: int, value: object) -> PolicyException:
    key, given = f"{EXCEPTIONS}[{index}]", mapping(value)
    for name in _FIELDS:
        if not isinstance(given.get(name), str) or not str(given[name]).strip():
            raise PolicyConfigurationError(
                f"{key}.{name}: {given.get(name)!r} is no text. An exception has {', '.join(_FIELDS)}"
            )
    extra = next((name for name in given if name not in _FIELDS), None)
    if extra:
        raise PolicyConfigurationError(f"{key}.{extra}: unknown key. An exception has {', '.join(_FIELDS)}")
    try:
        expires = date.fromisoformat(str(given["expires"]))
    except ValueError:
        raise PolicyConfigurationError(
            f"{key}.expires: {given['expires']!r} is no date. Write it as 2027-01-31"
        ) from None
    return PolicyException(
        rule=_rule(f"{key}.rule", given["rule"]),
        resource=str(given["resource"]),
        reason=str(given["reason"]),
        expires=expires,
    )
