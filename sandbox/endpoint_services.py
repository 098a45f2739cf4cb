"""Endpoint services that the simulated regions offer.

Names: "AWS services that integrate with AWS PrivateLink". Whether a service takes endpoint policies is what `DescribeVpcEndpointServices`
answers for it; no service of this list is known to refuse them.
"""

from dataclasses import dataclass

GATEWAYS = (".s3", ".dynamodb")

_AMAZON = (
    "autoscaling",
    "cloudformation",
    "cloudtrail",
    "codeartifact.api",
    "codeartifact.repositories",
    "codebuild",
    "codecommit",
    "codeconnections.api",
    "codepipeline",
    "dynamodb",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "elasticfilesystem",
    "events",
    "git-codecommit",
    "kms",
    "lambda",
    "logs",
    "monitoring",
    "s3",
    "sagemaker.api",
    "sagemaker.featurestore-runtime",
    "sagemaker.metrics",
    "sagemaker.runtime",
    "secretsmanager",
    "servicecatalog",
    "sns",
    "sqs",
    "ssm",
    "sts",
)
_SAGEMAKER = ("experiments", "mlflow", "notebook", "studio")


@dataclass(frozen=True, kw_only=True)
class EndpointService:
    """One endpoint service of a region."""

    name: str
    policy_supported: bool = True


def find_service(name: str, region: str) -> EndpointService | None:
    """The endpoint service of a name, if the region offers it."""
    owner = "cn.com.amazonaws" if region.startswith("cn-") else "com.amazonaws"
    known = {f"{owner}.{region}.{key}" for key in _AMAZON} | {f"aws.sagemaker.{region}.{key}" for key in _SAGEMAKER}
    known |= {f"com.amazonaws.{region}{key}" for key in GATEWAYS}
    return EndpointService(name=name) if name in known else None
