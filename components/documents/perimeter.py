"""The perimeter: one shape for every resource policy that asks through which VPC endpoint a request came.

Deny unless the request came through a known endpoint, sparing named roles and AWS services that act for the caller. The operators of one
Condition are ANDed, so each exemption narrows the Deny; two statements would make each absolute (security-rules.md part 3, items 1-6).
"""

from collections.abc import Mapping, Sequence

from components.documents import Conditions, Statement, deny
from components.environment import Environment
from components.names import Role

OBJECT_ACTIONS: tuple[str, ...] = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionTagging",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:RestoreObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
)
"""What may be done with an object."""

LIST_ACTIONS: tuple[str, ...] = ("s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketAcl")
"""What the deployer's refresh reads of a bucket (ListBucket is HeadBucket): spared for it everywhere."""

DATA_ACTIONS: tuple[str, ...] = (*OBJECT_ACTIONS, *LIST_ACTIONS, "s3:ListBucketMultipartUploads")
"""The text's actions less PutBucketAcl, plus deletes, versions, tags and multipart uploads.

Never `s3:*`: a Deny on Get-, Put- and DeleteBucketPolicy locks the deployer out (security-rules.md part 3, "Lockouts seen in the wild").
"""

NO_SERVICE = {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}
"""Conditions for `BoolIfExists` that hold when no AWS service acts, neither for the caller nor by itself.

IfExists because anonymous requests carry neither key: with plain Bool they would pass a Deny (part 3, item 4).
"""


def outside(environment: Environment, endpoints: Sequence[str], spared: Sequence[str]) -> Conditions:
    """Conditions under which a request comes from outside the perimeter.

    A negated operator matches a missing key too: a request through no endpoint at all is outside.

    Args:
        environment: The environment; by organisation, every VPC endpoint in it counts and `endpoints` is not used.
        endpoints: Ids of the endpoints of the environment's accounts.
        spared: ARN patterns of roles that may come from elsewhere.
    """
    known: Mapping[str, str | list[str]] = (
        {"aws:VpceOrgID": environment.organization} if environment.organization else {"aws:SourceVpce": list(endpoints)}
    )
    conditions: dict[str, Mapping[str, str | list[str]]] = {"StringNotEquals": known, "BoolIfExists": NO_SERVICE}
    if spared:
        conditions["ArnNotLike"] = {"aws:PrincipalArn": list(spared)}
    return conditions


def spared_roles(environment: Environment, account: str, *roles: Role) -> list[str]:
    """ARNs of spared roles of an account, and the break-glass roles, which are spared everywhere."""
    return [*(environment.names.role_arn(role, account) for role in roles), *environment.break_glass]


def hold(
    sid: str,
    arn: str,
    role: str,
    *,
    to: Mapping[str, Sequence[str]] | None = None,
    within_bucket: Sequence[str] = (),
) -> list[Statement]:
    """Statements that hold a spared role to what it is spared for; absolute, so the endpoint list need not be repeated.

    Args:
        sid: Start of the statements' ids.
        arn: The bucket's ARN.
        role: The role's ARN.
        to: Prefix (`seed/*`, or `*` for all objects) -> the object actions that it is spared for there; all prefixes share the union.
        within_bucket: The bucket-level actions that it is spared for.
    """
    allowed = {action for actions in (to or {}).values() for action in actions}
    conditions: Conditions = {"ArnLike": {"aws:PrincipalArn": role}, "BoolIfExists": NO_SERVICE}
    refused = [action for action in DATA_ACTIONS if action not in allowed and action not in within_bucket]
    statements = [deny(f"{sid}Actions", refused, [arn, f"{arn}/*"], principal="*", when=conditions)]
    prefixes = [f"{arn}/{prefix}" for prefix in to or {}]
    if allowed and f"{arn}/*" not in prefixes:
        statements.append(
            {
                "Sid": f"{sid}Prefix",
                "Effect": "Deny",
                "Principal": "*",
                "Action": sorted(allowed) if len(allowed) > 1 else next(iter(allowed)),
                # Everything but the prefixes: a Deny with NotResource only ever takes away.
                "NotResource": prefixes if len(prefixes) > 1 else prefixes[0],
                "Condition": conditions,
            }
        )
    return statements
