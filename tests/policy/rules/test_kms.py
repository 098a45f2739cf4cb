import json
from collections.abc import Mapping

import pytest

from policy.model import UNKNOWN, Resource
from policy.rules.kms import DOCUMENTS, EXTERNAL_KEY, KEY, KEY_POLICY, REPLICA_KEY, is_key_of_aws
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, REGION, STAGING, Case, resource, verify

ROOT = f"arn:aws:iam::{DEVELOPMENT}:root"
DEPLOYER = CONTEXT.deployer_arn(DEVELOPMENT)
ADMINISTRATION = {
    "Sid": "Administration",
    "Effect": "Allow",
    "Principal": {"AWS": ROOT},
    "Action": ["kms:DescribeKey", "kms:PutKeyPolicy"],
    "Resource": "*",
}
TO_SERVICES = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
OUR_LOGS = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{DEVELOPMENT}:log-group:*"}}


def document(*statements: object) -> object:
    """A policy: text, or an object where a part is not known."""
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    try:
        return json.dumps(value)
    except TypeError:
        return value


def key(*statements: object, name: str = "thing", token: str = KEY) -> Resource:
    """A key with a policy of these statements."""
    return resource(token, {"policy": document(*statements)}, name=name)


def lets(
    name: str = "thing", /, *, action: object = "kms:Decrypt", principal: object = "*", when: object = None
) -> Resource:
    """A key that its account administers, and whose policy lets somebody do something."""
    condition: Mapping[str, object] = {} if when is None else {"Condition": when}
    statement = {
        "Sid": "Use",
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": "*",
        **condition,
    }
    return key(ADMINISTRATION, statement, name=name)


def in_account(*statements: object, **changes: object) -> Resource:
    """A key of the development account, changed."""
    return resource(KEY, {"policy": document(*statements), **changes})


OUTSIDE = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
ELSEWHERE = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": OUTSIDE}
MALFORMED = resource(KEY, {"policy": '{"Statement": [{"Effect": '})

CASES: dict[tuple[str, str], Case] = {
    ("KMS-01", "violating"): Case(
        resources=(resource(KEY, {"enableKeyRotation": False}),), violated=("thing",), says="rotation"
    ),
    ("KMS-01", "violating: not set"): Case(resources=(resource(KEY, {}),), violated=("thing",), says="rotation"),
    ("KMS-01", "passing"): Case(resources=(resource(KEY, {"enableKeyRotation": True}),)),
    ("KMS-01", "not applicable"): Case(
        resources=(
            resource(KEY, {"customerMasterKeySpec": "RSA_2048"}, name="asymmetric"),
            resource(KEY, {"customKeyStoreId": "cks-1"}, name="elsewhere"),
        )
    ),
    ("KMS-01", "unknown"): Case(
        resources=(resource(KEY, {"enableKeyRotation": UNKNOWN}),), undecided=("enableKeyRotation",)
    ),
    ("KMS-02", "violating"): Case(
        resources=(
            resource(KEY, {}),
            resource(EXTERNAL_KEY, {"policy": ""}, name="external"),
            # Another key's policy is no policy of these.
            resource(KEY, {}, name="other", identity=("key-2",)),
            resource(KEY_POLICY, {"keyId": "key-2", "policy": document(ADMINISTRATION)}, name="policy"),
        ),
        violated=("thing", "external"),
        says="no policy",
    ),
    ("KMS-02", "violating: an empty policy resource"): Case(
        resources=(
            resource(KEY, {}),
            resource(KEY_POLICY, {"keyId": UNKNOWN, "policy": ""}, name="policy", references={"keyId": ("thing",)}),
        ),
        violated=("thing",),
    ),
    ("KMS-02", "passing"): Case(
        resources=(
            key(ADMINISTRATION),
            resource(KEY, {"policy": UNKNOWN}, name="unknown"),
            resource(KEY, {}, name="apart"),
            resource(
                KEY_POLICY, {"keyId": UNKNOWN, "policy": UNKNOWN}, name="policy", references={"keyId": ("apart",)}
            ),
        )
    ),
    ("KMS-02", "not applicable"): Case(resources=(resource("aws:kms/alias:Alias", {}),)),
    ("KMS-02", "unknown"): Case(
        resources=(resource(KEY, {}), resource(KEY_POLICY, {"keyId": UNKNOWN, "policy": "x"}, name="policy")),
        undecided=("keyId",),
    ),
    ("KMS-03", "violating"): Case(
        resources=(lets("text"), lets("aws", principal={"AWS": "*"}), lets("list", principal={"AWS": [ROOT, "*"]})),
        violated=("text", "aws", "list"),
        says="anybody",
    ),
    ("KMS-03", "violating: conditions that do not bind"): Case(
        resources=(
            lets("service-only", when={"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}),
            lets("pattern", when={"StringLike": {"kms:CallerAccount": "*"}}),
            lets("if-exists", when={"StringEqualsIfExists": {"kms:CallerAccount": DEVELOPMENT}}),
            lets("for-all", when={"ForAllValues:StringEquals": {"kms:CallerAccount": DEVELOPMENT}}),
            lets("negated", when={"StringNotEquals": {"aws:PrincipalAccount": FOREIGN}}),
            lets("any-organisation", when={"StringLike": {"aws:PrincipalOrgID": "o-*"}}),
            lets("theirs", when={"StringEquals": {"kms:CallerAccount": [DEVELOPMENT, FOREIGN]}}),
        ),
        violated=("service-only", "pattern", "if-exists", "for-all", "negated", "any-organisation", "theirs"),
    ),
    ("KMS-03", "violating: everybody but one"): Case(
        resources=(key({"Effect": "Allow", "NotPrincipal": {"AWS": ROOT}, "Action": "kms:Decrypt", "Resource": "*"}),),
        violated=("thing",),
    ),
    ("KMS-03", "violating: everywhere that holds a key policy"): Case(
        resources=tuple(
            key({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt"}, name=token, token=token)
            for token in DOCUMENTS
        ),
        violated=DOCUMENTS,
    ),
    ("KMS-03", "violating: no document"): Case(
        resources=(MALFORMED, resource(KEY, {"policy": "[]"}, name="list")),
        violated=("thing", "list"),
        says="no policy document",
    ),
    ("KMS-03", "passing"): Case(
        resources=(
            lets("caller", when={"StringEquals": {"kms:CallerAccount": DEVELOPMENT}}),
            lets("account", when={"StringEquals": {"aws:PrincipalAccount": [DEVELOPMENT, STAGING]}}),
            lets("organisation", when={"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}),
            lets("root", principal={"AWS": ROOT}),
            key({"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}, name="deny"),
        )
    ),
    ("KMS-03", "not applicable"): Case(resources=(resource(KEY, {}), resource(KEY, {"policy": ""}, name="empty"))),
    ("KMS-03", "unknown"): Case(
        resources=(
            resource(KEY, {"policy": UNKNOWN}, name="all"),
            lets("principal", principal={"AWS": UNKNOWN}),
            lets("condition", when={"StringEquals": {"kms:CallerAccount": UNKNOWN}}),
        ),
        undecided=("policy", "policy.Statement[1].Principal", "policy.Statement[1].Condition"),
    ),
    ("KMS-03", "unknown: the known part is judged"): Case(
        resources=(key(UNKNOWN, {"Effect": "Allow", "Principal": {"AWS": [UNKNOWN, "*"]}, "Action": "kms:Decrypt"}),),
        violated=("thing",),
        undecided=("policy.Statement[0].Effect", "policy.Statement[1].Principal"),
    ),
    ("KMS-04", "violating"): Case(
        resources=(
            key({**ADMINISTRATION, "Action": "kms:DescribeKey"}, name="no-right"),
            key({**ADMINISTRATION, "Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}}, name="other-account"),
            key(ADMINISTRATION, ELSEWHERE, name="denied"),
            key(
                {**ADMINISTRATION, "Condition": {"ArnEquals": {"aws:PrincipalArn": f"{DEPLOYER}x"}}},
                name="nobody-there",
            ),
            key({**ADMINISTRATION, "Action": "kms:DescribeKey"}, name="apart", token=KEY_POLICY),
            key(name="empty"),
        ),
        violated=("no-right", "other-account", "denied", "nobody-there", "apart", "empty"),
        says="locks the account out",
    ),
    ("KMS-04", "violating: the check is off"): Case(
        resources=(in_account(ADMINISTRATION, bypassPolicyLockoutSafetyCheck=True),),
        violated=("thing",),
        says="bypassPolicyLockoutSafetyCheck",
    ),
    ("KMS-04", "passing"): Case(
        resources=(
            in_account(ADMINISTRATION, bypassPolicyLockoutSafetyCheck=False),
            key({**ADMINISTRATION, "Principal": {"AWS": DEPLOYER}}, name="deployer"),
            # The account, narrowed to the deployer, and spared from a Deny by its ARN.
            key(
                {**ADMINISTRATION, "Condition": {"ArnLike": {"aws:PrincipalArn": DEPLOYER}}},
                {**ELSEWHERE, "Condition": {**OUTSIDE, "ArnNotLike": {"aws:PrincipalArn": DEPLOYER}}},
                name="narrowed",
            ),
            key(ADMINISTRATION, {**ELSEWHERE, "Action": ["kms:Encrypt", "kms:Decrypt"]}, name="data-actions"),
        )
    ),
    ("KMS-04", "not applicable"): Case(resources=(resource(KEY, {}), MALFORMED)),
    ("KMS-04", "unknown"): Case(
        resources=(
            in_account(UNKNOWN, bypassPolicyLockoutSafetyCheck=UNKNOWN),
            resource(KEY, {"policy": document(ADMINISTRATION)}, provider=None, name="no-provider"),
        ),
        undecided=("bypassPolicyLockoutSafetyCheck", "policy", "provider.allowedAccountIds"),
    ),
    ("KMS-04", "unknown: the known part decides"): Case(
        resources=(key({**ELSEWHERE, "Condition": {"Null": {"aws:SourceVpce": "true"}}}, UNKNOWN),),
        violated=("thing",),
    ),
    ("KMS-07", "violating"): Case(
        resources=tuple(
            lets(name, action=action, principal={"AWS": ROOT})
            for name, action in {
                "itself": "kms:CreateGrant",
                "all": "kms:*",
                "part": ["kms:Decrypt", "KMS:create*"],
                "everything": "*",
            }.items()
        ),
        violated=("itself", "all", "part", "everything"),
        says="kms:CreateGrant",
    ),
    ("KMS-07", "violating: conditions that do not bind"): Case(
        resources=tuple(
            lets(name, action="kms:CreateGrant", principal={"AWS": ROOT}, when=condition)
            for name, condition in {
                "if-exists": {"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}},
                "false": {"Bool": {"kms:GrantIsForAWSResource": "false"}},
                "either": {"Bool": {"kms:GrantIsForAWSResource": ["true", "false"]}},
                "any-service": {"StringLike": {"kms:ViaService": "*"}},
                "negated": {"StringNotEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}},
                "other-key": {"ArnLike": {"aws:PrincipalArn": DEPLOYER}},
            }.items()
        ),
        violated=("if-exists", "false", "either", "any-service", "negated", "other-key"),
    ),
    ("KMS-07", "violating: what is not named"): Case(
        resources=(
            key({"Effect": "Allow", "Principal": {"AWS": ROOT}, "NotAction": "kms:PutKeyPolicy", "Resource": "*"}),
        ),
        violated=("thing",),
    ),
    ("KMS-07", "passing"): Case(
        resources=(
            lets("bool", action="kms:CreateGrant", when=TO_SERVICES),
            lets("json", action="kms:CreateGrant", when={"Bool": {"kms:GrantIsForAWSResource": True}}),
            lets("via", action="kms:*", when={"StringLike": {"kms:ViaService": "sagemaker.*.amazonaws.com"}}),
            key({"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}, name="deny"),
            key({"Effect": "Allow", "Principal": {"AWS": ROOT}, "NotAction": "kms:Create*"}, name="but"),
        )
    ),
    ("KMS-07", "not applicable"): Case(resources=(lets(action="kms:Decrypt"), resource(REPLICA_KEY, {}, name="none"))),
    ("KMS-07", "unknown"): Case(
        resources=(
            lets("action", action=["kms:Decrypt", UNKNOWN]),
            lets("condition", action="kms:CreateGrant", when={"StringEquals": {"kms:ViaService": UNKNOWN}}),
        ),
        undecided=("policy.Statement[1].Action", "policy.Statement[1].Condition"),
    ),
    ("KMS-08", "violating"): Case(
        resources=tuple(
            lets(name, principal={"Service": "cloudtrail.amazonaws.com"}, when=condition)
            for name, condition in {
                "none": None,
                "theirs": {"StringEquals": {"aws:SourceAccount": [DEVELOPMENT, FOREIGN]}},
                "any": {"StringLike": {"aws:SourceAccount": "*"}},
                "any-arn": {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:*:trail/x"}},
                "if-exists": {"StringEqualsIfExists": {"aws:SourceAccount": DEVELOPMENT}},
                "context-of-logs": OUR_LOGS,
                "organisation": {"StringEquals": {"aws:SourceOrgID": "o-theirs"}},
            }.items()
        ),
        violated=("none", "theirs", "any", "any-arn", "if-exists", "context-of-logs", "organisation"),
        says="for anybody",
    ),
    ("KMS-08", "violating: logs of anybody"): Case(
        resources=(
            lets(
                principal={"Service": f"logs.{REGION}.amazonaws.com"},
                when={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:*:log-group:*"}},
            ),
        ),
        violated=("thing",),
    ),
    ("KMS-08", "passing"): Case(
        resources=(
            lets("logs", principal={"Service": f"logs.{REGION}.amazonaws.com"}, when=OUR_LOGS),
            lets(
                "account",
                principal={"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
                when={"StringEquals": {"aws:SourceAccount": DEVELOPMENT}},
            ),
            lets(
                "arn",
                principal={"Service": "cloudtrail.amazonaws.com"},
                when={"ArnEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:{REGION}:{DEVELOPMENT}:trail/x"}},
            ),
        )
    ),
    ("KMS-08", "not applicable"): Case(resources=(lets(principal={"AWS": ROOT}), resource(KEY, {}, name="none"))),
    ("KMS-08", "unknown"): Case(
        resources=(
            lets("principal", principal=UNKNOWN),
            lets(
                "condition",
                principal={"Service": "sns.amazonaws.com"},
                when={"StringEquals": {"aws:SourceAccount": UNKNOWN}},
            ),
        ),
        undecided=("policy.Statement[1].Principal", "policy.Statement[1].Condition"),
    ),
    ("KMS-10", "violating"): Case(
        resources=(
            lets("policy", action="kms:PutKeyPolicy", principal={"AWS": STAGING}),
            lets("all", action="kms:*", principal={"AWS": f"arn:aws:iam::{STAGING}:root"}),
            lets("role", action="kms:Schedule*", principal={"AWS": [ROOT, f"arn:aws:iam::{FOREIGN}:role/x"]}),
            lets("grant", action="kms:CreateGrant", principal={"AWS": STAGING}, when=TO_SERVICES),
            # De* is Decrypt, DescribeKey and DeleteAlias.
            lets("wide", action="kms:De*", principal={"AWS": STAGING}),
            lets("anybody", action="kms:DisableKey"),
            lets("asked", action="kms:DisableKey", when={"StringEquals": {"kms:CallerAccount": STAGING}}),
        ),
        violated=("policy", "all", "role", "grant", "wide", "anybody", "asked"),
        says="may administer",
    ),
    ("KMS-10", "passing"): Case(
        resources=(
            lets("use", action=["kms:Decrypt", "kms:DescribeKey", "kms:ReEncrypt*"], principal={"AWS": STAGING}),
            lets("own", action="kms:*", principal={"AWS": [ROOT, DEPLOYER]}),
            lets("asked", action="kms:*", when={"StringEquals": {"kms:CallerAccount": DEVELOPMENT}}),
            key({**ADMINISTRATION, "Effect": "Deny", "Principal": {"AWS": STAGING}}, name="deny"),
        )
    ),
    ("KMS-10", "not applicable"): Case(
        resources=(resource(KEY, {}), lets("service", action="kms:*", principal={"Service": "sns.amazonaws.com"}))
    ),
    ("KMS-10", "unknown"): Case(
        resources=(
            lets("action", action=UNKNOWN, principal={"AWS": STAGING}),
            lets("principal", action="kms:*", principal={"AWS": [ROOT, UNKNOWN]}),
        ),
        undecided=("policy.Statement[1].Action", "policy.Statement[1].Principal"),
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("alias/aws/s3", True),
        (f"arn:aws:kms:{REGION}:{DEVELOPMENT}:alias/aws/elasticfilesystem", True),
        ("alias/aws-data", False),
        (f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/1234", False),
        (UNKNOWN, False),
        (None, False),
    ],
)
def test_keys_of_aws(value: object, expected: bool) -> None:
    assert is_key_of_aws(value) is expected
