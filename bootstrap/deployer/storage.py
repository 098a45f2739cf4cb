"""Keys and buckets: their settings and policies, and objects of nothing but artifacts and templates."""

from collections.abc import Mapping

from components.documents import Conditions, Document, Statement, allow, deny, document
from components.documents.keys import CRYPTOGRAPHY
from components.documents.perimeter import OBJECT_ACTIONS
from components.documents.roles import parts
from components.environment import Environment
from components.names import ENVIRONMENT_TAG, Bucket, Key

_WRITTEN = (Bucket.ARTIFACTS, Bucket.TEMPLATES)


def storage(environment: Environment, account: str) -> Document:
    """What is done to buckets and keys, and with the objects of two buckets."""
    return document(
        _buckets(environment, account),
        *_contents(environment, account),
        *_keep_out(environment, account),
        *_keys(environment, account),
    )


def _buckets(environment: Environment, account: str) -> Statement:
    return allow(
        "Buckets",
        [
            f"s3:{action}"
            for action in (
                "CreateBucket",
                "DeleteBucket",
                "DeleteBucketPolicy",
                "GetAccelerateConfiguration",
                "GetBucket*",  # settings, none of them data
                "GetEncryptionConfiguration",
                "GetLifecycleConfiguration",
                "GetReplicationConfiguration",
                "ListBucket",
                "ListBucketVersions",
                "ListTagsForResource",
                "PutBucketCORS",
                "PutBucketLogging",
                "PutBucketOwnershipControls",
                "PutBucketPolicy",
                "PutBucketPublicAccessBlock",
                "PutBucketTagging",
                "PutBucketVersioning",
                "PutEncryptionConfiguration",
                "PutLifecycleConfiguration",
                "TagResource",
                "UntagResource",
            )
        ],
        [environment.names.bucket_arn(bucket, account) for bucket in Bucket],
    )


def _contents(environment: Environment, account: str) -> list[Statement]:
    """Seed code, rules and templates, and the data key for them, through S3."""
    names = environment.names
    data_key, by_alias = parts.key(environment, account, Key.DATA)
    through_s3 = {"kms:ViaService": f"s3.{names.region}.{names.dns_suffix}"}
    return [
        allow(
            "Contents",
            [
                f"s3:{action}"
                for action in (
                    "AbortMultipartUpload",
                    "DeleteObject",
                    "DeleteObjectVersion",
                    "GetObject",
                    "GetObjectTagging",
                    "GetObjectVersion",
                    "PutObject",
                    "PutObjectTagging",
                )
            ],
            [f"{names.bucket_arn(bucket, account)}/*" for bucket in _WRITTEN],
        ),
        allow(
            "ContentsKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            data_key,
            when={**by_alias, "StringEquals": through_s3, "StringLike": _artifacts(environment, account)},
        ),
    ]


def _keep_out(environment: Environment, account: str) -> list[Statement]:
    """The role writes the policies of buckets and keys, so it could let itself in; its own denial is none of those policies."""
    names = environment.names
    data = [f"{names.bucket_arn(bucket, '*')}/*" for bucket in Bucket if bucket not in _WRITTEN]
    keys = deny(
        "KeepFromKeys",
        CRYPTOGRAPHY,
        "*",  # any account's
        when={
            "StringNotLike": _artifacts(environment, account),
            "ForAllValues:StringNotEquals": {"kms:ResourceAliases": names.key_alias(Key.STORAGE)},
        },
    )
    # CreateDomain uses the storage key, and an existing one has an alias of its own.
    existing = sorted(found["storage"] for found in environment.existing_keys.values() if "storage" in found)
    if existing:
        del keys["Resource"]
        keys["NotResource"] = existing
    return [deny("KeepFromData", OBJECT_ACTIONS, data), keys]


def _artifacts(environment: Environment, account: str) -> Mapping[str, list[str]]:
    """The encryption context of artifacts: the bucket alone where S3 Bucket Keys are on, the object's ARN otherwise."""
    arn = environment.names.bucket_arn(Bucket.ARTIFACTS, account)
    return {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]}


def _keys(environment: Environment, account: str) -> list[Statement]:
    names = environment.names
    keys = names.arn("kms", "key/*", account=account)
    ours: Conditions = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": names.prefix}}
    tagged: Conditions = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": names.prefix}}
    return [
        allow("MakeKeys", "kms:CreateKey", "*", when=tagged),  # takes no resource
        # Asked for while a key is made, perhaps before its tags count; none of them uses a key or gives it away.
        allow(
            "SeeKeys",
            [
                "kms:DescribeKey",
                "kms:EnableKeyRotation",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:ListResourceTags",
            ],
            keys,
        ),
        # Only while a key is made, when it has no alias: whoever tags somebody else's key as ours could change its policy next.
        allow("TagNewKeys", "kms:TagResource", keys, when={**tagged, "Null": {"kms:ResourceAliases": "true"}}),
        allow(
            "ChangeKeys",
            [
                "kms:DisableKey",
                "kms:EnableKey",
                "kms:PutKeyPolicy",
                "kms:ScheduleKeyDeletion",
                "kms:TagResource",
                "kms:UntagResource",
                "kms:UpdateKeyDescription",
            ],
            keys,
            when=ours,
        ),
        allow(
            "Aliases",
            ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
            [keys, *(names.arn("kms", names.key_alias(key), account=account) for key in Key)],
        ),
        allow("ListAliases", "kms:ListAliases", "*"),  # takes no resource
    ]
