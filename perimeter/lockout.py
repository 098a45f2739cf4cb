"""Whether a policy locks its own administrators out, asked before anybody attaches it.

The request asked about comes from outside any VPC and in nobody's name but the administrator's. What else it carries (tags, addresses, MFA) is
not known here: a policy that hangs on it is undecided, never guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from perimeter.documents import Document, Statement, parse
from perimeter.evaluate import Decision, Policies, Reason, Request, evaluate
from perimeter.patterns import Value
from perimeter.principals import Principal
from perimeter.verdict import UNKNOWN, Text

OUTSIDE: Mapping[str, Value | None] = dict.fromkeys(
    (
        "aws:CalledVia",
        "aws:CalledViaFirst",
        "aws:CalledViaLast",
        "aws:PrincipalServiceNamesList",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceVpc",
        "aws:SourceVpcArn",
        "aws:SourceVpce",
        "aws:VpcSourceIp",
        "aws:VpceAccount",
        "aws:VpceOrgID",
        "aws:VpceOrgPaths",
        "kms:ViaService",
    )
)
"""Keys that a request does not carry when it comes from outside any VPC, straight from its caller."""

BUCKET_ADMINISTRATION = (
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:GetBucketPolicy",
    "s3:GetBucketAcl",
    "s3:ListBucket",
)
"""What a deployer needs of every bucket: ListBucket is HeadBucket, without which a refresh takes the bucket for gone."""

# The administrator's own policies are taken to allow everything: the question is what the resource's policy leaves of it.
_ADMINISTRATOR = parse({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


@dataclass(frozen=True, kw_only=True)
class Lockout:
    """An action that administrators lose, or may lose.

    Attributes:
        action: The action.
        certain: Whether they lose it; else it hangs on a part that is not known.
        statement: The statement that takes it away, or that it hangs on; None: nothing allows it.
        document: That statement's document.
    """

    action: str
    certain: bool
    statement: Statement | None
    document: str

    def __str__(self) -> str:
        by = (
            f"{self.document}, {self.statement.label}"
            if self.statement
            else f"{self.document} allows it to none of them"
        )
        return f"{self.action} is {'lost' if self.certain else 'undecided'} ({by})"


def key_lockout(
    document: Document,
    *,
    root: str,
    administrators: Sequence[str] = (),
    key: Text = UNKNOWN,
    context: Mapping[str, Value | None] | None = None,
) -> Lockout | None:
    """KMS's lockout safety check: whether nobody keeps `kms:PutKeyPolicy`.

    Args:
        document: The key policy.
        root: ARN of the root of the key's account.
        administrators: ARNs of the account's roles that administer the key; one that keeps the action is enough.
        key: The key's ARN, when it has one.
        context: Condition keys that such a request is known to carry, or not to (None).

    Returns:
        None when somebody keeps it.
    """
    action = "kms:PutKeyPolicy"
    given = {"kms:BypassPolicyLockoutSafetyCheck": "false", **(context or {})}
    principals = [Principal.root(root), *map(Principal.role, administrators)]
    decisions = [_ask(document, principal, action, key, _account(root), given) for principal in principals]
    if any(decision.allowed for decision in decisions):
        return None
    undecided = next((decision for decision in decisions if decision.allowed is None), None)
    refused = next((decision for decision in decisions if decision.statement), decisions[0])
    return _lockout(action, undecided or refused, document)


def bucket_lockout(
    document: Document,
    *,
    bucket: str,
    deployer: str,
    actions: Sequence[str] = BUCKET_ADMINISTRATION,
    context: Mapping[str, Value | None] | None = None,
) -> tuple[Lockout, ...]:
    """The actions on a bucket that a Deny of its policy takes from the deployer.

    Args:
        document: The bucket policy.
        bucket: The bucket's ARN.
        deployer: ARN of the role that deploys, in the bucket's account.
        actions: The actions that it needs.
        context: Condition keys that its requests are known to carry, or not to (None).
    """
    principal = Principal.role(deployer)
    decisions = {
        action: _ask(document, principal, action, bucket, _account(deployer), context or {}) for action in actions
    }
    return tuple(_lockout(action, found, document) for action, found in decisions.items() if not found.allowed)


def _ask(
    document: Document,
    principal: Principal,
    action: str,
    resource: Text,
    account: str,
    context: Mapping[str, Value | None],
) -> Decision:
    request = Request(
        principal=principal,
        action=action,
        resource=resource,
        account=account,
        context={**OUTSIDE, **context},
        complete=False,
    )
    return evaluate(request, Policies(identity=[_ADMINISTRATOR], resource=document))


def _lockout(action: str, decision: Decision, document: Document) -> Lockout:
    return Lockout(
        action=action,
        certain=decision.reason is not Reason.UNKNOWN,
        statement=decision.statement,
        document=document.name,
    )


def _account(arn: str) -> str:
    return arn.split(":")[4]
