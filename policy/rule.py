"""What a rule is: an id, what it asks for, how bad a violation is, how to mend it, and a pure function that looks."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from policy.context import Context
from policy.model import Resource, Stack


class Severity(StrEnum):
    """How bad a violation is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(StrEnum):
    """What a violation does: stop the deployment, be reported, or nothing."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A violation.

    Attributes:
        message: What is wrong, without any value that could be a secret.
        resource: The resource to mend.
    """

    message: str
    resource: Resource


@dataclass(frozen=True, kw_only=True)
class Undecided:
    """A property that is not known in this preview.

    Attributes:
        path: The property.
        resource: The resource.
    """

    path: str
    resource: Resource

    @property
    def message(self) -> str:
        """The one text for it."""
        return f"cannot be decided in this preview: {self.path}"


Outcome = Finding | Undecided


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every rule carries.

    Attributes:
        id: `S3-07`.
        name: `versioning`; with the id, the policy's name in the pack.
        title: What it asks for, one sentence.
        severity: How bad a violation is.
        frameworks: Framework -> ids of its controls (`{"Security Hub": ("S3.14",)}`).
        remediation: How to mend a violation, one sentence or two.
        level: What a violation does.
        levels: The same for stack types where it differs (`{"dev": Level.ADVISORY}`).
    """

    id: str
    name: str
    title: str
    severity: Severity
    frameworks: Mapping[str, Sequence[str]]
    remediation: str
    level: Level = Level.MANDATORY
    levels: Mapping[str, Level] = field(default_factory=dict[str, Level])

    @property
    def policy_name(self) -> str:
        """Its name in the pack: `s3-07-versioning`."""
        return f"{self.id.lower()}-{self.name}"

    def level_for(self, stack_type: str) -> Level:
        """Its level in a type of stack."""
        return self.levels.get(stack_type, self.level)


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule that looks at one resource at a time.

    Attributes:
        types: The types it looks at; empty for all custom resources.
        check: What is wrong with a resource. It may raise `UndecidedError`; what it yielded before stands.
    """

    types: tuple[str, ...]
    check: Callable[[Resource, Context], Iterable[Outcome]]


@dataclass(frozen=True, kw_only=True)
class StackRule(Rule):
    """A rule that joins resources.

    Attributes:
        check: What is wrong in a stack. It catches what is undecided resource by resource (`undecided_of`), so that one unknown value
            does not hide another resource's violation.
    """

    check: Callable[[Stack, Context], Iterable[Outcome]]
