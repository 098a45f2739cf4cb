"""Buckets and their settings, each a resource of its own."""

import re
from collections.abc import Callable

from sandbox.kinds.base import Call, Kind, Made, replaces
from sandbox.policies import BUCKET as BUCKET_POLICY
from sandbox.policies import check, resources
from sandbox.refusal import Refusal
from sandbox.world import BUCKET, Thing, World

POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_LOG_DELIVERY = "logging.s3.amazonaws.com"
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


def _not_empty(_: World, bucket: Thing) -> str | None:
    if bucket.inputs.get("forceDestroy"):
        return None
    return "BucketNotEmpty: The bucket you tried to delete is not empty" if bucket.outputs.get("objects") else None


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
    for statement in check(call.world, call.inputs["policy"], BUCKET_POLICY):
        for resource in resources(statement):
            if resource != arn and not resource.startswith(f"{arn}/"):
                raise Refusal("MalformedPolicy", f"Policy has invalid resource: {resource}")


def _check_logging(call: Call) -> None:
    bucket = own_bucket(call)
    target = call.world.bucket(str(call.inputs["targetBucket"]))
    if target is None or (target.account, target.region) != (bucket.account, bucket.region):
        raise Refusal(
            "InvalidTargetBucketForLogging",
            "The target bucket for logging does not exist, or is in another account or region",
        )


def _check_encryption(call: Call) -> None:
    own_bucket(call)
    for rule in call.inputs["rules"]:
        default = rule["applyServerSideEncryptionByDefault"]
        if default["sseAlgorithm"] not in ("AES256", "aws:kms", "aws:kms:dsse"):
            raise Refusal(
                "MalformedXML", f"The XML you provided was not well-formed: SSEAlgorithm {default['sseAlgorithm']}"
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
    _setting("BucketVersioning"),
    _setting("BucketPublicAccessBlock"),
    _setting("BucketOwnershipControls"),
    _setting("BucketServerSideEncryptionConfiguration", _check_encryption),
    _setting("BucketLifecycleConfiguration"),
    _setting("BucketLogging", _check_logging),
    _setting("BucketPolicy", _check_policy),
    _setting("BucketCorsConfiguration"),
)
