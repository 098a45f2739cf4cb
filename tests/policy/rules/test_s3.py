import dataclasses
import json
from collections.abc import Mapping

import pytest

from policy.model import UNKNOWN, Resource
from policy.rules.kms import ALIAS, KEY
from policy.rules.network import ENDPOINT, VPC
from policy.rules.s3 import (
    ACL,
    BUCKET,
    BUCKET_POLICY,
    ENCRYPTION,
    OWNERSHIP,
    PUBLIC_ACCESS_BLOCK,
    VERSIONING,
)
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, PRODUCTION, REGION, STAGING, Case, resource, verify

NAME = f"{CONTEXT.prefix}-{DEVELOPMENT}-data"
OTHER = f"{CONTEXT.prefix}-{DEVELOPMENT}-models"
ROOT = f"arn:aws:iam::{DEVELOPMENT}:root"
DEPLOYER = CONTEXT.deployer_arn(DEVELOPMENT)
JOB = f"arn:aws:iam::{DEVELOPMENT}:role/{CONTEXT.prefix}-JobRole"
READERS = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{CONTEXT.prefix}-ModelExecutionRole"}}
PRODUCER = f"arn:aws:iam::{FOREIGN}:role/Producer"
WITH_PRODUCER = dataclasses.replace(CONTEXT, producers=(PRODUCER,))
OF_ORGANIZATION = dataclasses.replace(CONTEXT, organization="o-abcdefghij")
EXISTING_NETWORK = dataclasses.replace(CONTEXT, own_networks=frozenset((DEVELOPMENT,)))
GATEWAY = resource(ENDPOINT, {"serviceName": f"com.amazonaws.{REGION}.s3"}, name="s3", identity=("vpce-1",))


def document(*statements: object) -> object:
    """A policy: text, or an object where a part is not known."""
    value = {"Version": "2012-10-17", "Statement": list(statements)}
    try:
        return json.dumps(value)
    except TypeError:
        return value


def bucket(name: str = NAME, /, logical: str = "bucket", **properties: object) -> Resource:
    """A bucket."""
    return resource(BUCKET, {"bucket": name, **properties}, name=logical, identity=(name, f"arn:aws:s3:::{name}"))


def of(logical: str, token: str, properties: Mapping[str, object], name: str = "thing") -> Resource:
    """A setting of a bucket, which it refers to."""
    return resource(token, {"bucket": UNKNOWN, **properties}, name=name, references={"bucket": (logical,)})


def policy(*statements: object, name: str = "thing", of_bucket: str = "bucket") -> Resource:
    """A bucket's policy."""
    return of(of_bucket, BUCKET_POLICY, {"policy": document(*statements)}, name)


def arns(name: str = NAME) -> list[str]:
    """A bucket and its objects."""
    return [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]


# Perimeter ----------------------------------------------------------------------------------------------------------------------------

INSIDE = {"StringNotEquals": {"aws:SourceVpce": ["vpce-1"]}}
NO_SERVICE = {"BoolIfExists": {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}}
SPARED = {"ArnNotLike": {"aws:PrincipalArn": [DEPLOYER]}}
DATA = [
    "s3:GetObject*",
    "s3:PutObject*",
    "s3:DeleteObject*",
    "s3:AbortMultipartUpload",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:GetBucketAcl",
]


def outside(name: str = NAME, /, **changes: object) -> dict[str, object]:
    """The deny of requests from outside, changed."""
    return {
        "Sid": "DenyNoVPC",
        "Effect": "Deny",
        "Principal": "*",
        "Action": DATA,
        "Resource": arns(name),
        "Condition": {**INSIDE, **NO_SERVICE, **SPARED},
        **changes,
    }


def when(**operators: Mapping[str, object]) -> dict[str, object]:
    """A condition block as a change."""
    return {"Condition": operators}


OPEN_DENIES: Mapping[str, Mapping[str, object]] = {
    "allow": {"Effect": "Allow"},
    "one-role": {"Principal": {"AWS": JOB}},
    "not-principal": {"NotPrincipal": {"AWS": JOB}, "Principal": None},
    "no-delete": {"Action": ["s3:GetObject*", "s3:PutObject*", "s3:ListBucket*", "s3:AbortMultipartUpload"]},
    "no-version": {"Action": [action.replace("GetObject*", "GetObject") for action in DATA]},
    "no-list": {"Action": DATA[:4]},
    "no-delete-of-versions": {"Action": [action.replace("DeleteObject*", "DeleteObject") for action in DATA]},
    "if-exists-spares": when(StringEqualsIfExists={"aws:SourceVpce": "vpce-2"}),
    "positive": when(StringEquals={"aws:SourceVpce": "vpce-1"}),
    "plain-bool": when(**INSIDE, Bool={"aws:PrincipalIsAWSService": "false"}),
    "null-only": when(Null={"aws:SourceVpce": "true"}),
    "spares-all-roles": when(**INSIDE, ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::{DEVELOPMENT}:role/*"}),
    "spares-ours": when(**INSIDE, ArnNotLike={"aws:PrincipalArn": f"arn:aws:iam::*:role/{CONTEXT.prefix}-*"}),
    "spares-jobs": when(**INSIDE, ArnNotEquals={"aws:PrincipalArn": JOB}),
    "never": when(**INSIDE, StringEquals={"aws:PrincipalTag/x": "y"}),
}


def perimeter_case(changes: Mapping[str, object]) -> dict[str, object]:
    """A deny with a change; None takes an element away."""
    return {key: value for key, value in outside(**changes).items() if value is not None}


TLS = {
    "Sid": "DenyInsecureTransport",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": arns(),
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
OPEN_TRANSPORT: Mapping[str, Mapping[str, object]] = {
    "objects-only": {"Resource": arns()[1]},
    "bucket-only": {"Resource": arns()[0]},
    "prefix-only": {"Resource": [arns()[0], f"arn:aws:s3:::{NAME}/input/*"]},
    "some-actions": {"Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"]},
    "one-role": {"Principal": {"AWS": JOB}},
    "string": {"Condition": {"StringEquals": {"aws:SecureTransport": "no"}}},
    "true": {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    "spares-deployer": {"Condition": {"Bool": {"aws:SecureTransport": "false"}, **SPARED}},
    "outside-only": {"Condition": {"Bool": {"aws:SecureTransport": "false"}, **INSIDE}},
    "allow": {"Effect": "Allow"},
    "other-bucket": {"Resource": arns(OTHER)},
}
LOCKED: Mapping[str, Mapping[str, object]] = {
    "everything": {"Action": "s3:*", "Condition": INSIDE},
    "policy": {"Action": "s3:PutBucketPolicy", "Condition": {"Null": {"aws:SourceVpce": "true"}}},
    "head": {"Action": "s3:ListBucket", "Condition": INSIDE},
    "acl": {"Action": ["s3:GetBucketAcl"], "Condition": INSIDE},
    "not-action": {"NotAction": "s3:GetObject", "Action": None, "Condition": INSIDE},
    "another-deployer": {"Condition": {**INSIDE, "ArnNotLike": {"aws:PrincipalArn": f"{DEPLOYER}2"}}},
    "not-principal": {"NotPrincipal": {"AWS": JOB}, "Principal": None, "Action": "s3:*", "Condition": {}},
}

# Who is given what --------------------------------------------------------------------------------------------------------------------


def gives(name: str = "thing", /, **changes: object) -> Resource:
    """A policy that lets other accounts' roles read, changed."""
    statement = {
        "Sid": "Give",
        "Effect": "Allow",
        "Principal": {"AWS": [STAGING, PRODUCTION]},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": arns()[1],
        "Condition": READERS,
        **changes,
    }
    return policy({key: value for key, value in statement.items() if value is not None}, name=name)


def public(name: str, /, principal: object = "*", **operators: Mapping[str, object]) -> Resource:
    """A policy that lets everybody read under a condition."""
    return gives(name, Principal=principal, Condition=operators)


# Settings -----------------------------------------------------------------------------------------------------------------------------

BLOCK: Mapping[str, object] = {
    "blockPublicAcls": True,
    "blockPublicPolicy": True,
    "ignorePublicAcls": True,
    "restrictPublicBuckets": True,
}
KEY_ARN = f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/1234"


def encryption(
    name: str = "thing",
    of_bucket: str = "bucket",
    *,
    algorithm: object = "aws:kms",
    key: object = KEY_ARN,
    bucket_key: object = True,
) -> Resource:
    """A bucket's encryption."""
    default = {"sseAlgorithm": algorithm, **({} if key is None else {"kmsMasterKeyId": key})}
    rule = {"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": bucket_key}
    return of(of_bucket, ENCRYPTION, {"rules": [rule]}, name)


def versioning(status: object, name: str = "thing", of_bucket: str = "bucket") -> Resource:
    """A bucket's versioning."""
    return of(of_bucket, VERSIONING, {"versioningConfiguration": {"status": status}}, name)


def ownership(value: object, name: str = "thing", of_bucket: str = "bucket") -> Resource:
    """A bucket's ownership controls."""
    return of(of_bucket, OWNERSHIP, {"rule": {"objectOwnership": value}}, name)


def of_kind(kind: str, logical: str) -> Resource:
    """A bucket of the environment for something."""
    return bucket(f"{CONTEXT.prefix}-{STAGING}-{kind}", logical=logical)


NO_DOCUMENT = of("bucket", BUCKET_POLICY, {"policy": "{"})

CASES: dict[tuple[str, str], Case] = {
    ("S3-01", "violating"): Case(
        resources=(bucket(), bucket(OTHER, logical="other"), policy(TLS)), violated=("other",), says="no bucket policy"
    ),
    ("S3-01", "violating: the name says whose it is"): Case(
        resources=(
            bucket(),
            bucket(OTHER, logical="other"),
            resource(
                BUCKET_POLICY,
                {"bucket": NAME, "policy": document(TLS)},
                references={"bucket": ("bucket", "other")},
            ),
        ),
        violated=("other",),
    ),
    ("S3-01", "violating: an empty policy"): Case(
        resources=(bucket(), of("bucket", BUCKET_POLICY, {"policy": ""})), violated=("thing",), says="empty"
    ),
    ("S3-01", "passing"): Case(
        resources=(
            bucket(),
            policy(TLS),
            bucket("b-named", logical="named"),
            resource(BUCKET_POLICY, {"bucket": "b-named", "policy": UNKNOWN}, name="policy-named"),
            bucket("b-inline", logical="inline", policy=document(TLS)),
        )
    ),
    ("S3-01", "not applicable"): Case(resources=(policy(TLS),)),
    ("S3-01", "unknown"): Case(
        resources=(bucket(), resource(BUCKET_POLICY, {"bucket": UNKNOWN, "policy": "x"})), undecided=("bucket",)
    ),
    ("S3-02", "violating"): Case(
        resources=(
            GATEWAY,
            bucket(),
            policy(TLS),
            bucket(OTHER, logical="other"),
            policy(name="none", of_bucket="other"),
        ),
        violated=("thing", "none"),
        says="s3:GetObject is not denied without an endpoint to anonymous (and",
    ),
    ("S3-02", "violating: another bucket's deny"): Case(
        resources=(
            GATEWAY,
            bucket(),
            policy(outside(), name="good"),
            bucket(OTHER, logical="other"),
            policy(outside(NAME), of_bucket="other"),
        ),
        violated=("thing",),
    ),
    ("S3-02", "violating: one deny each"): Case(
        # Split in two, each is absolute; a deny for objects alone leaves the list open.
        resources=(
            GATEWAY,
            bucket(),
            policy(outside(Resource=arns()[1]), name="objects"),
            bucket(OTHER, logical="other"),
            policy(outside(OTHER, Resource=arns(OTHER)[0]), name="lists", of_bucket="other"),
        ),
        violated=("objects", "lists"),
    ),
    **{
        ("S3-02", f"violating: {name}"): Case(
            resources=(GATEWAY, bucket(), policy(perimeter_case(changes))), violated=("thing",), says="is not denied"
        )
        for name, changes in OPEN_DENIES.items()
    },
    ("S3-02", "violating: endpoints that are not ours"): Case(
        resources=(
            GATEWAY,
            bucket(),
            policy(outside(Condition={"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-9"]}})),
            bucket(OTHER, logical="other"),
            policy(
                outside(OTHER, Condition={"ForAllValues:StringNotEquals": {"aws:SourceVpce": ["vpce-9"]}}),
                name="for-all",
                of_bucket="other",
            ),
        ),
        violated=("thing", "for-all"),
        says="not ours",
    ),
    ("S3-02", "violating: an account or organisation that is not ours"): Case(
        resources=(
            bucket(),
            policy(outside(Condition={"StringNotEquals": {"aws:VpceAccount": [DEVELOPMENT, FOREIGN]}}), name="account"),
            bucket(OTHER, logical="other"),
            policy(
                outside(OTHER, Condition={"StringNotEquals": {"aws:VpceOrgID": "o-theirs"}}),
                name="organisation",
                of_bucket="other",
            ),
        ),
        violated=("account", "organisation"),
        says="not ours",
        context=OF_ORGANIZATION,
    ),
    ("S3-02", "violating: any endpoint"): Case(
        resources=(bucket(), policy(outside(Condition={"StringNotLike": {"aws:SourceVpce": "vpce-*"}}))),
        violated=("thing",),
        says="through somebody else's endpoint",
        context=EXISTING_NETWORK,
    ),
    ("S3-02", "violating: no endpoint"): Case(
        resources=(GATEWAY, bucket(), policy(outside(Condition={"StringNotEquals": {"aws:SourceVpce": []}}))),
        violated=("thing",),
        says="nobody gets in",
    ),
    ("S3-02", "violating: a name like ours"): Case(
        resources=(
            bucket(f"{CONTEXT.prefix}-{FOREIGN}-logs", logical="theirs"),
            policy(TLS, name="their-policy", of_bucket="theirs"),
            bucket("x-templates", logical="templates"),
            policy(TLS, of_bucket="templates"),
        ),
        violated=("their-policy", "thing"),
    ),
    ("S3-02", "violating: inline"): Case(resources=(bucket(policy=document(TLS)),), violated=("bucket",)),
    ("S3-02", "passing"): Case(
        resources=(
            GATEWAY,
            bucket(),
            policy(outside()),
            bucket(OTHER, logical="other"),
            policy(
                outside(OTHER, Principal={"AWS": "*"}, Action="s3:*", Condition=INSIDE), name="plain", of_bucket="other"
            ),
        )
    ),
    ("S3-02", "passing: by organisation, account or VPC"): Case(
        resources=(
            resource(VPC, {}, name="vpc", identity=("vpc-1",)),
            bucket(),
            policy(outside(Condition={"StringNotEquals": {"aws:VpceOrgID": "o-abcdefghij"}})),
            bucket(OTHER, logical="other"),
            policy(
                outside(OTHER, Condition={"StringNotEquals": {"aws:VpceAccount": [DEVELOPMENT]}}),
                name="account",
                of_bucket="other",
            ),
            bucket("third", logical="third"),
            policy(
                outside("third", Condition={"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}),
                name="vpc-policy",
                of_bucket="third",
            ),
        ),
        context=OF_ORGANIZATION,
    ),
    ("S3-02", "passing: an endpoint whose id is not known yet"): Case(
        resources=(resource(ENDPOINT, {}), bucket(), policy(outside(), name="policy")),
    ),
    ("S3-02", "passing: an existing network"): Case(
        resources=(GATEWAY, bucket(), policy(outside(Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-9"}}))),
        context=EXISTING_NETWORK,
    ),
    ("S3-02", "not applicable"): Case(
        resources=(
            bucket(),
            of_kind("logs", "logs"),
            policy(TLS, name="logs-policy", of_bucket="logs"),
            of_kind("templates", "templates"),
            policy(TLS, name="templates-policy", of_bucket="templates"),
        )
    ),
    ("S3-02", "unknown"): Case(
        resources=(
            bucket(),
            of("bucket", BUCKET_POLICY, {"policy": UNKNOWN}, "whole"),
            bucket(OTHER, logical="other"),
            policy(outside(OTHER, Condition={"StringNotEquals": {"aws:SourceVpce": [UNKNOWN]}}), of_bucket="other"),
        ),
        undecided=("policy",),
    ),
    ("S3-02", "unknown: the bucket"): Case(
        resources=(resource(BUCKET, {"bucket": UNKNOWN}, name="bucket"), policy(TLS)), undecided=("bucket",)
    ),
    ("S3-02", "unknown: what is known decides"): Case(
        resources=(
            bucket(),
            policy(outside(Condition={"StringNotEquals": {"aws:SourceVpce": [UNKNOWN]}}, Action="s3:GetObject")),
        ),
        violated=("thing",),
    ),
    ("S3-03", "violating"): Case(
        resources=(bucket(), policy(outside())), violated=("thing",), says="plain HTTP is not denied for every action"
    ),
    ("S3-03", "violating: another bucket's deny"): Case(
        resources=(
            bucket(),
            policy(TLS, name="good"),
            bucket(OTHER, logical="other"),
            policy(TLS, of_bucket="other"),
        ),
        violated=("thing",),
    ),
    **{
        ("S3-03", f"violating: {name}"): Case(
            resources=(bucket(), policy({**TLS, **changes})), violated=("thing",), says="plain HTTP"
        )
        for name, changes in OPEN_TRANSPORT.items()
    },
    ("S3-03", "passing"): Case(
        resources=(
            bucket(),
            policy(TLS),
            bucket(OTHER, logical="other"),
            policy(
                outside(OTHER),
                {**TLS, "Action": "*", "Resource": "*", "Principal": {"AWS": "*"}},
                name="wider",
                of_bucket="other",
            ),
            bucket("two", logical="two"),
            policy(
                {**TLS, "Resource": "arn:aws:s3:::two"},
                {**TLS, "Resource": "arn:aws:s3:::two/*"},
                name="halves",
                of_bucket="two",
            ),
        )
    ),
    ("S3-03", "not applicable"): Case(resources=(bucket(), NO_DOCUMENT)),
    ("S3-03", "unknown"): Case(
        resources=(
            bucket(),
            of("bucket", BUCKET_POLICY, {"policy": UNKNOWN}, "whole"),
            bucket(OTHER, logical="other"),
            policy(UNKNOWN, outside(OTHER), name="statement", of_bucket="other"),
            bucket("third", logical="third"),
            policy({**TLS, "Resource": [UNKNOWN]}, of_bucket="third"),
        ),
        undecided=("policy",),
    ),
    ("S3-03", "unknown: what is known decides"): Case(
        resources=(
            bucket(),
            policy(UNKNOWN, TLS),
            bucket(OTHER, logical="other"),
            # An Allow, however unknown, denies nothing.
            policy({**TLS, "Effect": "Allow", "Action": UNKNOWN}, name="allow", of_bucket="other"),
        ),
        violated=("allow",),
    ),
    **{
        ("S3-04", f"violating: {name}".removesuffix(": everything")): Case(
            resources=(bucket(), policy(perimeter_case(changes))),
            violated=("thing",),
            says="locks the deployer out",
        )
        for name, changes in LOCKED.items()
    },
    ("S3-04", "passing"): Case(
        resources=(
            bucket(),
            policy(TLS, {**TLS, "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}}}, outside()),
            bucket(OTHER, logical="other"),
            policy(outside(OTHER, Action=DATA[:4], Condition=INSIDE), name="data-actions", of_bucket="other"),
        )
    ),
    ("S3-04", "not applicable"): Case(resources=(bucket(), NO_DOCUMENT, bucket(OTHER, logical="other"))),
    ("S3-04", "unknown"): Case(
        resources=(
            bucket(),
            of("bucket", BUCKET_POLICY, {"policy": UNKNOWN}, "whole"),
            bucket(OTHER, logical="other"),
            policy(
                outside(OTHER, Condition={**INSIDE, "ArnNotLike": {"aws:PrincipalArn": UNKNOWN}}), of_bucket="other"
            ),
        ),
        undecided=("policy",),
    ),
    ("S3-04", "unknown: the account"): Case(
        resources=(resource(BUCKET, {"bucket": NAME}, name="bucket", provider=None), policy(TLS)),
        undecided=("provider.allowedAccountIds",),
    ),
    ("S3-05", "violating"): Case(
        resources=(
            bucket(),
            bucket(OTHER, logical="other"),
            of("other", PUBLIC_ACCESS_BLOCK, {**BLOCK, "restrictPublicBuckets": False}),
        ),
        violated=("bucket", "thing"),
    ),
    ("S3-05", "violating: left out"): Case(
        resources=(bucket(), of("bucket", PUBLIC_ACCESS_BLOCK, {"blockPublicAcls": True})),
        violated=("thing",),
        says="is off",
    ),
    ("S3-05", "violating: two blocks"): Case(
        resources=(
            bucket(),
            of("bucket", PUBLIC_ACCESS_BLOCK, BLOCK, "first"),
            of("bucket", PUBLIC_ACCESS_BLOCK, BLOCK),
        ),
        violated=("thing",),
        says="second",
    ),
    ("S3-05", "passing"): Case(resources=(bucket(), of("bucket", PUBLIC_ACCESS_BLOCK, BLOCK))),
    ("S3-05", "not applicable"): Case(
        resources=(resource("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", {}),)
    ),
    ("S3-05", "unknown"): Case(
        resources=(bucket(), of("bucket", PUBLIC_ACCESS_BLOCK, {**BLOCK, "blockPublicAcls": UNKNOWN})),
        undecided=("blockPublicAcls",),
    ),
    ("S3-05", "unknown: one is off"): Case(
        resources=(
            bucket(),
            of(
                "bucket",
                PUBLIC_ACCESS_BLOCK,
                {**BLOCK, "blockPublicAcls": UNKNOWN, "restrictPublicBuckets": False},
            ),
        ),
        violated=("thing",),
        undecided=("blockPublicAcls",),
    ),
    ("S3-06", "violating"): Case(resources=(bucket(),), violated=("bucket",), says="no encryption"),
    ("S3-06", "violating: AWS's keys"): Case(
        resources=(
            *(bucket(f"b-{name}", logical=name) for name in ("s3", "none", "alias", "arn", "empty")),
            encryption("of-s3", "s3", algorithm="AES256", key=None),
            encryption("of-none", "none", key=None),
            encryption("of-alias", "alias", key="alias/aws/s3"),
            encryption("of-arn", "arn", key=f"arn:aws:kms:{REGION}:{DEVELOPMENT}:alias/aws/s3"),
            of("empty", ENCRYPTION, {"rules": []}, "of-empty"),
        ),
        violated=("of-s3", "of-none", "of-alias", "of-arn", "of-empty"),
    ),
    ("S3-06", "violating: no bucket key"): Case(
        resources=(bucket(), encryption(bucket_key=None)), violated=("thing",), says="bucket key"
    ),
    ("S3-06", "violating: logs under KMS"): Case(
        resources=(of_kind("logs", "bucket"), encryption()), violated=("thing",), says="access logs"
    ),
    ("S3-06", "violating: AES256 elsewhere than templates and logs"): Case(
        resources=(of_kind("capture", "bucket"), encryption(algorithm="AES256", key=None)), violated=("thing",)
    ),
    ("S3-06", "violating: inline"): Case(
        resources=(
            bucket(
                serverSideEncryptionConfiguration={
                    "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
                }
            ),
        ),
        violated=("bucket",),
        says="does not encrypt with KMS",
    ),
    ("S3-06", "passing"): Case(
        resources=(
            bucket(),
            encryption(),
            bucket(OTHER, logical="other"),
            encryption("dual", "other", algorithm="aws:kms:dsse", bucket_key=None),
            of_kind("logs", "logs"),
            encryption("of-logs", "logs", algorithm="AES256", key=None, bucket_key=False),
            of_kind("templates", "templates"),
            encryption("of-templates", "templates", algorithm="AES256", key=None, bucket_key=False),
            bucket(
                "inline",
                logical="inline",
                serverSideEncryptionConfiguration={
                    "rule": {
                        "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN},
                        "bucketKeyEnabled": True,
                    }
                },
            ),
        )
    ),
    ("S3-06", "passing: a key of the stack that is not known yet"): Case(
        resources=tuple(
            found
            for token in (KEY, ALIAS)
            for found in (
                resource(token, {}, name=token),
                bucket(f"b-{token}", logical=f"bucket-{token}"),
                resource(
                    ENCRYPTION,
                    {**encryption(key=UNKNOWN).properties},
                    name=f"of-{token}",
                    references={"bucket": (f"bucket-{token}",), "rules": (token,)},
                ),
            )
        )
    ),
    ("S3-06", "not applicable"): Case(resources=(resource("aws:s3/directoryBucket:DirectoryBucket", {}),)),
    ("S3-06", "unknown"): Case(
        resources=(
            bucket(),
            encryption("key", key=UNKNOWN),
            bucket(OTHER, logical="other"),
            of("other", ENCRYPTION, {"rules": UNKNOWN}, "rules"),
            bucket("third", logical="third"),
            of("third", ENCRYPTION, {"rules": [UNKNOWN]}, "rule"),
        ),
        undecided=("rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId", "rules", "rules[0]"),
    ),
    ("S3-07", "violating"): Case(
        resources=(
            bucket(),
            bucket(OTHER, logical="other"),
            versioning("Suspended", of_bucket="other"),
            bucket("inline", logical="inline", versioning={"enabled": False}),
            bucket("not-said", logical="not-said", versioning={"mfaDelete": True}),
        ),
        violated=("bucket", "thing", "inline", "not-said"),
        says="versions",
    ),
    ("S3-07", "passing"): Case(
        resources=(bucket(), versioning("Enabled"), bucket("inline", logical="inline", versioning={"enabled": True}))
    ),
    ("S3-07", "not applicable"): Case(resources=(versioning("Suspended"),)),
    ("S3-07", "unknown"): Case(
        resources=(
            bucket(),
            versioning(UNKNOWN),
            bucket("inline", logical="inline", versioning=UNKNOWN),
            resource(VERSIONING, {"bucket": UNKNOWN}, name="whose"),
            bucket(OTHER, logical="other"),
        ),
        undecided=("versioningConfiguration.status", "bucket"),
    ),
    ("S3-09", "violating"): Case(
        resources=(
            bucket(),
            bucket(OTHER, logical="other"),
            ownership("BucketOwnerPreferred", of_bucket="other"),
        ),
        violated=("bucket", "thing"),
    ),
    ("S3-09", "violating: ACLs"): Case(
        resources=(
            bucket(acl="public-read"),
            ownership("BucketOwnerEnforced"),
            of("bucket", ACL, {"acl": "private"}, "acl"),
        ),
        violated=("bucket", "acl"),
        says="ACL",
    ),
    ("S3-09", "passing"): Case(resources=(bucket(acl="private"), ownership("BucketOwnerEnforced"))),
    ("S3-09", "not applicable"): Case(resources=(ownership("ObjectWriter"),)),
    ("S3-09", "unknown"): Case(
        resources=(bucket(acl=UNKNOWN), ownership(UNKNOWN)), undecided=("acl", "rule.objectOwnership")
    ),
    ("S3-11", "violating"): Case(
        resources=(
            public("text"),
            public("aws", {"AWS": "*"}),
            public("list", {"AWS": [ROOT, "*"]}),
            gives("not-principal", Principal=None, NotPrincipal={"AWS": ROOT}, Condition=None),
            resource(BUCKET, {"policy": gives(Principal="*", Condition=None).properties["policy"]}, name="inline"),
        ),
        violated=("text", "aws", "list", "not-principal", "inline"),
        says="is for anybody",
    ),
    ("S3-11", "violating: conditions that do not bind"): Case(
        resources=(
            public("agent", StringLike={"aws:UserAgent": "mine"}),
            public("address", IpAddress={"aws:SourceIp": "203.0.113.0/24"}),
            public("pattern", StringLike={"aws:PrincipalOrgID": "o-*"}),
            public("if-exists", StringEqualsIfExists={"aws:PrincipalAccount": DEVELOPMENT}),
            public("for-all", **{"ForAllValues:StringEquals": {"aws:PrincipalAccount": DEVELOPMENT}}),
            public("negated", StringNotEquals={"aws:PrincipalAccount": FOREIGN}),
            public("one-of", StringLike={"aws:SourceVpce": ["vpce-1", "*"]}),
            public("any-account", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:role/x"}),
            public("no-account", StringLike={"aws:PrincipalArn": "*/x"}),
            public("tls", Bool={"aws:SecureTransport": "true"}),
        ),
        violated=(
            *(
                "agent",
                "address",
                "pattern",
                "if-exists",
                "for-all",
                "negated",
                "one-of",
                "any-account",
                "no-account",
                "tls",
            ),
        ),
    ),
    ("S3-11", "violating: no document"): Case(
        resources=(NO_DOCUMENT,), violated=("thing",), says="policy is no policy document"
    ),
    ("S3-11", "passing"): Case(
        resources=(
            gives(),
            policy(TLS, name="deny"),
            public("account", StringEquals={"aws:PrincipalAccount": [DEVELOPMENT, STAGING]}),
            public("organisation", StringEquals={"aws:PrincipalOrgID": "o-abcdefghij"}),
            public("endpoint", StringEquals={"aws:SourceVpce": "vpce-1"}),
            public("role", ArnLike={"aws:PrincipalArn": f"{JOB}*"}),
        )
    ),
    ("S3-11", "not applicable"): Case(resources=(bucket(), resource(BUCKET_POLICY, {}))),
    ("S3-11", "unknown"): Case(
        resources=(
            resource(BUCKET_POLICY, {"policy": UNKNOWN}, name="whole"),
            public("condition", StringEquals={"aws:SourceVpce": UNKNOWN}),
            gives("principal", Principal={"AWS": [ROOT, UNKNOWN]}),
        ),
        undecided=("policy", "policy.Statement[0].Condition", "policy.Statement[0].Principal"),
    ),
    ("S3-11", "unknown: the known part is judged"): Case(
        resources=(policy(UNKNOWN, {"Effect": "Allow", "Principal": "*", "Action": UNKNOWN, "Resource": UNKNOWN}),),
        violated=("thing",),
        undecided=("policy.Statement[0].Effect",),
    ),
    ("S3-12", "violating"): Case(
        resources=(
            gives("account", Principal={"AWS": FOREIGN}),
            gives("role", Principal={"AWS": [STAGING, f"arn:aws:iam::{FOREIGN}:role/x"]}),
            gives("asked", Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": FOREIGN}}),
            gives("endpoint", Principal="*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
            gives("organisation", Principal="*", Condition={**READERS, "StringEquals": {"aws:PrincipalOrgID": "o-x"}}),
        ),
        violated=("account", "role", "asked", "endpoint", "organisation"),
        says="the configuration does not name",
    ),
    ("S3-12", "violating: whole accounts"): Case(
        resources=(
            gives("id", Condition=None),
            gives("root", Principal={"AWS": f"arn:aws:iam::{STAGING}:root"}, Condition=None),
            gives("own", Principal={"AWS": ROOT}, Condition=None),
            gives("pattern", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}),
            gives("users", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/x"}}),
            gives("if-exists", Condition={"ArnLikeIfExists": READERS["ArnLike"]}),
            gives("negated", Condition={"ArnNotLike": READERS["ArnLike"]}),
        ),
        violated=("id", "root", "own", "pattern", "users", "if-exists", "negated"),
        says="whole accounts",
    ),
    ("S3-12", "violating: more than reading"): Case(
        resources=(
            gives("write", Action=["s3:GetObject", "s3:PutObject"]),
            gives("pattern", Action="s3:Get*"),
            gives("all", Action="s3:*"),
            gives("not-action", Action=None, NotAction="s3:DeleteBucket"),
            gives("policy", Action="s3:PutBucketPolicy"),
        ),
        violated=("write", "pattern", "all", "not-action", "policy"),
        says="more than read",
    ),
    ("S3-12", "violating: producers, and more than they may"): Case(
        resources=(
            gives(
                "delete",
                Principal={"AWS": FOREIGN},
                Action=["s3:PutObject", "s3:DeleteObject"],
                Condition={"ArnLike": {"aws:PrincipalArn": PRODUCER}},
            ),
            gives(
                "others",
                Principal={"AWS": FOREIGN},
                Action="s3:PutObject",
                Condition={"ArnLike": {"aws:PrincipalArn": [PRODUCER, f"{PRODUCER}2"]}},
            ),
        ),
        violated=("delete", "others"),
        says="more than read",
        context=WITH_PRODUCER,
    ),
    ("S3-12", "violating: services for anybody"): Case(
        resources=(
            gives("none", Principal={"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject", Condition=None),
            gives(
                "theirs",
                Principal={"Service": "logging.s3.amazonaws.com"},
                Condition={"StringEquals": {"aws:SourceAccount": FOREIGN}},
            ),
        ),
        violated=("none", "theirs"),
        says="for anybody",
    ),
    ("S3-12", "violating: no accounts"): Case(
        resources=(
            gives(Principal={"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}),
        ),
        violated=("thing",),
    ),
    ("S3-12", "passing"): Case(
        resources=(
            gives(),
            gives("list", Action="s3:ListBucket", Resource=arns()[0]),
            gives("own-role", Principal={"AWS": JOB}, Action=["s3:GetObject", "s3:PutObject"], Condition=None),
            gives("own", Principal={"AWS": ROOT}, Action="s3:Put*", Condition={"ArnEquals": {"aws:PrincipalArn": JOB}}),
            gives("deny", Effect="Deny", Principal="*", Action="s3:*", Condition=None),
            gives(
                "service",
                Principal={"Service": "logging.s3.amazonaws.com"},
                Action="s3:PutObject",
                Condition={"StringEquals": {"aws:SourceAccount": DEVELOPMENT}},
            ),
        )
    ),
    ("S3-12", "passing: producers write"): Case(
        resources=(
            gives(
                Principal={"AWS": FOREIGN},
                Action=["s3:PutObject", "s3:AbortMultipartUpload"],
                Condition={"ArnLike": {"aws:PrincipalArn": [PRODUCER]}},
            ),
        ),
        context=WITH_PRODUCER,
    ),
    ("S3-12", "passing: by organisation"): Case(
        resources=(
            gives(Principal="*", Condition={**READERS, "StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}),
        ),
        context=OF_ORGANIZATION,
    ),
    ("S3-12", "not applicable"): Case(resources=(bucket(), NO_DOCUMENT)),
    ("S3-12", "unknown"): Case(
        resources=(
            gives("principal", Principal=UNKNOWN),
            gives("action", Action=["s3:GetObject", UNKNOWN]),
            gives("condition", Condition={"ArnLike": {"aws:PrincipalArn": UNKNOWN}}),
        ),
        undecided=(
            "policy.Statement[0].Principal",
            "policy.Statement[0].Action",
            "policy.Statement[0].Condition",
        ),
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
