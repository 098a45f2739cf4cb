"""Where a provider works: its account, region, deploy role and default tags, from its configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from sandbox.deployment import reveal
from sandbox.world import Properties

PROVIDER = "pulumi:providers:"
CLASSIC = f"{PROVIDER}aws"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a provider works, and as whom."""

    account: str
    region: str
    tags: Mapping[str, str]
    deployer: str
    external_id: str
    allowed: tuple[str, ...]


def place_of(inputs: Properties) -> Place:
    """The place of a provider's inputs, the classic or the native one's; its lists and objects come as JSON text."""
    roles = cast("list[dict[str, str]]", _plain(inputs, "assumeRoles") or [_plain(inputs, "assumeRole") or {}])
    allowed = tuple(cast("list[str]", _plain(inputs, "allowedAccountIds") or []))
    tags = cast("dict[str, Mapping[str, str]]", _plain(inputs, "defaultTags") or {})
    arn = roles[0].get("roleArn", "")
    return Place(
        account=arn.split(":")[4] if arn.startswith("arn:") else (allowed[0] if allowed else ""),
        region=str(_plain(inputs, "region") or ""),
        tags=tags.get("tags", {}),
        deployer=arn,
        external_id=roles[0].get("externalId", ""),
        allowed=allowed,
    )


def _plain(inputs: Properties, key: str) -> Any:  # noqa: ANN401 - any JSON value
    value = reveal(inputs.get(key))
    return json.loads(value) if isinstance(value, str) and value.startswith(("[", "{")) else value
