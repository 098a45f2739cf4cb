"""Configurations that tests start from: as the engine hands them over, and parsed."""

import json
from collections.abc import Mapping

from components.config import Settings, load
from components.environment import Environment

DEVELOPMENT, STAGING, PRODUCTION = "111111111111", "222222222222", "333333333333"


def configuration(**changes: object) -> dict[str, str]:
    """The whole configuration of a small stack; a change to None removes a key."""
    values: dict[str, object] = {
        "name": "sm-mlops",
        "type": "dev",
        "region": "eu-west-1",
        "accounts": {"development": DEVELOPMENT, "staging": [STAGING], "production": [PRODUCTION]},
        "network": {"cidr": "10.0.0.0/12"},
        "allowPlaceholderAccounts": "true",
        **changes,
    }
    return {
        f"mlops:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in values.items()
        if value is not None
    }


def settings(**changes: object) -> Settings:
    """The settings of a small stack."""
    return load(configuration(**changes))


def environment(**changes: object) -> Environment:
    """The environment of a small stack."""
    return Environment.of(settings(**changes))


def many(targets: int, *, by: str = "endpoints", **changes: object) -> Environment:
    """An environment with many target accounts, half staging and half production."""
    ids = [str(200_000_000_000 + number) for number in range(targets)]
    large: Mapping[str, object] = {
        "accounts": {"development": DEVELOPMENT, "staging": ids[: targets // 2], "production": ids[targets // 2 :]},
        "network": {"cidr": "10.0.0.0/8"},
        "perimeter": {"by": by},
        "organization": {"id": "o-abcdefghij"},
    }
    return environment(**{**large, **changes})


def endpoint_ids(count: int) -> list[str]:
    """Endpoint ids as AWS makes them: `vpce-` and 17 hexadecimal digits."""
    return [f"vpce-{number:017x}" for number in range(count)]


KEY_ARN = f"arn:aws:kms:eu-west-1:{DEVELOPMENT}:key/11111111-2222-3333-4444-555555555555"
