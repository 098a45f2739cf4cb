"""What AWS checks of a policy document when it is attached: form, size, principals, actions, resources."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from perimeter.documents import DocumentError, parse
from perimeter.lockout import key_lockout
from sandbox.refusal import Refusal
from sandbox.world import World

Statement = Mapping[str, Any]
ROLE = "aws:iam/role:Role"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a document is attached: its limit, the error that AWS answers with, and whether it names principals.

    Sizes: "IAM and AWS STS quotas", "Bucket policies and user policies", "KMS resource quotas", "VPC endpoint quotas", "EventBridge quotas",
    "CloudWatch Logs quotas".
    """

    what: str
    limit: int
    malformed: str
    too_large: str
    principal: bool
    white_space: bool = True
    service: str | None = None


TRUST = Place(
    what="trust policy",
    limit=2_048,
    malformed="MalformedPolicyDocument",
    too_large="LimitExceeded",
    principal=True,
    white_space=False,
)
MANAGED = Place(
    what="managed policy",
    limit=6_144,
    malformed="MalformedPolicyDocument",
    too_large="LimitExceeded",
    principal=False,
    white_space=False,
)
INLINE = Place(
    what="inline policies",
    limit=10_240,
    malformed="MalformedPolicyDocument",
    too_large="LimitExceeded",
    principal=False,
    white_space=False,
)
BUCKET = Place(
    what="bucket policy",
    limit=20_480,
    malformed="MalformedPolicy",
    too_large="PolicyTooLarge",
    principal=True,
    service="s3",
)
KEY = Place(
    what="key policy",
    limit=32_768,
    malformed="MalformedPolicyDocumentException",
    too_large="LimitExceededException",
    principal=True,
    service="kms",
)
ENDPOINT = Place(
    what="endpoint policy",
    limit=20_480,
    malformed="InvalidPolicyDocument",
    too_large="InvalidPolicyDocument",
    principal=True,
)
EVENT_BUS = Place(
    what="event bus policy",
    limit=10_240,
    malformed="ValidationException",
    too_large="PolicyLengthExceededException",
    principal=True,
)
LOGS = Place(
    what="log resource policy",
    limit=5_120,
    malformed="InvalidParameterException",
    too_large="LimitExceededException",
    principal=True,
)


def size(text: str, place: Place) -> int:
    """How long AWS counts a document: IAM leaves white space out."""
    return len(text.encode() if place.white_space else re.sub(r"\s", "", text).encode())


def check(world: World, text: str, place: Place) -> list[Statement]:
    """The statements of a document.

    Raises:
        Refusal: AWS would not take it.
    """
    if size(text, place) > place.limit:
        raise Refusal(
            place.too_large, f"Cannot exceed quota for {place.what}: {place.limit} (it has {size(text, place)})"
        )
    try:
        parsed = cast("object", json.loads(text))
    except ValueError as error:
        raise Refusal(place.malformed, f"Policy has invalid JSON: {error}") from None
    found = cast("dict[str, object]", parsed).get("Statement") if isinstance(parsed, dict) else None
    statements = cast("list[Statement]", [found] if isinstance(found, dict) else found or [])
    if not statements:
        raise Refusal(place.malformed, "Missing required field Statement")
    for statement in statements:
        _check_statement(world, statement, place)
    return statements


def as_list(value: object) -> list[str]:
    """A policy element, which may be one value or a list."""
    return [str(item) for item in cast("list[object]", value)] if isinstance(value, list) else [str(value)]


def principals(statement: Statement, kind: str) -> list[str]:
    """The principals of a kind (`AWS`, `Service`, `Federated`) that a statement names; `*` counts as AWS."""
    principal: object = statement.get("Principal")
    if principal == "*":
        return ["*"] if kind == "AWS" else []
    return (
        as_list(cast("dict[str, object]", principal)[kind]) if isinstance(principal, dict) and kind in principal else []
    )


def trusts(text: str, service: str) -> bool:
    """Whether a trust policy lets a service (`sagemaker.amazonaws.com`) take the role."""
    found: object = json.loads(text)["Statement"]
    statements = cast("list[Statement]", found if isinstance(found, list) else [found])
    return any(
        statement["Effect"] == "Allow" and service in principals(statement, "Service") for statement in statements
    )


def keeps_administration(text: str, root: str, deployer: str) -> bool:
    """Whether the account's root or the deployer can still change a key policy: KMS's lockout safety check.

    A deployer without a role (empty) has the account's own rights. A policy that hangs on what the sandbox does not know of a request (tags, MFA) is taken: only a certain lockout is refused.

    Raises:
        Refusal: AWS would not take the document.
    """
    try:
        lockout = key_lockout(parse(text, KEY.what), root=root, administrators=[deployer] if deployer else [])
    except DocumentError as error:
        raise Refusal(KEY.malformed, str(error)) from None
    return lockout is None or not lockout.certain


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern means an action; case does not matter."""
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def _check_statement(world: World, statement: Statement, place: Place) -> None:
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Refusal(place.malformed, "Statement must have Effect Allow or Deny")
    if not any(key in statement for key in ("Action", "NotAction")):
        raise Refusal(place.malformed, "Policy statement must contain actions.")
    named = any(key in statement for key in ("Principal", "NotPrincipal"))
    if place.principal and not named:
        raise Refusal(place.malformed, "Missing required field Principal")
    if not place.principal and named:
        raise Refusal(place.malformed, "Policy document should not specify a principal.")
    if place.what not in (TRUST.what, KEY.what) and not any(key in statement for key in ("Resource", "NotResource")):
        raise Refusal(place.malformed, "Policy statement must contain resources.")
    if place.service:
        _check_actions(statement, place)
    for principal in principals(statement, "AWS"):
        if not _exists(world, principal):
            raise Refusal(place.malformed, f'Invalid principal in policy: "AWS":"{principal}"')


def _check_actions(statement: Statement, place: Place) -> None:
    for action in as_list(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and action.partition(":")[0] != place.service:
            raise Refusal(place.malformed, f"Policy has invalid action: {action}")


_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(root|role/(.+)|user/(.+)|oidc-provider/.+|saml-provider/.+)")


def _exists(world: World, principal: str) -> bool:
    """Whether a principal of a document exists; AWS takes accounts without asking, but roles and users must be there."""
    if principal == "*" or re.fullmatch(r"\d{12}", principal):
        return True
    found = _PRINCIPAL.fullmatch(principal)
    if not found:
        return False
    account, what = found[1], found[2]
    if what == "root":
        return True
    kind = ROLE if what.startswith("role/") else "aws:iam/user:User"
    return world.find(account, "", kind, what.rpartition("/")[2]) is not None


def resources(statement: Statement) -> Iterator[str]:
    """The resources that a statement names."""
    yield from as_list(statement.get("Resource", statement.get("NotResource", [])))
