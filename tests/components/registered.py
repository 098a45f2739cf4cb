"""What the program makes of a configuration, as the stack's state shows it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ops.rehearse import engine_for
from sandbox.deployment import reveal
from sandbox.steps import Registration
from tests.components.stacks import configuration


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of a stack.

    Attributes:
        account: The account of its provider; empty for components.
    """

    urn: str
    token: str
    name: str
    id: str
    account: str
    inputs: Mapping[str, Any]
    parent: str
    protect: bool
    provider: str
    custom: bool

    @property
    def component(self) -> str:
        """Type of its parent."""
        return self.parent.split("::")[2].rpartition("$")[2] if self.parent else ""


@dataclass(frozen=True)
class Stack:
    """All resources of a stack."""

    resources: Sequence[Resource]
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def _by_token(self) -> Mapping[str, Sequence[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.token, []).append(resource)
            found.setdefault(resource.token.rpartition(":")[2], []).append(resource)
        return found

    def of(self, kind: str, account: str | None = None) -> Sequence[Resource]:
        """Resources of a type, by its token or the last part of it, in an account or in all."""
        return [each for each in self._by_token.get(kind, ()) if account in (None, each.account)]

    def one(self, name: str, kind: str) -> Resource:
        """The resource of a logical name and type."""
        (found,) = [each for each in self.of(kind) if each.name == name]
        return found

    @property
    def accounts(self) -> Sequence[str]:
        """Accounts that have a provider, in their order."""
        return [each.account for each in self.of("pulumi:providers:aws")]

    @property
    def aws(self) -> Sequence[Resource]:
        """Everything that is something in AWS."""
        return [each for each in self.resources if each.token.startswith(("aws:", "aws-native:"))]


def stack(**changes: object) -> Stack:
    """The small stack, with some keys changed."""
    return _stack(json.dumps(changes, sort_keys=True))


@cache
def _stack(changes: str) -> Stack:
    with TemporaryDirectory() as directory:
        engine = engine_for(Path(directory), "dev", configuration(**json.loads(changes)))
        try:
            result = engine.up()
            assert [failure.message for failure in result.failures] == []
            return Stack(_resources(engine.world.states(), engine.registrations()), result.outputs)
        finally:
            engine.world.close()


def _resources(states: Sequence[Mapping[str, Any]], registrations: Sequence[Registration]) -> list[Resource]:
    protected = {each.urn: each.protect for each in registrations}
    accounts = {
        f"{state['urn']}::{state['id']}": cast("list[str]", json.loads(state["inputs"]["allowedAccountIds"]))[0]
        for state in states
        if state["type"].startswith("pulumi:providers:")
    }
    return [
        Resource(
            urn=state["urn"],
            token=state["type"],
            name=state["urn"].rpartition("::")[2],
            id=state.get("id", ""),
            account=accounts.get(state.get("provider", "") or f"{state['urn']}::{state.get('id')}", ""),
            inputs=reveal(state.get("inputs", {})),
            parent=state.get("parent", ""),
            protect=protected[state["urn"]],
            provider=state.get("provider", ""),
            custom=bool(state["custom"]),
        )
        for state in states
    ]
