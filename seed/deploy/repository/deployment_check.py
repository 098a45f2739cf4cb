"""Whether a target account has what the endpoint needs, before anything is deployed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from endpoint_template import PARAMETERS
from platform_settings import Settings, StopError, read_settings

CHECK_ROLE = "roles/DeploymentCheckRole"
NEEDED: tuple[str, ...] = (*PARAMETERS.values(), "roles/StackSetExecutionRole", "roles/EndpointTestRole")
"""SSM parameters of a target below `/P/`; the ones below `roles/` list the roles that were made, which IAM could tell only in its own region."""

Connect = Callable[[str], Any]
"""Role ARN -> SSM client under that role. Raises ClientError."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """What later stages need to know of an account: where it captures, under which key, and who may test its endpoints."""

    capture_bucket: str
    data_key: str
    test_role: str


def check_targets(settings: Settings, development: str, accounts: Sequence[str], connect: Connect) -> dict[str, Target]:
    """Read every account's parameters as DeploymentCheckRole.

    Args:
        settings: The development account's.
        development: The development account.
        accounts: The targets.
        connect: Takes a role.

    Returns:
        Account -> what is known of it.

    Raises:
        StopError: Naming every account and each role or parameter that is missing there, all at once.
    """
    found = {account: _read(settings, development, account, connect) for account in accounts}
    mistakes = [f"{account}: {text}" for account, target in found.items() for text in _missing(target)]
    if mistakes:
        raise StopError(
            "Nothing was deployed, because target accounts are not ready:\n  - "
            + "\n  - ".join(mistakes)
            + "\nThe platform makes these in every account of mlops:accounts: ask its administrators to deploy it again"
        )
    return {account: _target(target) for account, target in found.items() if isinstance(target, Settings)}


def in_account(arn: str, development: str, account: str) -> str:
    """The same role in another account."""
    return arn.replace(development, account)


def _read(settings: Settings, development: str, account: str, connect: Connect) -> Settings | str:
    role = in_account(settings[CHECK_ROLE], development, account)
    try:
        return read_settings(connect(role), settings.prefix, f"account {account}")
    except ClientError as error:
        return f"role {role} cannot be used to look there ({error.response['Error'].get('Message', error)})"


def _missing(target: Settings | str) -> list[str]:
    if isinstance(target, str):
        return [target]
    return [
        f"role {path.removeprefix('roles/')} is missing (SSM parameter /{target.prefix}/{path})"
        if path.startswith("roles/")
        else f"SSM parameter /{target.prefix}/{path} is missing"
        for path in NEEDED
        if target.get(path) is None
    ]


def _target(settings: Settings) -> Target:
    return Target(
        capture_bucket=settings["buckets/capture"],
        data_key=settings["keys/data"],
        test_role=settings["roles/EndpointTestRole"],
    )


def targets_from(given: Mapping[str, Mapping[str, str]]) -> dict[str, Target]:
    """Back from `release.json`."""
    return {account: Target(**values) for account, values in given.items()}
