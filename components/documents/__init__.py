"""Policy documents: pure functions of plain values that return dicts, and the few words they are written in.

Resources render them with `render`, which refuses a document over its service's limit: AWS would refuse it at `up`, and no preview shows it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | list[str]]]

VERSION = "2012-10-17"


@dataclass(frozen=True, kw_only=True)
class SizeLimit:
    """How large a document may be, and how the service counts.

    IAM does not count white space; the other services count the bytes they are sent, which are the same since `render` writes none.
    Sources: "IAM and AWS STS quotas", "Bucket policies", "Key policies", "VPC endpoint policies", "EventBridge quotas",
    "CloudWatch Logs quotas", SageMaker API `PutModelPackageGroupPolicy`, CodeArtifact API `PutDomainPermissionsPolicy`,
    "Amazon SNS endpoints and quotas".
    """

    what: str
    maximum: int


BUCKET_POLICY = SizeLimit(what="bucket policy", maximum=20_480)
ENDPOINT_POLICY = SizeLimit(what="endpoint policy", maximum=20_480)
REGISTRY_POLICY = SizeLimit(what="model package group policy", maximum=20_480)
KEY_POLICY = SizeLimit(what="key policy", maximum=32_768)
EVENT_BUS_POLICY = SizeLimit(what="event bus policy", maximum=10_240)
MANAGED_POLICY = SizeLimit(what="managed policy", maximum=6_144)
INLINE_POLICY = SizeLimit(what="inline policies", maximum=10_240)
TRUST_POLICY = SizeLimit(what="trust policy", maximum=2_048)
TOPIC_POLICY = SizeLimit(what="topic policy", maximum=30_720)
PACKAGES_POLICY = SizeLimit(what="package policy", maximum=7_168)
LOG_RESOURCE_POLICY = SizeLimit(what="log resource policy", maximum=5_120)
PARAMETER = SizeLimit(what="standard SSM parameter", maximum=4_096)


class DocumentTooLargeError(ValueError):
    """A document exceeds its service's limit."""


def document(*statements: Statement) -> Document:
    """A policy document."""
    return {"Version": VERSION, "Statement": list(statements)}


def allow(
    sid: str,
    actions: str | Sequence[str],
    resources: str | Sequence[str] | None = None,
    *,
    principal: Mapping[str, str | list[str]] | str | None = None,
    when: Conditions | None = None,
) -> Statement:
    """An Allow statement; see `statement`."""
    return statement("Allow", sid, actions, resources, principal=principal, when=when)


def deny(
    sid: str,
    actions: str | Sequence[str],
    resources: str | Sequence[str] | None = None,
    *,
    principal: Mapping[str, str | list[str]] | str | None = None,
    when: Conditions | None = None,
) -> Statement:
    """A Deny statement; see `statement`."""
    return statement("Deny", sid, actions, resources, principal=principal, when=when)


def statement(
    effect: str,
    sid: str,
    actions: str | Sequence[str],
    resources: str | Sequence[str] | None = None,
    *,
    principal: Mapping[str, str | list[str]] | str | None = None,
    when: Conditions | None = None,
) -> Statement:
    """One statement, its parts in AWS's usual order; lists of one become plain text, which every service accepts and which is shorter."""
    built: Statement = {"Sid": sid, "Effect": effect}
    if principal is not None:
        built["Principal"] = principal
    built["Action"] = _short(actions)
    if resources is not None:
        built["Resource"] = _short(resources)
    if when:
        built["Condition"] = {
            operator: {key: _short(value) for key, value in keys.items()} for operator, keys in when.items()
        }
    return built


def service(*names: str) -> dict[str, str | list[str]]:
    """Service principals (`sagemaker` -> `sagemaker.amazonaws.com`)."""
    return {"Service": _short([f"{name}.amazonaws.com" for name in names])}


def aws(principals: str | Iterable[str]) -> dict[str, str | list[str]]:
    """AWS principals: 12-digit ids, which AWS reads as the account, or ARNs."""
    return {"AWS": _short(principals if isinstance(principals, str) else list(principals))}


def dumps(value: Document) -> str:
    """A document as the shortest JSON."""
    return json.dumps(value, separators=(",", ":"))


def render(value: Document, limit: SizeLimit, name: str) -> str:
    """A document as JSON.

    Args:
        value: The document.
        limit: The limit of the place it goes to.
        name: Whose document it is, for the message.

    Raises:
        DocumentTooLargeError: It exceeds the limit.
    """
    text = dumps(value)
    if len(text.encode()) > limit.maximum:
        raise DocumentTooLargeError(f"the {limit.what} of {name} has {len(text.encode())} bytes of {limit.maximum}")
    return text


def _short(values: str | Sequence[str]) -> str | list[str]:
    if isinstance(values, str):
        return values
    return values[0] if len(values) == 1 else list(values)
