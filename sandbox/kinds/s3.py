"""Buckets and their settings, each a resource of its own."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from sandbox.kinds.base import Call, Kind, Made, replaces
from sandbox.policies import BUCKET as BUCKET_POLICY
from sandbox.policies import check, principals, resources
from sandbox.refusal import Refusal
from sandbox.world import BUCKET, Thing, World

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_LOG_DELIVERY = "logging.s3.amazonaws.com"
_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_RULES, _RULE_ID = 1_000, 255
_ACTIONS = (
    "abortIncompleteMultipartUpload",
    "expiration",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "transitions",
)
_NAME = re.compile(
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|\.mrap|--x-s3)$)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
)


def _check_bucket(call: Call) -> None:
    name = call.inputs["bucket"]
    if not _NAME.fullmatch(name) or ".." in name:
        raise Refusal("InvalidBucketName", f"The specified bucket is not valid: {name}")
    taken = call.world.bucket(name)
    if taken and call.old is None:
        if taken.account == call.account:
            raise Refusal(
                "BucketAlreadyOwnedByYou",
                f"Your previous request to create the named bucket succeeded and you already own it: {name}",
            )
        raise Refusal(
            "BucketAlreadyExists",
            f"The requested bucket name is not available: {name}. The name space is shared by all users",
        )


def _bucket(call: Call) -> Made:
    name = call.inputs["bucket"]
    domain = f"{name}.s3.{call.region}.amazonaws.com"
    return Made(
        id=name,
        outputs={
            "arn": f"arn:{call.partition}:s3:::{name}",
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": domain,
            "region": call.region,
        },
    )


def _not_empty(world: World, bucket: Thing) -> str | None:
    if bucket.inputs.get("forceDestroy"):
        return None
    region = str(bucket.outputs.get("region"))
    put = any(thing.inputs["bucket"] == bucket.id for thing in world.things(bucket.account, region, OBJECT))
    return (
        "BucketNotEmpty: The bucket you tried to delete is not empty" if put or bucket.outputs.get("objects") else None
    )


def own_bucket(call: Call, key: str = "bucket") -> Thing:
    """The bucket that a setting is about; it must be the account's own."""
    bucket = call.world.bucket(str(call.inputs[key]))
    if bucket is None:
        raise Refusal("NoSuchBucket", f"The specified bucket does not exist: {call.inputs[key]}")
    if bucket.account != call.account:
        raise Refusal("AccessDenied", f"{call.inputs[key]} belongs to another account")
    return bucket


def _check_setting(call: Call) -> None:
    own_bucket(call)


def _check_policy(call: Call) -> None:
    bucket = own_bucket(call)
    arn = bucket.outputs["arn"]
    statements = check(call.world, call.inputs["policy"], BUCKET_POLICY)
    if any(_public(statement) for statement in statements) and _blocks_public(call, bucket.id):
        raise Refusal(
            "AccessDenied", "Public policies are blocked by the BlockPublicPolicy setting in S3 Block Public Access"
        )
    for statement in statements:
        for resource in resources(statement):
            if resource != arn and not resource.startswith(f"{arn}/"):
                raise Refusal("MalformedPolicy", f"Policy has invalid resource: {resource}")


def _public(statement: Mapping[str, Any]) -> bool:
    """Whether a statement opens a bucket to everybody; one with a condition is left to S3's own analysis."""
    return statement["Effect"] == "Allow" and "*" in principals(statement, "AWS") and not statement.get("Condition")


def _blocks_public(call: Call, bucket: str) -> bool:
    block = call.find(_BLOCK, bucket)
    return block is not None and bool(block.inputs.get("blockPublicPolicy"))


def _check_versioning(call: Call) -> None:
    own_bucket(call)
    _refuse_other(call.inputs["versioningConfiguration"]["status"], ("Enabled", "Suspended", "Disabled"), "Status")


def _check_ownership(call: Call) -> None:
    own_bucket(call)
    known = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
    _refuse_other(call.inputs["rule"]["objectOwnership"], known, "ObjectOwnership")


def _refuse_other(value: object, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise Refusal("MalformedXML", f"The XML you provided was not well-formed: {what} {value}")


def _check_lifecycle(call: Call) -> None:
    own_bucket(call)
    rules: list[dict[str, Any]] = call.inputs.get("rules") or []
    if not 1 <= len(rules) <= _RULES:
        raise Refusal("MalformedXML", f"A lifecycle configuration has 1 to {_RULES} rules")
    names = [rule["id"] for rule in rules]
    if len(set(names)) < len(names):
        raise Refusal("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
    for rule in rules:
        _check_lifecycle_rule(rule)


def _check_lifecycle_rule(rule: Mapping[str, Any]) -> None:
    if len(rule["id"]) > _RULE_ID:
        raise Refusal("InvalidArgument", f"ID length should not exceed allowed limit of {_RULE_ID}")
    _refuse_other(rule["status"], ("Enabled", "Disabled"), "Status")
    if not any(rule.get(action) for action in _ACTIONS):
        raise Refusal("InvalidRequest", "At least one action needs to be specified in a rule")
    expiration: dict[str, Any] = rule.get("expiration") or {}
    if expiration.get("days") and expiration.get("expiredObjectDeleteMarker"):
        raise Refusal("MalformedXML", "ExpiredObjectDeleteMarker cannot be specified with Days")
    noncurrent: dict[str, Any] = rule.get("noncurrentVersionExpiration") or {}
    for days in (expiration.get("days"), noncurrent.get("noncurrentDays")):
        if days is not None and days < 1:
            raise Refusal("InvalidArgument", "'Days' for Expiration action must be a positive integer")


def _check_cors(call: Call) -> None:
    own_bucket(call)
    for rule in call.inputs["corsRules"]:
        for method in rule["allowedMethods"]:
            if method not in ("GET", "PUT", "HEAD", "POST", "DELETE"):
                raise Refusal("InvalidRequest", f"Found unsupported HTTP method in CORS config: {method}")
        for origin in rule["allowedOrigins"]:
            if origin.count("*") > 1:
                raise Refusal("InvalidRequest", f'AllowedOrigin "{origin}" can not have more than one wildcard.')


def _lets_logs_in(call: Call, target: Thing) -> bool:
    """Whether a bucket's policy lets S3 deliver its logs; what others made is taken as it is."""
    policy = call.find(POLICY, target.id)
    if policy is None:
        return target.seeded
    return any(
        statement["Effect"] == "Allow" and _LOG_DELIVERY in principals(statement, "Service")
        for statement in cast("list[Mapping[str, Any]]", json.loads(policy.inputs["policy"])["Statement"])
    )


def _check_logging(call: Call) -> None:
    bucket = own_bucket(call)
    target = call.world.bucket(str(call.inputs["targetBucket"]))
    if target is None or (target.account, target.region) != (bucket.account, bucket.region):
        raise Refusal(
            "InvalidTargetBucketForLogging",
            "The target bucket for logging does not exist, or is in another account or region",
        )
    if not _lets_logs_in(call, target):
        raise Refusal(
            "InvalidTargetBucketForLogging",
            f"You must give {_LOG_DELIVERY} write permission in the policy of the target bucket {target.id}",
        )


def _check_encryption(call: Call) -> None:
    own_bucket(call)
    for rule in call.inputs["rules"]:
        default = rule["applyServerSideEncryptionByDefault"]
        if default["sseAlgorithm"] not in ("AES256", "aws:kms", "aws:kms:dsse"):
            raise Refusal(
                "MalformedXML", f"The XML you provided was not well-formed: SSEAlgorithm {default['sseAlgorithm']}"
            )
        if default["sseAlgorithm"] == "AES256" and default.get("kmsMasterKeyId"):
            raise Refusal(
                "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms"
            )


def _setting(name: str, checked: Callable[[Call], None] = _check_setting) -> Kind:
    """A setting of a bucket: one a bucket, its id is the bucket's name."""
    module = name[0].lower() + name[1:]
    return Kind(
        token=f"aws:s3/{module}:{name}",
        make=lambda call: Made(id=str(call.inputs["bucket"])),
        check=checked,
        replaces=replaces("bucket"),
        tagged=False,
    )


KINDS = (
    Kind(
        token=BUCKET, make=_bucket, check=_check_bucket, replaces=replaces("bucket"), in_use=_not_empty, named="bucket"
    ),
    _setting("BucketVersioning", _check_versioning),
    _setting("BucketPublicAccessBlock"),
    _setting("BucketOwnershipControls", _check_ownership),
    _setting("BucketServerSideEncryptionConfiguration", _check_encryption),
    _setting("BucketLifecycleConfiguration", _check_lifecycle),
    _setting("BucketLogging", _check_logging),
    _setting("BucketPolicy", _check_policy),
    _setting("BucketCorsConfiguration", _check_cors),
)
