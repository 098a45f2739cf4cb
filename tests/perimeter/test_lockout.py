"""Who is locked out by which statement, and what nobody can say."""

import pytest

from perimeter.documents import parse
from perimeter.lockout import BUCKET_ADMINISTRATION, bucket_lockout, key_lockout
from perimeter.verdict import UNKNOWN
from tests.perimeter.goldens import ABROAD, BUCKET, DEPLOYER, HOME, ROOT, VPCE, Part, allow, deny

ADMIN = allow("kms:*", Sid="Admin", Principal={"AWS": ROOT})
CLERK = allow("kms:PutKeyPolicy", Sid="Clerk", Principal={"AWS": DEPLOYER})


def key(*statements: object) -> str:
    policy = parse({"Version": "2012-10-17", "Statement": statements}, "key policy")
    return str(key_lockout(policy, root=ROOT, administrators=[DEPLOYER]) or "kept")


@pytest.mark.parametrize(
    ("statements", "answer"),
    [
        ([ADMIN], "kept"),
        ([allow("kms:*", Principal={"AWS": HOME})], "kept"),
        ([CLERK], "kept"),
        ([allow("kms:Put*", Principal="*", Condition={"StringEquals": {"kms:CallerAccount": HOME}})], "kept"),
        # The account's own statement is lost to everybody else, but its root stays.
        ([ADMIN, deny("kms:*", Sid="D", Principal={"AWS": DEPLOYER})], "kept"),
        ([], "kms:PutKeyPolicy is lost (key policy allows it to none of them)"),
        (
            [allow("kms:Decrypt", Principal={"AWS": ROOT})],
            "kms:PutKeyPolicy is lost (key policy allows it to none of them)",
        ),
        (
            [allow("kms:*", Principal={"AWS": ABROAD})],
            "kms:PutKeyPolicy is lost (key policy allows it to none of them)",
        ),
        ([ADMIN, deny("kms:*", Sid="D", Principal="*")], "kms:PutKeyPolicy is lost (key policy, D)"),
        (
            [ADMIN, deny("kms:*", Sid="D", Principal="*", Condition={"StringNotEquals": {VPCE: "vpce-1"}})],
            "kms:PutKeyPolicy is lost (key policy, D)",
        ),
        # The endpoint's id is unknown, yet the request comes through none: it is hit all the same.
        (
            [ADMIN, deny("kms:*", Sid="D", Principal="*", Condition={"StringNotEquals": {VPCE: UNKNOWN}})],
            "kms:PutKeyPolicy is lost (key policy, D)",
        ),
        (
            [
                ADMIN,
                deny(
                    "kms:*",
                    Principal="*",
                    Condition={"StringNotEquals": {VPCE: "x"}, "ArnNotLike": {"aws:PrincipalArn": DEPLOYER}},
                ),
            ],
            "kept",
        ),
        ([ADMIN, deny(["kms:Decrypt"], Principal="*", Condition={"StringNotEquals": {VPCE: "x"}})], "kept"),
        # The administrators come straight, so a grant through a service is none.
        (
            [
                allow(
                    "kms:*", Principal="*", Condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}
                )
            ],
            "kms:PutKeyPolicy is lost (key policy allows it to none of them)",
        ),
        ([ADMIN, UNKNOWN], "kms:PutKeyPolicy is undecided (key policy, Statement[1])"),
        ([UNKNOWN], "kms:PutKeyPolicy is undecided (key policy, Statement[0])"),
        (
            [
                allow(
                    "kms:*",
                    Sid="Tagged",
                    Principal={"AWS": ROOT},
                    Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}},
                )
            ],
            "kms:PutKeyPolicy is undecided (key policy, Tagged)",
        ),
        ([ADMIN, deny("kms:Decrypt", UNKNOWN, Principal="*")], "kept"),
    ],
)
def test_keys(statements: list[object], answer: str) -> None:
    assert key(*statements) == answer


def test_what_is_known_of_the_request_decides() -> None:
    policy = parse(
        {
            "Statement": allow(
                "kms:*", Principal={"AWS": ROOT}, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
            )
        }
    )
    assert key_lockout(policy, root=ROOT) is not None
    assert key_lockout(policy, root=ROOT, context={"aws:PrincipalOrgID": "o-1"}) is None


def bucket(*statements: object) -> dict[str, str]:
    policy = parse({"Version": "2012-10-17", "Statement": statements}, "bucket policy")
    found = bucket_lockout(policy, bucket=BUCKET, deployer=DEPLOYER)
    return {
        lockout.action: f"{'' if lockout.certain else '?'}{lockout.statement and lockout.statement.label}"
        for lockout in found
    }


def no_vpc(action: str | list[str], resource: str = BUCKET, **more: Part) -> Part:
    condition = {"StringNotEquals": {VPCE: ["vpce-1"]}, "BoolIfExists": {"aws:ViaAWSService": "false"}, **more}
    return deny(action, resource, Sid="DenyNoVPC", Principal="*", Condition=condition)


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        (no_vpc(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*"), []),
        (no_vpc("s3:*"), list(BUCKET_ADMINISTRATION)),
        (no_vpc("s3:*", ArnNotLike={"aws:PrincipalArn": [DEPLOYER]}), []),
        (no_vpc(["s3:ListBucket", "s3:GetBucketAcl"]), ["s3:GetBucketAcl", "s3:ListBucket"]),
        (deny("s3:*", BUCKET, Sid="DenyTLS", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}}), []),
        (deny("s3:*", BUCKET, Sid="Old", Principal="*", Condition={"NumericLessThan": {"s3:TlsVersion": "1.2"}}), []),
        (deny("s3:PutBucketPolicy", BUCKET, Principal={"AWS": HOME}), ["s3:PutBucketPolicy"]),
        (deny("s3:*", "arn:aws:s3:::other", Principal="*"), []),
        (allow("s3:GetObject", f"{BUCKET}/*", Principal="*"), []),
    ],
)
def test_buckets(statement: Part, lost: list[str]) -> None:
    found = bucket(statement)
    assert list(found) == lost
    assert set(found.values()) <= {str(statement.get("Sid", "Statement[0]"))}


def test_two_statements_are_each_absolute() -> None:
    """An exemption split off into a statement of its own spares nobody (it is a Deny of its own)."""
    spared = deny(
        "s3:*", BUCKET, Sid="DenyOthers", Principal="*", Condition={"ArnNotLike": {"aws:PrincipalArn": DEPLOYER}}
    )
    assert set(bucket(spared).values()) == set()
    assert set(bucket(no_vpc("s3:*"), spared).values()) == {"DenyNoVPC"}


def test_unknown_parts_are_not_guessed() -> None:
    assert bucket({**no_vpc("s3:ListBucket"), "Condition": UNKNOWN}) == {"s3:ListBucket": "?DenyNoVPC"}
    assert bucket(no_vpc("s3:ListBucket", ArnNotLike={"aws:PrincipalArn": UNKNOWN})) == {"s3:ListBucket": "?DenyNoVPC"}
    assert set(bucket(UNKNOWN)) == set(BUCKET_ADMINISTRATION)
    # Known parts are not lost: the second statement hits for certain.
    assert bucket(UNKNOWN, no_vpc("s3:ListBucket"))["s3:ListBucket"] == "DenyNoVPC"
