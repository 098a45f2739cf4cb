"""Rules for KMS keys and their policies."""

from collections.abc import Iterator

from policy.context import Context
from policy.model import Resource
from policy.rule import Finding, ResourceRule, Rule, Severity

KEY = "aws:kms/key:Key"


def _rotation(key: Resource, _: Context) -> Iterator[Finding]:
    if key.get("customerMasterKeySpec") not in (None, "SYMMETRIC_DEFAULT"):
        return  # KMS rotates symmetric keys only
    if key.get("enableKeyRotation") is not True:
        yield Finding(message="rotation is off", resource=key)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="KMS-01",
        name="rotation",
        title="A symmetric key rotates.",
        severity=Severity.MEDIUM,
        frameworks={"Security Hub": ("KMS.4",), "CIS AWS 6.0": ("4.6",), "checkov": ("CKV_AWS_7",)},
        remediation="Set enable_key_rotation=True.",
        types=(KEY,),
        check=_rotation,
    ),
)
