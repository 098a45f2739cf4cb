import pytest

from policy.model import UNKNOWN
from policy.rules.kms import KEY
from tests.policy.cases import Case, resource, verify

CASES: dict[tuple[str, str], Case] = {
    ("KMS-01", "violating"): Case(
        resources=(resource(KEY, {"enableKeyRotation": False}),), violated=("thing",), says="rotation"
    ),
    ("KMS-01", "violating: not set"): Case(resources=(resource(KEY, {}),), violated=("thing",), says="rotation"),
    ("KMS-01", "passing"): Case(resources=(resource(KEY, {"enableKeyRotation": True}),)),
    ("KMS-01", "not applicable"): Case(resources=(resource(KEY, {"customerMasterKeySpec": "RSA_2048"}),)),
    ("KMS-01", "unknown"): Case(
        resources=(resource(KEY, {"enableKeyRotation": UNKNOWN}),), undecided=("enableKeyRotation",)
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
