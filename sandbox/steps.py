"""What a run is made of: registrations, steps, failures, results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.places import Place
from sandbox.world import Row


class StepOp(StrEnum):
    """What happens to a resource; the engine's own words."""

    CREATE = "create"
    SAME = "same"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    DELETE_REPLACED = "delete-replaced"


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run.

    Attributes:
        op: What happens.
        urn: The resource.
        token: Its type.
        name: Its logical name.
        account: The account it is in; None for components and providers.
        changed: Inputs that differ from the last run.
        left: The account in which the thing stays behind, because Pulumi looks for it in another from now on.
    """

    op: StepOp
    urn: str
    token: str
    name: str
    account: str | None = None
    changed: tuple[str, ...] = ()
    left: str | None = None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A step that AWS would refuse: the resource and the reason."""

    urn: str
    account: str | None
    message: str


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What the program registered: a resource and its options."""

    urn: str
    token: str
    name: str
    custom: bool
    inputs: Mapping[str, Any]
    provider: str
    parent: str
    protect: bool
    dependencies: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Result:
    """A run: its steps, the stack's outputs, what was refused, and how long it took in seconds."""

    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    failures: tuple[Failure, ...]
    seconds: float


@dataclass(kw_only=True)
class Run:
    """What one run knows.

    Attributes:
        preview: Whether nothing may change.
        rows: The state of the last run, in its order.
        steps: What happened.
        failures: What was refused.
        broken: What ended the run from outside, such as an error of the caller's own callback.
        registered: URN -> what the program registered.
        places: Provider reference (`urn::id`) -> where it works.
        outputs: The stack's outputs.
    """

    preview: bool
    rows: list[Row]
    steps: list[Step] = field(default_factory=list[Step])
    failures: list[Failure] = field(default_factory=list[Failure])
    broken: Exception | None = None
    registered: dict[str, Registration] = field(default_factory=dict[str, Registration])
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def halted(self) -> bool:
        """Whether no further step is taken."""
        return bool(self.failures or self.broken)
