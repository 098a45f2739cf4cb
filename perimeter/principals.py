"""Who asks, and how directly a resource's policy names them.

How a policy names a principal decides what its Allow is worth. Source: IAM user guide, "Evaluating policies within a single account", "IAM role
principals".
"""

from dataclasses import dataclass
from enum import Enum

from perimeter.documents import Named
from perimeter.patterns import ARN_SEGMENTS, Value
from perimeter.verdict import Text, Unknown


class Kind(Enum):
    """What sort of principal asks; the values are those of `aws:PrincipalType`, where it has one."""

    ROLE = "AssumedRole"
    USER = "User"
    ROOT = "Account"
    SERVICE = "Service"
    FEDERATED = "Federated"
    ANONYMOUS = "Anonymous"


class Strength(Enum):
    """How a policy names a principal."""

    DIRECT = "itself"
    """A user, a role's session, a service, the root user or `*`: an Allow is final, whatever a boundary leaves out."""
    ROLE = "its role"
    """The role's ARN: an Allow holds within the role's boundary."""
    ACCOUNT = "its account"
    """The account or its root: an Allow only hands the question to the account's identity policies."""


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who makes a request; made by the class methods, which raise ValueError for what is no ARN.

    Attributes:
        kind: What sort.
        arn: Of the role (not of its session), user, root or identity provider; a service's name; empty for nobody.
        session: The name of the role's session.
    """

    kind: Kind
    arn: str = ""
    session: str = "session"

    def __post_init__(self) -> None:
        if self.has_identity and self.arn.count(":") < ARN_SEGMENTS - 1:
            raise ValueError(f"{self.arn!r} is no ARN of a role, user or root")

    @classmethod
    def role(cls, arn: str, session: str = "session") -> "Principal":
        """A session of a role, by the role's ARN, path included."""
        return cls(kind=Kind.ROLE, arn=arn, session=session)

    @classmethod
    def user(cls, arn: str) -> "Principal":
        """An IAM user."""
        return cls(kind=Kind.USER, arn=arn)

    @classmethod
    def root(cls, arn: str) -> "Principal":
        """An account's root user, by its ARN (`arn:aws:iam::111122223333:root`)."""
        return cls(kind=Kind.ROOT, arn=arn)

    @classmethod
    def service(cls, name: str) -> "Principal":
        """An AWS service that acts for itself (`logging.s3.amazonaws.com`); a service role is a role."""
        return cls(kind=Kind.SERVICE, arn=name)

    @classmethod
    def federated(cls, provider: str) -> "Principal":
        """Somebody whom an identity provider vouches for, before they take a role."""
        return cls(kind=Kind.FEDERATED, arn=provider)

    @classmethod
    def anonymous(cls) -> "Principal":
        """Somebody without credentials."""
        return cls(kind=Kind.ANONYMOUS)

    @property
    def has_identity(self) -> bool:
        """Whether identity policies speak about it."""
        return self.kind in (Kind.ROLE, Kind.USER, Kind.ROOT)

    @property
    def account(self) -> str | None:
        """Its account; a service and nobody have none."""
        return self.arn.split(":")[4] if self.has_identity else None

    @property
    def session_arn(self) -> str:
        """The ARN of the role's session, which leaves out the role's path."""
        _, partition, _, _, account, name = self.arn.split(":", 5)
        return f"arn:{partition}:sts::{account}:assumed-role/{name.rpartition('/')[2]}/{self.session}"

    def context(self) -> dict[str, Value | None]:
        """The condition keys that AWS fills in for it."""
        keys: dict[str, Value | None] = {
            "aws:PrincipalArn": self.arn if self.has_identity else None,
            "aws:PrincipalAccount": self.account,
            "aws:PrincipalType": None if self.kind in (Kind.SERVICE, Kind.FEDERATED) else self.kind.value,
            # Requests without credentials carry neither of the next two.
            "aws:PrincipalIsAWSService": None if self.kind is Kind.ANONYMOUS else _flag(self.kind is Kind.SERVICE),
            "aws:ViaAWSService": None if self.kind is Kind.ANONYMOUS else "false",
            "aws:PrincipalServiceName": self.arn if self.kind is Kind.SERVICE else None,
            "aws:username": self.arn.rpartition("/")[2] if self.kind is Kind.USER else None,
        }
        return keys


def strength(named: Named, principal: Principal) -> Strength | Unknown | None:
    """How a principal of a statement means somebody: not at all (None), or nobody can say (`UNKNOWN`)."""
    if isinstance(named.kind, Unknown) or isinstance(named.value, Unknown):
        return Unknown.VALUE
    if named.kind != "AWS":
        kinds = {"Service": Kind.SERVICE, "Federated": Kind.FEDERATED}
        return Strength.DIRECT if (kinds.get(named.kind), named.value) == (principal.kind, principal.arn) else None
    if named.value == "*":
        return Strength.DIRECT
    if not principal.has_identity:
        return None
    if principal.kind is Kind.ROLE:
        if named.value == principal.session_arn:
            return Strength.DIRECT
        if named.value == principal.arn:
            return Strength.ROLE
    elif named.value == principal.arn:
        return Strength.DIRECT
    if _account(named.value) != principal.account:
        return None
    return Strength.DIRECT if principal.kind is Kind.ROOT else Strength.ACCOUNT


def _account(value: str) -> str | None:
    """The account that a principal stands for as a whole: `111122223333` or its root's ARN."""
    parts = value.split(":")
    return parts[4] if len(parts) > 4 and parts[5:] == ["root"] else value if value.isdigit() else None  # noqa: PLR2004


def _flag(value: bool) -> Text:
    return str(value).lower()
