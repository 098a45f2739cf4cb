"""What a kind of resource is to the sandbox: what it checks, what it answers, what replaces it, what keeps it from being deleted."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.policies import ROLE, trusts
from sandbox.refusal import Refusal
from sandbox.world import Properties, Thing, World, region_of


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a kind: create or change one thing in one account."""

    world: World
    account: str
    region: str
    token: str
    name: str
    inputs: Properties
    deployer: str
    old: Thing | None = None

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return {"cn": "aws-cn", "us-gov": "aws-us-gov", "eusc": "aws-eusc"}.get(
            "us-gov" if self.region.startswith("us-gov") else self.region.split("-")[0], "aws"
        )

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN in this account and region."""
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.account if account is None else account}:{resource}"

    def fresh(self, prefix: str, length: int = 17) -> str:
        """A new id (`vpc-0123456789abcdef0`), or the old one when a thing changes."""
        return (
            self.old.id if self.old else prefix + self.world.fresh(f"{self.account}/{self.region}/{self.token}", length)
        )

    def find(self, token: str, thing_id: object) -> Thing | None:
        """A thing of this account and region."""
        return self.world.find(self.account, self.region, token, str(thing_id))

    def require(self, token: str, thing_id: object, code: str, what: str) -> Thing:
        """A thing of this account and region that must be there."""
        found = self.find(token, thing_id)
        if found is None:
            raise Refusal(code, f"The {what} '{thing_id}' does not exist")
        return found

    def others(self, token: str | None = None) -> list[Thing]:
        """Things of a type (this one's) in this account and region, the old one left out."""
        return [
            thing
            for thing in self.world.things(self.account, self.region, token or self.token)
            if not (self.old and thing.token == self.old.token and thing.id == self.old.id)
        ]

    def pass_role(self, arn: object, service: str) -> None:
        """Check that a role exists and trusts the service that it is passed to."""
        parts = str(arn).split(":", 5)
        role = self.world.find(parts[4], "", ROLE, parts[5].rpartition("/")[2]) if len(parts) == 6 else None  # noqa: PLR2004
        if role is None:
            raise Refusal("ValidationException", f"Could not assume role {arn}: it does not exist")
        if not trusts(str(role.inputs["assumeRolePolicy"]), service):
            raise Refusal(
                "ValidationException",
                f"Could not assume role {arn}. Please ensure that its trust relationship has {service}",
            )


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a call answered: the id, and outputs beside the inputs."""

    id: str
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Form:
    """What values AWS takes for an input.

    Attributes:
        pattern: The whole of a text, as in the service's model.
        choices: The only values.
        least: Smallest number, or shortest text or list.
        most: Largest number, or longest text or list.
        code: The error that AWS answers with.
    """

    pattern: str | None = None
    choices: tuple[object, ...] = ()
    least: int | None = None
    most: int | None = None
    code: str = "ValidationException"

    def refuse(self, key: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
        """Raise `Refusal` if AWS would not take a value."""
        wanted = (
            f"Member must satisfy enum value set: {list(self.choices)}"
            if self.choices and value not in self.choices
            else f"Member must satisfy regular expression pattern: {self.pattern}"
            if self.pattern and not re.fullmatch(self.pattern, str(value))
            else self._beyond(value if isinstance(value, int | float) else len(value))
        )
        if wanted:
            raise Refusal(self.code, f"Value '{value}' at '{key}' failed to satisfy constraint: {wanted}")

    def _beyond(self, measure: float) -> str | None:
        if self.least is not None and measure < self.least:
            return f"Member must have length or value greater than or equal to {self.least}"
        if self.most is not None and measure > self.most:
            return f"Member must have length or value less than or equal to {self.most}"
        return None


def one_of(*choices: object, code: str = "ValidationException") -> Form:
    """One of some values."""
    return Form(choices=choices, code=code)


def check_tags(tags: Mapping[str, Any], most: int) -> None:
    """Refuse tags that no service takes ("Tag naming limits and requirements")."""
    if len(tags) > most:
        raise Refusal("TooManyTags", f"A resource has at most {most} tags, not {len(tags)}")
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            raise Refusal("InvalidTag", f"Tag keys starting with 'aws:' are reserved for system use: {key}")
        if not 1 <= len(key) <= 128 or len(str(value)) > 256:  # noqa: PLR2004
            raise Refusal("InvalidTag", f"Tag {key}: keys have up to 128 characters, values up to 256")


def _accept(_: Call) -> None:
    return None


def _free(_world: World, _thing: Thing) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of resource.

    Attributes:
        token: Its Pulumi type token.
        make: Answers a create or an update; raises `Refusal`.
        check: What AWS refuses; raises `Refusal`.
        replaces: Inputs whose change makes a new thing.
        in_use: Why AWS would not delete a thing now, if so.
        named: The input that is its name; filled in like Pulumi's auto-naming when it is not given.
        tagged: Whether it takes tags (then `tagsAll` holds the provider's default tags too).
        most_tags: How many it takes.
        required: Inputs that AWS needs though the SDK does not.
        forms: What values AWS takes for an input.
    """

    token: str
    make: Callable[[Call], Made]
    check: Callable[[Call], None] = _accept
    replaces: frozenset[str] = frozenset()
    in_use: Callable[[World, Thing], str | None] = _free
    named: str | None = None
    tagged: bool = True
    most_tags: int = 50
    required: tuple[str, ...] = ()
    forms: Mapping[str, Form] = field(default_factory=dict[str, Form])

    def admit(self, call: Call) -> None:
        """Refuse what AWS refuses.

        Raises:
            Refusal: The error that AWS answers with.
        """
        for key in self.required:
            if call.inputs.get(key) is None:
                raise Refusal("MissingParameter", f"The request must contain the parameter {key}")
        for key, form in self.forms.items():
            if call.inputs.get(key) is not None:
                form.refuse(key, call.inputs[key])
        self.check(call)

    def place(self, region: str) -> str:
        """The region its things are kept in."""
        return region_of(self.token, region)


def replaces(*names: str) -> frozenset[str]:
    """The inputs whose change makes a new thing."""
    return frozenset(names)


def used_by(*users: tuple[str, str]) -> Callable[[World, Thing], str | None]:
    """A thing cannot go while another of its account refers to it: pairs of (token, input)."""

    def find(world: World, thing: Thing) -> str | None:
        for token, key in users:
            for user in world.things(thing.account, thing.region, token):
                value = user.inputs.get(key)
                if value == thing.id or (isinstance(value, list) and thing.id in value):
                    return (
                        f"DependencyViolation: {thing.id} has a dependent object ({token.rpartition(':')[2]} {user.id})"
                    )
        return None

    return find


def unique(call: Call, key: str, code: str, what: str) -> None:
    """Refuse a name that another thing of this type has in the same account and region."""
    name = call.inputs.get(key)
    if any(thing.inputs.get(key) == name for thing in call.others()):
        raise Refusal(code, f"The {what} '{name}' already exists")
