"""The policy of a project's model package group: what the targets may read of it."""

from components.documents import Document, allow, aws, document
from components.environment import Environment
from components.names import Role

READ = (
    "sagemaker:CreateModel",
    "sagemaker:DescribeModelPackage",
    "sagemaker:DescribeModelPackageGroup",
    "sagemaker:ListModelPackages",
)
"""What a target does with a version: never UpdateModelPackage, with which the text's targets could flip an approval."""


def model_package_group(environment: Environment, group: str) -> Document:
    """The policy of a model package group of the development account.

    Whether such policies honour Condition is not documented; if they do not, the account is the grant, and the target's own policies narrow
    it to the two roles.

    Args:
        environment: The environment.
        group: Name of the group.
    """
    names = environment.names
    return document(
        allow(
            "AllowTargets",
            READ,
            [
                names.arn("sagemaker", f"model-package-group/{group}", account=environment.development),
                names.arn("sagemaker", f"model-package/{group}/*", account=environment.development),
            ],
            principal=aws(environment.accounts),
            when={
                "ArnLike": {
                    "aws:PrincipalArn": [
                        names.role_arn(role, "*") for role in (Role.STACK_SET_EXECUTION, Role.MODEL_EXECUTION)
                    ]
                }
            },
        )
    )
