"""The hook of every account: its function, and what the native provider needs to make it."""

from bootstrap.deployer.services import function
from components.documents import Document, allow, document
from components.documents.roles import parts
from components.environment import Environment
from components.names import Role


def hook(environment: Environment, account: str) -> Document:
    """The function by name; CloudFormation's registry knows no resources, so there by call.

    The native provider works through the Cloud Control API, which calls in the deployer's own name: what it makes is bounded by everything else
    that the deployer may do.
    """
    return document(
        *function(environment, account, environment.names.hook_function, Role.HOOK, what="Hook"),
        allow(
            "CloudControl",
            [
                "cloudformation:CreateResource",
                "cloudformation:DeleteResource",
                "cloudformation:GetResource",
                "cloudformation:GetResourceRequestStatus",
                "cloudformation:UpdateResource",
            ],
            "*",  # take no resource
        ),
        allow(
            "Registry",
            [
                "cloudformation:ActivateType",
                "cloudformation:BatchDescribeTypeConfigurations",
                "cloudformation:DeactivateType",
                "cloudformation:DescribeType",
                "cloudformation:ListTypes",
                "cloudformation:SetTypeConfiguration",
            ],
            "*",  # take no resource
        ),
        parts.pass_roles(
            environment, account, [Role.HOOK_EXECUTION], "hooks.cloudformation.amazonaws.com", sid="PassExecutionRole"
        ),
    )
