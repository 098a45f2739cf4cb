"""Cases of the rule for parameters."""

import pytest

from policy.model import UNKNOWN, Resource
from policy.rules.parameters import PARAMETER
from tests.policy.cases import CONTEXT, DEVELOPMENT, REGION, Case, resource, verify

KEY = f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/1234"


def parameter(path: object = "buckets/data", /, name: str = "thing", **inputs: object) -> Resource:
    """A parameter below the environment's path, changed."""
    where = f"/{CONTEXT.prefix}/{path}" if isinstance(path, str) else path
    return resource(PARAMETER, {"name": where, "type": "String", "value": "x", **inputs}, name=name)


CASES = {
    ("SSM-01", "violating"): Case(
        resources=(parameter("db/password"),), violated=("thing",), says="everybody who may read"
    ),
    ("SSM-01", "violating: no key"): Case(
        resources=(parameter("db/password", type="SecureString"),), violated=("thing",), says="names no key"
    ),
    ("SSM-01", "violating: AWS's key"): Case(
        resources=(parameter(type="SecureString", keyId="alias/aws/ssm"),), violated=("thing",), says="AWS's"
    ),
    ("SSM-01", "violating: elsewhere"): Case(
        resources=(resource(PARAMETER, {"name": "/other/x", "type": "String"}),), violated=("thing",), says="not below"
    ),
    ("SSM-01", "passing"): Case(
        resources=(
            parameter(),
            parameter("keys/data", "key"),
            parameter("db/password", "secure", type="SecureString", keyId=KEY),
        )
    ),
    ("SSM-01", "not applicable"): Case(resources=(resource("aws:s3/bucket:Bucket", {"name": "password"}),)),
    ("SSM-01", "unknown"): Case(resources=(parameter(UNKNOWN),), undecided=("name",)),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
