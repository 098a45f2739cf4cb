"""Trust policies: who may take a role, and on whose behalf a service may.

Source conditions: SageMaker developer guide, "Cross-service confused deputy prevention", and the same pages of CodeBuild, EventBridge,
CloudFormation and VPC flow logs. Roles of other accounts are named as their account and `aws:PrincipalArn`: they may not exist yet.
"""

from collections.abc import Sequence

from components.documents import Conditions, Document, Statement, allow, aws, document, service
from components.environment import Environment
from components.names import Role

ASSUME = "sts:AssumeRole"
SET_SOURCE_IDENTITY = "sts:SetSourceIdentity"


def sagemaker(environment: Environment, account: str) -> Document:
    """SageMaker, for resources of this account and region."""
    return document(_by_service(environment, account, "sagemaker", "sagemaker", "*"))


def studio(environment: Environment, account: str) -> Document:
    """SageMaker for Studio, which names the user profile as source identity."""
    statement = _by_service(environment, account, "sagemaker", "sagemaker", "*")
    statement["Action"] = [ASSUME, SET_SOURCE_IDENTITY]
    return document(statement)


def events(environment: Environment, account: str) -> Document:
    """EventBridge, for rules of this account and region."""
    return document(_by_service(environment, account, "events", "events", "rule/*"))


def flow_logs(environment: Environment, account: str) -> Document:
    """VPC flow logs of this account and region."""
    return document(_by_service(environment, account, "vpc-flow-logs", "ec2", "vpc-flow-log/*"))


def stack_sets(environment: Environment, account: str) -> Document:
    """CloudFormation, for stack sets of this account and region."""
    return document(_by_service(environment, account, "cloudformation", "cloudformation", "stackset/*"))


def codebuild(environment: Environment, account: str) -> Document:
    """CodeBuild, for the projects' builds of this account and region."""
    return document(_by_service(environment, account, "codebuild", "codebuild", "project/sagemaker-*"))


def codepipeline(environment: Environment, account: str) -> Document:
    """CodePipeline, for this account; which source it names is not documented, so the account alone is asked."""
    del environment
    return document(_by_account(account, "codepipeline"))


def cloudformation(environment: Environment, account: str) -> Document:
    """CloudFormation, for stacks of this account; which source it names for a stack's role is not documented either."""
    del environment
    return document(_by_account(account, "cloudformation"))


def hooks(environment: Environment, account: str) -> Document:
    """CloudFormation hooks of this account and region.

    Source: CloudFormation user guide, "Use third-party extensions: IAM role trust policy for a Hook extension".
    """
    return document(_by_service(environment, account, "hooks.cloudformation", "cloudformation", "type/hook/*"))


def servicecatalog(environment: Environment, account: str) -> Document:
    """Service Catalog; which conditions the trust of a launch role knows is not documented."""
    del environment, account
    return document(allow("AllowService", ASSUME, principal=service("servicecatalog")))


def function(environment: Environment, account: str) -> Document:
    """Lambda, which gives a function its own role; its trust documents no source."""
    del environment, account
    return document(allow("AllowService", ASSUME, principal=service("lambda")))


def development_role(environment: Environment, role: Role) -> Document:
    """One role of the development account, and nobody else there."""
    return document(
        allow(
            "AllowDevelopment",
            ASSUME,
            principal=aws(environment.names.root(environment.development)),
            when={"ArnEquals": {"aws:PrincipalArn": environment.names.role_arn(role, environment.development)}},
        )
    )


def person(environment: Environment, principals: Sequence[str]) -> Document:
    """People: SAML providers, roles (Identity Center's may hold `*`), users or whole accounts.

    Everybody brings a source identity, which stays through every role that is taken from here: it names the person in CloudTrail, opens only
    the profile of that name, and separates who trained a model from who approves it. An IAM user's is the user's name; a role's session must
    be named like it; a SAML provider asserts it. Users need MFA; a session of a role carries no MFA key, so its provider must ask for it.
    The console's "Switch role" sends no source identity: who is not signed in by SAML calls `sts assume-role --source-identity`, and needs
    sts:SetSourceIdentity in the own policy. Source: IAM user guide, "Monitor and control actions taken with assumed roles".

    Args:
        environment: The environment.
        principals: ARNs; none given means the IAM users of the development account (refused by the configuration in `prod`).
    """
    given = principals or [environment.names.root(environment.development)]
    statements: list[Statement] = []
    saml = [arn for arn in given if ":saml-provider/" in arn]
    roles = [arn for arn in given if ":role/" in arn]
    users = [arn for arn in given if arn not in saml and arn not in roles]
    if saml:
        audience = (
            "https://signin.amazonaws.cn/saml"
            if environment.names.partition == "aws-cn"
            else "https://signin.aws.amazon.com/saml"
        )
        statements.append(
            allow(
                "AllowSaml",
                ["sts:AssumeRoleWithSAML", SET_SOURCE_IDENTITY],
                principal={"Federated": saml},
                when={"StringEquals": {"SAML:aud": audience}, "StringLike": {"sts:SourceIdentity": "?*"}},
            )
        )
    if roles:
        # The session's name is the last part of aws:userid (AROA...:name): nobody can bring somebody else's name.
        when: Conditions = {
            "ArnLike": {"aws:PrincipalArn": roles},
            "StringLike": {"aws:userid": "*:${sts:SourceIdentity}"},
        }
        statements.append(
            allow("AllowRoles", [ASSUME, SET_SOURCE_IDENTITY], principal=aws(_accounts(environment, roles)), when=when)
        )
    if users:
        when = {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "StringEquals": {"sts:SourceIdentity": "${aws:username}"},
        }
        statements.append(allow("AllowUsers", [ASSUME, SET_SOURCE_IDENTITY], principal=aws(users), when=when))
    return document(*statements)


def _accounts(environment: Environment, arns: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(environment.names.root(arn.split(":")[4]) for arn in arns))


def _by_account(account: str, principal: str) -> Statement:
    return allow(
        "AllowService",
        ASSUME,
        principal=service(principal),
        when={"StringEquals": {"aws:SourceAccount": account}},
    )


def _by_service(environment: Environment, account: str, principal: str, source: str, resource: str) -> Statement:
    return allow(
        "AllowService",
        ASSUME,
        principal=service(principal),
        when={
            "StringEquals": {"aws:SourceAccount": account},
            "ArnLike": {"aws:SourceArn": environment.names.arn(source, resource, account=account)},
        },
    )
