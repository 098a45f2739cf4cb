"""Pulumi's state: a bucket for `pulumi login s3://` and a key, which also encrypts the stack's secrets (`awskms://`).

Both outlive their CloudFormation stack. The key is the gate: its policy names who may use it, and nothing else in the account can grant that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from components.documents import Document, Statement, allow, aws, deny, document
from components.documents.buckets import transport
from components.documents.keys import ADMINISTRATION, ALIASES
from components.names import Names

_KEPT_DAYS = 365
_KEY: Mapping[str, list[str]] = {"Fn::GetAtt": ["StateKey", "Arn"]}

READ = ("s3:GetObject", "s3:ListBucket")
WRITE = (*READ, "s3:DeleteObject", "s3:PutObject")
DECRYPT = ("kms:Decrypt",)
ENCRYPT = (*DECRYPT, "kms:Encrypt", "kms:GenerateDataKey")


def bucket(names: Names, account: str) -> str:
    """The state bucket's name."""
    return f"{names.prefix}-{account}-state"


def alias(names: Names) -> str:
    """The key's alias."""
    return f"alias/{names.prefix}-state"


def use(names: Names, account: str, *, write: bool) -> list[Statement]:
    """Statements of a role that reads, or reads and writes, the state. A preview takes no lock and writes nothing."""
    arn = f"arn:{names.partition}:s3:::{bucket(names, account)}"
    return [
        allow("State", WRITE if write else READ, [arn, f"{arn}/*"]),
        {**allow("StateKey", ENCRYPT if write else DECRYPT), "Resource": _KEY},
    ]


def resources(names: Names, account: str, writers: Sequence[str], readers: Sequence[str]) -> dict[str, Any]:
    """Bucket, bucket policy, key and alias.

    Args:
        names: The environment's names.
        account: The account that the state is in.
        writers: ARNs of who deploys; `*` allowed, as the roles of Identity Center need it.
        readers: ARNs of who previews.
    """
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return {
        "StateKey": {
            "Type": "AWS::KMS::Key",
            **kept,
            "Properties": {
                "Description": f"{names.prefix}: Pulumi's state and secrets",
                "EnableKeyRotation": True,
                "KeyPolicy": _key_policy(names, account, writers, readers),
            },
        },
        "StateAlias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": alias(names), "TargetKeyId": {"Ref": "StateKey"}},
        },
        "State": {"Type": "AWS::S3::Bucket", **kept, "Properties": _bucket(bucket(names, account))},
        "StatePolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "State"},
                "PolicyDocument": _bucket_policy(names, account, writers, readers),
            },
        },
    }


def _bucket(name: str) -> dict[str, Any]:
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": _KEY}
    return {
        "BucketName": name,
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": encryption}
            ]
        },
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "noncurrent-versions",
                    "Status": "Enabled",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": _KEPT_DAYS},
                }
            ]
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    }


def _by(names: Names, sid: str, actions: Sequence[str], resources: str | list[str], arns: Sequence[str]) -> Statement:
    """An Allow for roles by their accounts and ARNs: a role may come later, and `*` is no principal."""
    accounts = list(dict.fromkeys(names.root(arn.split(":")[4]) for arn in arns))
    return allow(sid, actions, resources, principal=aws(accounts), when={"ArnLike": {"aws:PrincipalArn": list(arns)}})


def _key_policy(names: Names, account: str, writers: Sequence[str], readers: Sequence[str]) -> Document:
    return document(
        allow("AllowAdministration", [*ADMINISTRATION, *ALIASES], "*", principal=aws(names.root(account))),
        _by(names, "AllowWriters", ENCRYPT, "*", writers),  # in a key policy: this key
        *([_by(names, "AllowReaders", DECRYPT, "*", readers)] if readers else []),
    )


def _bucket_policy(names: Names, account: str, writers: Sequence[str], readers: Sequence[str]) -> Document:
    arn = f"arn:{names.partition}:s3:::{bucket(names, account)}"
    encryption, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    other_key = deny("DenyOtherKey", "s3:PutObject", f"{arn}/*", principal="*", when={"Null": {key: "false"}})
    other_key["Condition"]["StringNotEquals"] = {key: _KEY}
    return document(
        *transport(arn),
        # Who names no encryption gets the bucket's own.
        deny(
            "DenyOtherEncryption",
            "s3:PutObject",
            f"{arn}/*",
            principal="*",
            when={"Null": {encryption: "false"}, "StringNotEquals": {encryption: "aws:kms"}},
        ),
        other_key,
        _by(names, "AllowWriters", WRITE, [arn, f"{arn}/*"], writers),
        *([_by(names, "AllowReaders", READ, [arn, f"{arn}/*"], readers)] if readers else []),
    )
