"""What the program registers, in a configuration that uses every type it has."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path

import pytest

from ops import stackfile
from ops.rehearse import ROOT, engine_for

_SSO: Mapping[str, object] = {
    "auth": "sso",
    "experimentTracking": True,
    "profiles": {"anna": {"persona": "DataScientist", "ssoUser": "anna"}},
}


def configuration(**changes: object) -> dict[str, str]:
    """The configuration of stack `dev`; each change replaces a key."""
    stack = stackfile.rehearsed(ROOT, "dev")
    return stack | {
        f"mlops:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in changes.items()
    }


FULL = configuration(network={"cidr": "10.0.0.0/12", "internet": "nat"}, studio=_SSO)
"""NAT gateways, experiment tracking and Identity Center: every type and every statement."""


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> frozenset[str]:
    """The AWS types that a rehearsal registers."""
    directory: Path = tmp_path_factory.mktemp("rehearsal")
    with warnings.catch_warnings():
        # The SDK's modules warn about old names of their own when they are loaded.
        warnings.simplefilter("ignore", DeprecationWarning)
        plan = engine_for(directory, "dev", FULL).preview()
    assert not plan.failures
    return frozenset(step.token for step in plan.steps if step.token.startswith(("aws:", "aws-native:")))
