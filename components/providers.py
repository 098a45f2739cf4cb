"""Explicit providers, one an account: the only place where credentials are chosen.

Each is a plugin process that takes the deploy role of its account (made by `bootstrap/`) and refuses any other account.
"""

from collections.abc import Mapping

import pulumi_aws as aws
import pulumi_aws_native as aws_native

from components.config import Settings
from components.names import Role

SESSION_NAME = "pulumi-mlops"
"""Name of the deployer's sessions in CloudTrail."""


def account_provider(settings: Settings, account: str, *, name: str, role_arn: str | None = None) -> aws.Provider:
    """The provider of one account.

    Args:
        settings: The configuration.
        account: The account's id.
        name: Logical name; it is state, so it never changes for an account.
        role_arn: Another role than the deploy role, for the organisation.
    """
    return aws.Provider(
        name,
        region=settings.region,
        allowed_account_ids=[account],
        # The Args class, not a dict: a plain dict is sent as role_arn and ignored (pulumi/pulumi#18810).
        assume_roles=[
            aws.ProviderAssumeRoleArgs(
                role_arn=role_arn or settings.names.role_arn(Role.DEPLOYER, account),
                external_id=settings.deploy_role.external_id,
                session_name=SESSION_NAME,
            )
        ],
        default_tags=aws.ProviderDefaultTagsArgs(tags=environment_tags(settings)),
    )


def native_provider(settings: Settings, account: str, *, name: str) -> aws_native.Provider:
    """The second provider of one account, for what the classic one lacks: CloudFormation hooks, which take no tags.

    Args:
        settings: The configuration.
        account: The account's id.
        name: Logical name; it is state, so it never changes for an account.
    """
    return aws_native.Provider(
        name,
        region=settings.region,
        allowed_account_ids=[account],
        assume_role=aws_native.ProviderAssumeRoleArgs(
            role_arn=settings.names.role_arn(Role.DEPLOYER, account),
            external_id=settings.deploy_role.external_id,
            session_name=SESSION_NAME,
        ),
        # Its own default is to skip that, and with it the look at which account it is in.
        skip_credentials_validation=False,
    )


def organization_provider(settings: Settings) -> aws.Provider:
    """The provider that looks up organisational units; it creates nothing."""
    role = settings.organization.role
    account = settings.organization.account or (role.split(":")[4] if role else settings.accounts.development)
    return account_provider(settings, account, name="organization", role_arn=role)


def environment_tags(settings: Settings) -> Mapping[str, str]:
    """Tags of everything that can be tagged: the environment's own, then the configured ones."""
    return {"mlops:environment": settings.names.prefix, **settings.tags}
