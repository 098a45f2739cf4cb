"""One bucket with everything that belongs to it: versions, encryption, no public access, no ACLs, life-cycle, access log, policy."""

from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import s3

from components.names import Bucket, Names

_STUDIO_ORIGIN = "https://*.sagemaker.aws"
_ACCESS_LOG_DAYS = 400


@dataclass(frozen=True, kw_only=True)
class SecureBucketArgs:
    """What a bucket needs.

    Attributes:
        names: The environment's names.
        account: The account it is in.
        bucket: What it is for.
        policy: Its policy, as JSON.
        key_arn: The key of its objects; None for SSE-S3 (templates, which a browser reads, and logs, where S3 refuses KMS).
        log_bucket: The bucket that takes its access logs; None for the log bucket itself.
        noncurrent_days: Days that a replaced or deleted version is kept.
        protect: Whether it is protected from deletion.
    """

    names: Names
    account: str
    bucket: Bucket
    policy: pulumi.Input[str]
    key_arn: pulumi.Input[str] | None
    log_bucket: pulumi.Input[str] | None
    noncurrent_days: int
    protect: bool


class SecureBucket(pulumi.ComponentResource):
    """A bucket of one account: versioned, public access blocked, owner enforced, encrypted, logged, with life-cycle rules and policy.

    Creates the bucket and its settings as resources of their own; the policy comes last, when the public access block is in place.

    Attributes:
        name: The bucket's name; known only once its policy is there.
        arn: Its ARN.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: SecureBucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:storage:SecureBucket", name, None, opts)
        child = ResourceOptions(parent=self)
        bucket = s3.Bucket(
            name,
            bucket=args.names.bucket(args.bucket, args.account),
            force_destroy=False,
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        block = s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        s3.BucketOwnershipControls(
            name,
            bucket=bucket.id,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        versioning = s3.BucketVersioning(
            name,
            bucket=bucket.id,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=child,
        )
        s3.BucketServerSideEncryptionConfiguration(
            name, bucket=bucket.id, rules=[_encryption(args.key_arn)], opts=child
        )
        s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.id,
            rules=_lifecycle(args),
            # Rules on noncurrent versions need versioning (Terraform documents the same order).
            opts=ResourceOptions(parent=self, depends_on=[versioning]),
        )
        if args.log_bucket is not None:
            s3.BucketLogging(
                name, bucket=bucket.id, target_bucket=args.log_bucket, target_prefix=f"{args.bucket.value}/", opts=child
            )
        if args.bucket is Bucket.TEMPLATES:
            s3.BucketCorsConfiguration(
                name,
                bucket=bucket.id,
                # Studio's page reads templates from the user's browser (SageMaker developer guide, custom project templates).
                cors_rules=[
                    s3.BucketCorsConfigurationCorsRuleArgs(
                        allowed_methods=["GET"], allowed_origins=[_STUDIO_ORIGIN], allowed_headers=["*"]
                    )
                ],
                opts=child,
            )
        policy = s3.BucketPolicy(
            name, bucket=bucket.id, policy=args.policy, opts=ResourceOptions(parent=self, depends_on=[block])
        )
        # Known once the policy is there: S3 refuses a log bucket whose policy does not let log delivery write yet.
        self.name = policy.bucket
        self.arn = bucket.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _encryption(key_arn: pulumi.Input[str] | None) -> s3.BucketServerSideEncryptionConfigurationRuleArgs:
    if key_arn is None:
        default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
    else:
        default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=key_arn
        )
    return s3.BucketServerSideEncryptionConfigurationRuleArgs(
        apply_server_side_encryption_by_default=default,
        # One data key a bucket instead of one an object; then the bucket's ARN is the encryption context.
        bucket_key_enabled=key_arn is not None,
    )


def _lifecycle(args: SecureBucketArgs) -> list[s3.BucketLifecycleConfigurationRuleArgs]:
    rules = [
        s3.BucketLifecycleConfigurationRuleArgs(
            id="noncurrent-versions",
            status="Enabled",
            filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
            abort_incomplete_multipart_upload=s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=7
            ),
            noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=args.noncurrent_days
            ),
            expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(expired_object_delete_marker=True),
        )
    ]
    if args.bucket is Bucket.LOGS:
        rules.append(
            s3.BucketLifecycleConfigurationRuleArgs(
                id="access-logs",
                status="Enabled",
                filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=_ACCESS_LOG_DAYS),
            )
        )
    return rules
