"""A key policy that locks its account out is refused, with its conditions taken into account."""

import json

import pytest

from sandbox.policies import keeps_administration
from sandbox.refusal import Refusal

ROOT = "arn:aws:iam::111122223333:root"
DEPLOYER = "arn:aws:iam::111122223333:role/Deployer"
ADMINISTRATION = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
VPC_ONLY = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}


def kept(*statements: object) -> bool:
    return keeps_administration(json.dumps({"Version": "2012-10-17", "Statement": statements}), ROOT, DEPLOYER)


def deny(action: str, **elements: object) -> dict[str, object]:
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*", **elements}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([ADMINISTRATION], True),
        ([ADMINISTRATION, deny("kms:Decrypt", Condition=VPC_ONLY)], True),
        ([ADMINISTRATION, deny("kms:*")], False),
        ([ADMINISTRATION, deny("kms:*", Condition=VPC_ONLY)], False),
        ([ADMINISTRATION, deny("kms:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})], True),
        ([{**ADMINISTRATION, "Action": "kms:Decrypt"}], False),
        ([{**ADMINISTRATION, "Principal": {"AWS": DEPLOYER}}], True),
        ([{**ADMINISTRATION, "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333"}}}], True),
        ([{**ADMINISTRATION, "Condition": {"StringEquals": {"kms:CallerAccount": "444455556666"}}}], False),
    ],
)
def test_lockouts(statements: list[object], expected: bool) -> None:
    assert kept(*statements) is expected


def test_without_a_deployer_the_root_counts() -> None:
    for statement, expected in ((ADMINISTRATION, True), ({**ADMINISTRATION, "Principal": {"AWS": DEPLOYER}}, False)):
        assert keeps_administration(json.dumps({"Statement": statement}), ROOT, "") is expected


def test_what_kms_does_not_read_it_refuses() -> None:
    with pytest.raises(Refusal, match="no condition operator"):
        kept({**ADMINISTRATION, "Condition": {"StringIs": {"aws:PrincipalTag/a": "b"}}})
