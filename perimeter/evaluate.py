"""The decision on one request, as AWS takes it from all policies together.

Sources: IAM user guide, "Policy evaluation logic", "Evaluating policies within a single account", "Cross-account policy evaluation logic",
"Permissions boundaries"; KMS developer guide, "Default key policy".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from perimeter.conditions import holds
from perimeter.documents import Document, Named, Statement
from perimeter.patterns import Context, Value, matches_action, matches_resource
from perimeter.principals import Kind, Principal, Strength, strength
from perimeter.verdict import UNKNOWN, Text, Verdict, every, negate, some


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request.

    Attributes:
        principal: Who asks.
        action: What for (`s3:GetObject`).
        resource: The resource's ARN; `*` for an action that has none.
        account: The account that owns the resource.
        context: Condition keys that the request carries; None: it does not carry a key that AWS else fills in.
        complete: Whether a key that is neither in `context` nor filled in is absent; else nobody can say.
    """

    principal: Principal
    action: str
    resource: Text
    account: str
    context: Mapping[str, Value | None] = field(default_factory=dict[str, "Value | None"])
    complete: bool = True

    def keys(self) -> Context:
        """All condition keys; TLS is taken for granted unless the context says otherwise."""
        filled: dict[str, Value | None] = {
            **self.principal.context(),
            "aws:ResourceAccount": self.account,
            "aws:SecureTransport": "true",
        }
        if self.action.lower().startswith("kms:"):
            filled["kms:CallerAccount"] = self.principal.account
        if self.action.lower().startswith("s3:"):
            # AWS takes nothing older from anybody ("TLS 1.2 to become the minimum", AWS security blog).
            filled |= {"s3:ResourceAccount": self.account, "s3:TlsVersion": "1.2"}
        return Context({**filled, **self.context}, complete=self.complete)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """All policies that have a say in a request.

    Attributes:
        identity: The principal's identity policies.
        boundary: Its permissions boundary.
        session: The session policy of the role's session.
        resource: The resource's policy; a role's is its trust.
        endpoint: The policy of the VPC endpoint, heard when the request came through one (`aws:SourceVpce`).
        service_control: Service control policies, one tuple for each level from the organisation's root to the account.
        resource_control: Resource control policies of the resource's account; only their denies matter.
    """

    identity: Sequence[Document] = ()
    boundary: Document | None = None
    session: Document | None = None
    resource: Document | None = None
    endpoint: Document | None = None
    service_control: Sequence[Sequence[Document]] = ()
    resource_control: Sequence[Document] = ()


class Reason(StrEnum):
    """Why a request was decided as it was."""

    EXPLICIT_DENY = "a statement denies it"
    IDENTITY = "no identity policy allows it"
    BOUNDARY = "the permissions boundary does not allow it"
    SESSION = "the session policy does not allow it"
    RESOURCE = "the resource's policy does not allow it"
    DELEGATION = "the resource's policy neither allows it nor hands it to the account's identity policies"
    ENDPOINT = "the VPC endpoint's policy does not allow it"
    SERVICE_CONTROL = "a level of service control policies does not allow it"
    ALLOWED = "a statement allows it"
    ROOT = "the account's root user may"
    UNKNOWN = "it hangs on a part that is not known"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What AWS decides, and by which statement.

    Attributes:
        allowed: Whether the request is allowed; None: it hangs on an unknown part, of which `statement` is one.
        reason: Why.
        document: The deciding statement's document; empty when the absence of a statement decided.
        statement: The deciding statement.
    """

    allowed: Verdict
    reason: Reason
    document: str = ""
    statement: Statement | None = None

    def __str__(self) -> str:
        answer = {True: "allowed", False: "denied", None: "undecided"}[self.allowed]
        where = f" ({self.document}, {self.statement.label})" if self.statement else ""
        return f"{answer}: {self.reason}{where}"


def evaluate(request: Request, policies: Policies) -> Decision:
    """Decide a request.

    An explicit Deny anywhere wins. Then every layer that limits (organisation, endpoint) must allow, and so must whoever grants: within an account the
    identity policies or the resource's policy, across accounts both.
    """
    asked = _Asked(request, request.keys())
    denied = _best(_denies(asked, policies), otherwise=Reason.ALLOWED)
    if denied.allowed:
        return Decision(
            allowed=False, reason=Reason.EXPLICIT_DENY, document=denied.document, statement=denied.statement
        )
    granted = _all([_grant(asked, policies), *_limits(asked, policies)])
    return denied if granted.allowed and denied.allowed is None else granted


def applies(statement: Statement, request: Request, *, boundary: bool = False) -> Verdict:
    """Whether a statement is about a request, its effect aside.

    Args:
        statement: The statement.
        request: The request.
        boundary: Whether the principal has a permissions boundary: a Deny with `NotPrincipal` then hits it always.
    """
    return _applies(statement, _Asked(request, request.keys()), boundary=boundary)


@dataclass(frozen=True)
class _Asked:
    """A request with its condition keys looked up once."""

    request: Request
    keys: Context


def _applies(statement: Statement, asked: _Asked, *, boundary: bool = False) -> Verdict:
    action, resource, keys = asked.request.action, asked.request.resource, asked.keys

    def in_actions(patterns: tuple[Text, ...]) -> Verdict:
        return some(matches_action(pattern, action) for pattern in patterns)

    def in_resources(patterns: tuple[Text, ...]) -> Verdict:
        return some(matches_resource(pattern, resource, keys, variables=statement.variables) for pattern in patterns)

    def parts() -> Iterator[Verdict]:
        if statement.actions is not None:
            yield in_actions(statement.actions)
        if statement.not_actions is not None:
            yield negate(in_actions(statement.not_actions))
        if statement.resources is not None:
            yield in_resources(statement.resources)
        if statement.not_resources is not None:
            yield negate(in_resources(statement.not_resources))
        yield _about(statement, asked.request.principal, boundary=boundary)
        for condition in statement.conditions:
            yield holds(condition, keys, variables=statement.variables)

    return every(parts())


def _about(statement: Statement, principal: Principal, *, boundary: bool) -> Verdict:
    if statement.principals is not None:
        return _named(statement.principals, principal)
    if statement.not_principals is not None:
        # Documented: with a boundary the exception does not count.
        always = boundary and statement.effect == "Deny"
        return True if always else negate(_named(statement.not_principals, principal))
    return True


def _named(names: Iterable[Named], principal: Principal, *strengths: Strength) -> Verdict:
    """Whether any of the names means a principal, by one of the strengths (any, when none is given)."""
    found = [strength(named, principal) for named in names]
    return some(None if how is UNKNOWN else how is not None and (not strengths or how in strengths) for how in found)


def _denies(asked: _Asked, policies: Policies) -> Iterator[Decision]:
    """Every Deny that hits, or may."""
    for document in _documents(asked, policies):
        if document is policies.resource and _is_owner_repairing_bucket(asked.request):
            continue
        for statement in document.statements:
            effect = None if statement.effect is UNKNOWN else statement.effect == "Deny"
            verdict = every([effect, _applies(statement, asked, boundary=policies.boundary is not None)])
            yield _decision(verdict, Reason.EXPLICIT_DENY, document, statement)


def _documents(asked: _Asked, policies: Policies) -> Iterator[Document]:
    """The documents that have a say, a principal's own only for one that has an identity."""
    if asked.request.principal.has_identity:
        yield from (document for level in policies.service_control for document in level)
        yield from policies.identity
        yield from (document for document in (policies.boundary, policies.session) if document)
    yield from policies.resource_control
    if policies.endpoint and asked.keys.get("aws:SourceVpce") is not None:
        yield policies.endpoint
    if policies.resource:
        yield policies.resource


def _is_owner_repairing_bucket(request: Request) -> bool:
    """The root user of a bucket's account may always read, write and delete its policy (S3 API reference, `DeleteBucketPolicy`)."""
    return (
        request.principal.kind is Kind.ROOT
        and request.principal.account == request.account
        and request.action.lower() in ("s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy")
    )


def _grant(asked: _Asked, policies: Policies) -> Decision:
    """Who grants the request, denies and limits aside."""
    principal = asked.request.principal
    if not principal.has_identity:
        return _allows([policies.resource], asked, Reason.RESOURCE)
    identity = _identity(asked, policies)
    if principal.account != asked.request.account:
        within = _within(asked, policies)
        return _all([_allows([policies.resource], asked, Reason.RESOURCE), identity, *within])
    by_resource = _allows([policies.resource], asked, Reason.RESOURCE, Strength.DIRECT)
    by_role = _allows([policies.resource], asked, Reason.RESOURCE, Strength.ROLE)
    ways = [by_resource]
    if by_resource.allowed is not True:
        within = _within(asked, policies)
        trusted = [_delegates(asked, policies)] if _needs_delegation(asked.request, policies) else []
        ways += [_all([by_role, *within]), _all([*trusted, identity, *within])]
    return _best(ways, otherwise=ways[-1].reason)


def _identity(asked: _Asked, policies: Policies) -> Decision:
    if asked.request.principal.kind is Kind.ROOT:
        return Decision(allowed=True, reason=Reason.ROOT)
    return _allows(policies.identity, asked, Reason.IDENTITY)


def _within(asked: _Asked, policies: Policies) -> list[Decision]:
    """What a boundary and a session policy leave of an identity's permissions."""
    bounds = [(policies.boundary, Reason.BOUNDARY), (policies.session, Reason.SESSION)]
    return [_allows([document], asked, reason) for document, reason in bounds if document]


def _needs_delegation(request: Request, policies: Policies) -> bool:
    """Whether identity policies count only when the resource's policy says so: keys, and roles that are taken."""
    action = request.action.lower()
    is_key = action.startswith("kms:") and request.resource != "*" and ":alias/" not in str(request.resource)
    return is_key or (action.startswith("sts:assumerole") and policies.resource is not None)


def _delegates(asked: _Asked, policies: Policies) -> Decision:
    return _allows([policies.resource], asked, Reason.DELEGATION, Strength.ACCOUNT)


def _limits(asked: _Asked, policies: Policies) -> Iterator[Decision]:
    """What must allow besides whoever grants."""
    principal = asked.request.principal
    # Service control policies do not bind service-linked roles.
    if principal.has_identity and ":role/aws-service-role/" not in principal.arn:
        for level in policies.service_control:
            yield _allows(level, asked, Reason.SERVICE_CONTROL)
    if policies.endpoint and asked.keys.get("aws:SourceVpce") is not None:
        # In an endpoint's policy an account means its root user, no more.
        yield _allows([policies.endpoint], asked, Reason.ENDPOINT, Strength.DIRECT, Strength.ROLE)


def _allows(documents: Iterable[Document | None], asked: _Asked, reason: Reason, *strengths: Strength) -> Decision:
    """The Allow that hits, or may, and names the principal by one of the strengths; else a denial for the reason."""

    def candidates() -> Iterator[Decision]:
        for document in documents:
            for statement in document.statements if document else ():
                effect = None if statement.effect is UNKNOWN else statement.effect == "Allow"
                parts = [effect, _applies(statement, asked)]
                if strengths and statement.principals is not None:
                    parts.append(_named(statement.principals, asked.request.principal, *strengths))
                if document:
                    yield _decision(every(parts), Reason.ALLOWED, document, statement)

    return _best(candidates(), otherwise=reason)


def _decision(verdict: Verdict, reason: Reason, document: Document, statement: Statement) -> Decision:
    return Decision(
        allowed=verdict,
        reason=Reason.UNKNOWN if verdict is None else reason,
        document=document.name,
        statement=statement,
    )


def _best(decisions: Iterable[Decision], *, otherwise: Reason) -> Decision:
    """The first that holds, else the first that may, else a denial for a reason."""
    undecided: Decision | None = None
    for decision in decisions:
        if decision.allowed:
            return decision
        if decision.allowed is None and undecided is None:
            undecided = decision
    return undecided or Decision(allowed=False, reason=otherwise)


def _all(decisions: Sequence[Decision]) -> Decision:
    """The first that fails, else the first that is undecided, else the first, which granted."""
    for verdict in (False, None):
        for decision in decisions:
            if decision.allowed is verdict:
                return decision
    return next((decision for decision in decisions if decision.statement), decisions[0])
