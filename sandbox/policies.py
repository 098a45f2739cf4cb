"""What AWS checks of a policy document when it is attached: form, size, principals, actions, resources."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from perimeter.conditions import is_operator
from perimeter.documents import DocumentError, parse
from perimeter.lockout import key_lockout
from sandbox.refusal import Refusal
from sandbox.world import World

Statement = Mapping[str, Any]
ROLE = "aws:iam/role:Role"
VERSIONS = ("2008-10-17", "2012-10-17")


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
PACKAGES = Place(
    what="CodeArtifact policy",
    limit=7_168,
    malformed="ValidationException",
    too_large="ValidationException",
    principal=True,
)
TOPIC = Place(
    what="topic policy",
    limit=30_720,
    malformed="InvalidParameter",
    too_large="InvalidParameter",
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
    version = cast("dict[str, object]", parsed).get("Version", VERSIONS[0])
    if version not in VERSIONS:
        raise Refusal(place.malformed, f"The policy must contain a valid version string, not {version}")
    for statement in statements:
        _check_statement(world, statement, place)
    names = [str(statement["Sid"]) for statement in statements if statement.get("Sid")]
    if len(set(names)) < len(names):
        raise Refusal(place.malformed, "Statement IDs (SID) in a single policy must be unique.")
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


def _check_statement(world: World, statement: Statement, place: Place) -> None:
    _check_elements(statement, place)
    named = any(key in statement for key in ("Principal", "NotPrincipal"))
    if place.principal and not named:
        raise Refusal(place.malformed, "Missing required field Principal")
    if not place.principal and named:
        raise Refusal(place.malformed, "Policy document should not specify a principal.")
    if place.what not in (TRUST.what, KEY.what) and not any(key in statement for key in ("Resource", "NotResource")):
        raise Refusal(place.malformed, "Policy statement must contain resources.")
    if place.service:
        _check_actions(statement, place)
    for principal in (*principals(statement, "AWS"), *principals({"Principal": statement.get("NotPrincipal")}, "AWS")):
        if not _exists(world, principal):
            raise Refusal(place.malformed, f'Invalid principal in policy: "AWS":"{principal}"')
    for principal in principals(statement, "Service"):
        if not _SERVICE.fullmatch(principal):
            raise Refusal(place.malformed, f'Invalid principal in policy: "SERVICE":"{principal}"')


_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com(\.cn)?|[a-z0-9-]+\.amazon\.com")
_ELEMENTS = frozenset(
    ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
)


def _check_elements(statement: Statement, place: Place) -> None:
    """The grammar of a statement ("Grammar of the IAM JSON policy language")."""
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Refusal(place.malformed, "Statement must have Effect Allow or Deny")
    if not statement.get("Action") and not statement.get("NotAction"):
        raise Refusal(place.malformed, "Policy statement must contain actions.")
    unknown = sorted(set(statement) - _ELEMENTS)
    if unknown:
        raise Refusal(place.malformed, f"Syntax errors in policy: unknown element {', '.join(unknown)}")
    for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
        if one in statement and other in statement:
            raise Refusal(place.malformed, f"Syntax errors in policy: {one} and {other} in one statement")
    if place.what == TRUST.what and {"Resource", "NotResource"} & set(statement):
        raise Refusal(place.malformed, "Has prohibited field Resource")
    if not place.white_space:  # IAM's own documents; other services take any text
        _check_identity(statement, place)
    condition: Mapping[str, object] = statement.get("Condition") or {}
    for operator in condition:
        if not is_operator(operator):
            raise Refusal(place.malformed, f"Invalid Condition type : {operator}")


def _check_identity(statement: Statement, place: Place) -> None:
    if not re.fullmatch(r"[A-Za-z0-9]*", str(statement.get("Sid", ""))):
        raise Refusal(place.malformed, "Statement IDs (SID) must be alpha-numeric.")
    for action in as_list(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and not re.fullmatch(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", action):
            raise Refusal(
                place.malformed, f"Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2: {action}"
            )
    for resource in resources(statement):
        if resource != "*" and not resource.startswith("arn:"):
            raise Refusal(place.malformed, f'Resource {resource} must be in ARN format or "*".')


def _check_actions(statement: Statement, place: Place) -> None:
    for action in as_list(statement.get("Action", statement.get("NotAction"))):
        if action != "*" and action.partition(":")[0] != place.service:
            raise Refusal(place.malformed, f"Policy has invalid action: {action}")


_PRINCIPAL = re.compile(r"arn:[a-z-]+:(?:iam::(\d{12}):(root|role/.+|user/.+)|sts::(\d{12}):assumed-role/([^/]+)/.+)")


def _exists(world: World, principal: str) -> bool:
    """Whether a principal of a document exists; AWS takes accounts without asking, but roles and users must be there."""
    if principal == "*" or re.fullmatch(r"\d{12}", principal):
        return True
    found = _PRINCIPAL.fullmatch(principal)
    if not found:
        return False
    if found[3]:
        return world.find(found[3], "", ROLE, found[4]) is not None
    account, what = found[1], found[2]
    if what == "root":
        return True
    kind = ROLE if what.startswith("role/") else "aws:iam/user:User"
    thing = world.find(account, "", kind, what.rpartition("/")[2])
    return thing is not None and thing.outputs.get("arn", principal) == principal


def resources(statement: Statement) -> Iterator[str]:
    """The resources that a statement names."""
    yield from as_list(statement.get("Resource", statement.get("NotResource", [])))
