"""What a run is made of: registrations, steps, failures, results."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sandbox.deployment import State
from sandbox.places import Place
from sandbox.world import Thing


class StepOp(StrEnum):
    """What happens to a resource; the engine's own words."""

    CREATE = "create"
    SAME = "same"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


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
    """

    op: StepOp
    urn: str
    token: str
    name: str
    account: str | None = None
    changed: tuple[str, ...] = ()


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


class StepFailedError(Exception):
    """Ends the program after a failed step; the failure itself is in the result."""


@dataclass(kw_only=True)
class Run:
    """What one run knows.

    Attributes:
        preview: Whether nothing may change.
        old: URN -> state of the last run.
        steps: What happened.
        failures: What was refused.
        registered: URN -> what the program registered.
        states: URN -> state of this run.
        aliased: URNs of the last run that are known under another URN now.
        replaced: Things to delete when everything new is there.
        places: Provider reference (`urn::id`) -> where it works.
        positions: URN -> its place in the order of registration.
        outputs: The stack's outputs.
    """

    preview: bool
    old: dict[str, State]
    steps: list[Step] = field(default_factory=list[Step])
    failures: list[Failure] = field(default_factory=list[Failure])
    registered: dict[str, Registration] = field(default_factory=dict[str, Registration])
    states: dict[str, State] = field(default_factory=dict[str, State])
    aliased: set[str] = field(default_factory=set[str])
    replaced: list[Thing] = field(default_factory=list[Thing])
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    positions: dict[str, int] = field(default_factory=dict[str, int])
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
