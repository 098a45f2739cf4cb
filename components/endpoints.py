"""Interface endpoints: which services an account uses from its private network, and what each endpoint's policy may let through.

Service names: sagemaker-facts.md 2.1; "AWS services that integrate with AWS PrivateLink"; Studio's own list is the SageMaker developer
guide's "Connect Amazon SageMaker Studio in a VPC to external resources".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What an account does in its private network."""

    STUDIO = "studio"
    PROJECTS = "projects"
    BUILDS = "builds"
    JOBS = "jobs"
    FEATURES = "features"
    ENDPOINTS = "endpoints"
    TRACKING = "tracking"


DEVELOPMENT_USES = (Use.STUDIO, Use.PROJECTS, Use.BUILDS, Use.JOBS, Use.FEATURES, Use.ENDPOINTS)
"""What the development account does; `Use.TRACKING` comes with experiment tracking."""

TARGET_USES = (Use.ENDPOINTS,)
"""What a target account does: it serves models and monitors them."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """An AWS service with an interface endpoint.

    Attributes:
        uses: What needs it.
        owned_by: `com.amazonaws` or `aws.sagemaker`: the start of the endpoint service's name.
        actions: The IAM actions that its policy lets through.
    """

    uses: tuple[Use, ...]
    actions: tuple[str, ...]
    owned_by: str = "com.amazonaws"

    def endpoint_service(self, key: str, region: str, partition: str) -> str:
        """The endpoint service's name (`com.amazonaws.eu-west-1.kms`); China's are under `cn.com.amazonaws`."""
        if self.owned_by == "aws.sagemaker":
            return f"aws.sagemaker.{region}.{key}"
        owner = "cn.com.amazonaws" if partition == "aws-cn" else self.owned_by
        return f"{owner}.{region}.{key}"


_ALL = (Use.STUDIO, Use.PROJECTS, Use.BUILDS, Use.JOBS, Use.FEATURES, Use.ENDPOINTS)
_INTERACTIVE = (Use.STUDIO, Use.BUILDS)

# `service:*` in an endpoint policy is no grant: the policy is a ceiling over what the caller's own policies allow, and the statement that
# carries these actions bounds principals and resources to our accounts.
SERVICES: Mapping[str, Service] = {
    "cloudformation": Service(uses=(Use.PROJECTS, Use.BUILDS), actions=("cloudformation:*",)),
    "codeartifact.api": Service(uses=_INTERACTIVE, actions=("codeartifact:*",)),
    "codeartifact.repositories": Service(uses=_INTERACTIVE, actions=("codeartifact:*",)),
    "codebuild": Service(uses=(Use.PROJECTS, Use.BUILDS), actions=("codebuild:*",)),
    "codecommit": Service(uses=_INTERACTIVE, actions=("codecommit:*",)),
    "codeconnections.api": Service(uses=(), actions=("codeconnections:*", "codestar-connections:*")),
    "codepipeline": Service(uses=(Use.PROJECTS, Use.BUILDS), actions=("codepipeline:*",)),
    "ecr.api": Service(uses=_ALL, actions=("ecr:*",)),
    "ecr.dkr": Service(uses=_ALL, actions=("ecr:*",)),
    "events": Service(uses=(Use.PROJECTS,), actions=("events:*",)),
    "experiments": Service(uses=(), actions=("sagemaker-mlflow:*", "sagemaker:*"), owned_by="aws.sagemaker"),
    "git-codecommit": Service(uses=_INTERACTIVE, actions=("codecommit:*",)),
    "kms": Service(uses=_ALL, actions=("kms:*",)),
    "lambda": Service(uses=(), actions=("lambda:*",)),
    "logs": Service(uses=_ALL, actions=("logs:*",)),
    "mlflow": Service(uses=(Use.TRACKING,), actions=("sagemaker-mlflow:*", "sagemaker:*"), owned_by="aws.sagemaker"),
    "monitoring": Service(uses=_ALL, actions=("cloudwatch:*",)),
    "sagemaker.api": Service(uses=_ALL, actions=("sagemaker:*",)),
    "sagemaker.featurestore-runtime": Service(uses=(Use.FEATURES,), actions=("sagemaker:*",)),
    "sagemaker.metrics": Service(uses=(Use.STUDIO, Use.JOBS), actions=("sagemaker:*",)),
    "sagemaker.runtime": Service(uses=(Use.STUDIO, Use.BUILDS, Use.ENDPOINTS), actions=("sagemaker:*",)),
    "secretsmanager": Service(uses=(), actions=("secretsmanager:*",)),
    "servicecatalog": Service(uses=(Use.STUDIO, Use.PROJECTS), actions=("servicecatalog:*",)),
    "ssm": Service(uses=(Use.STUDIO, Use.PROJECTS, Use.BUILDS), actions=("ssm:*",)),
    "sts": Service(uses=_ALL, actions=("sts:*",)),
    "studio": Service(uses=(Use.STUDIO,), actions=("sagemaker:*",), owned_by="aws.sagemaker"),
}
"""Short name -> service. A service without uses is made only when `network.endpoints` lists it."""


def services_for(uses: tuple[Use, ...]) -> tuple[str, ...]:
    """Short names of the services that an account with these uses needs, in order."""
    return tuple(key for key, service in SERVICES.items() if set(service.uses) & set(uses))
