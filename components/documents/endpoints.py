"""Endpoint policies (access-model.md 8): our principals reach our resources, and what AWS owns that SageMaker needs; nothing else.

Principal is `*` narrowed by `aws:PrincipalAccount`: an account as principal means its root user in an endpoint policy. "Ours" is every
account of the environment, or the organisation. Source of the shape: AWS's data perimeter policy examples, `default_endpoint_policy.json`.
"""

from collections.abc import Mapping, Sequence

from components.documents import Conditions, Document, Statement, allow, document
from components.environment import Environment
from components.names import PROJECT_BUCKET_PREFIX, Bucket
from components.registries import repositories

_PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")

_WITHOUT_RESOURCE: Mapping[str, str] = {
    "sts": "sts:GetCallerIdentity",
    "codeartifact.api": "sts:GetServiceBearerToken",
}
"""Service -> an action of its callers that has no resource: it tells who they are, or signs them in to our packages."""


def s3(environment: Environment) -> Document:
    """The policy of an account's S3 gateway endpoint."""
    partition, region = environment.names.partition, environment.names.region
    buckets = _our_buckets(environment)
    return document(
        # `s3:*` is a ceiling over what the caller's own policies and the bucket's allow.
        allow(
            "AllowOurs",
            "s3:*",
            [arn for bucket in buckets for arn in (bucket, f"{bucket}/*")],
            principal="*",
            when=_ours(environment),
        ),
        # ECR answers with presigned addresses of its own bucket: those requests carry no principal of ours. CodeArtifact does so too, but
        # not for Python packages, and there are no others here.
        # Sources: ECR user guide, "Amazon ECR interface VPC endpoints", minimum S3 bucket permissions; CodeArtifact user guide, "Create the
        # Amazon S3 gateway endpoint".
        allow(
            "AllowImageLayers",
            "s3:GetObject",
            f"arn:{partition}:s3:::prod-{region}-starport-layer-bucket/*",
            principal="*",
        ),
    )


def interface(environment: Environment, service: str, actions: Sequence[str]) -> Document:
    """The policy of the interface endpoint of a service.

    Args:
        environment: The environment.
        service: Short name of the service (`ecr.api`).
        actions: The actions of that service.
    """
    # Resource `*` is bound by aws:ResourceAccount in the same statement.
    statements = [allow("AllowOurs", actions, "*", principal="*", when=_ours(environment))]
    if service.startswith("ecr."):
        statements += _aws_images(environment)
    if service in _WITHOUT_RESOURCE:
        statements.append(
            allow(
                "AllowIdentity",
                _WITHOUT_RESOURCE[service],
                "*",  # has no resource, so no resource account
                principal="*",
                when=_our_principals(environment),
            )
        )
    return document(*statements)


def _our_principals(environment: Environment) -> Conditions:
    if environment.organization:
        return {"StringEquals": {"aws:PrincipalOrgID": environment.organization}}
    return {"StringEquals": {"aws:PrincipalAccount": list(environment.accounts)}}


def _ours(environment: Environment) -> Conditions:
    if environment.organization:
        return {
            "StringEquals": {
                "aws:PrincipalOrgID": environment.organization,
                "aws:ResourceOrgID": environment.organization,
            }
        }
    accounts = list(environment.accounts)
    return {"StringEquals": {"aws:PrincipalAccount": accounts, "aws:ResourceAccount": accounts}}


def _our_buckets(environment: Environment) -> list[str]:
    names = environment.names
    existing = {
        f"arn:{names.partition}:s3:::{name.replace('{account}', '*')}"
        for bucket, name in names.existing_buckets.items()
        if bucket in set(Bucket)
    }
    own = [f"arn:{names.partition}:s3:::{start}*" for start in (f"{names.prefix}-", PROJECT_BUCKET_PREFIX)]
    return [*own, *sorted(existing)]


def _aws_images(environment: Environment) -> list[Statement]:
    """Images that AWS publishes for SageMaker may be pulled; nothing can be pushed to them."""
    names = environment.names
    images = [
        names.arn("ecr", f"repository/{repository}", account=account)
        for account, repository in repositories(names.region)
    ]
    statements = [
        allow("AllowSignIn", "ecr:GetAuthorizationToken", "*", principal="*", when=_our_principals(environment))
    ]
    if images:
        statements.append(
            allow("AllowPublishedImages", _PULL, images, principal="*", when=_our_principals(environment))
        )
    return statements
