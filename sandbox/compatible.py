"""Whether a stack's state can be continued by this version of the program."""

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, cast

from sandbox.kinds import KINDS
from sandbox.places import PROVIDER

PACKAGES: Mapping[str, str] = {f"{PROVIDER}aws": "pulumi_aws", f"{PROVIDER}aws-native": "pulumi_aws_native"}
"""Provider type -> the SDK whose provider it is."""

DEPLOYMENT_VERSIONS = (3, 4)
"""Versions of the deployment format that are read here; 4 is 3 with features that the program does not use.

Source: `DeploymentSchemaVersionCurrent` and `DeploymentSchemaVersionLatest` in `sdk/go/common/apitype/core.go` of pulumi/pulumi."""


class StateError(ValueError):
    """A state of another version of the program; the text says of which."""


def refuse_foreign(states: Iterable[Mapping[str, Any]], *, layout: int = DEPLOYMENT_VERSIONS[0]) -> None:
    """Refuse a state that holds what this version does not simulate, or that another major version of a provider made.

    Args:
        states: The state's resources, as the deployment format has them.
        layout: The version of the deployment format.

    Raises:
        StateError: It is of another version.
    """
    if layout not in DEPLOYMENT_VERSIONS:
        read = " and ".join(map(str, DEPLOYMENT_VERSIONS))
        raise StateError(f"has version {layout} of the deployment format, and this version of the program reads {read}")
    for state in states:
        token = str(state["type"])
        if token in PACKAGES:
            _refuse_provider(token, _version(state))
        elif state.get("custom") and not token.startswith("pulumi:") and token not in KINDS:
            raise StateError(f"holds {token}, which this version of the program does not simulate")


def _version(provider: Mapping[str, Any]) -> str:
    inputs = cast("Mapping[str, Any]", provider.get("inputs") or {})
    return str(inputs.get("version", ""))


def _refuse_provider(token: str, made_with: str) -> None:
    ours = version(PACKAGES[token])
    if made_with and made_with.split(".", maxsplit=1)[0] != ours.split(".")[0]:
        name = token.removeprefix(PROVIDER)
        raise StateError(f"was made with {name} {made_with}, and this version of the program has {ours}")
