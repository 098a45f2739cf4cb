"""Logs, events and parameters of every account; Studio and project templates of development."""

from collections.abc import Sequence

from components.config import Settings
from components.documents import Conditions, Document, Statement, allow, document
from components.documents.roles import parts
from components.environment import Environment
from components.names import ENVIRONMENT_TAG, Key, Role

STUDIO_ROLES = (Role.DATA_SCIENTIST_STUDIO, Role.ML_ENGINEER_STUDIO, Role.TRACKING)
"""Roles that the program itself hands to SageMaker; all others are passed by what projects make."""


def services(environment: Environment, account: str) -> Document:
    """Log groups, flow logs, query logs, events, parameters."""
    names = environment.names
    groups = [
        names.arn("logs", f"log-group:{start}*", account=account) for start in (f"/{names.prefix}/", "/aws/sagemaker/")
    ]
    return document(
        log_groups("LogGroups", groups),
        allow(
            "LogDelivery",
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DeleteResourcePolicy",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            "*",  # none of them takes a resource
        ),
        allow(
            "Events",
            [
                "events:CreateEventBus",
                "events:DeleteEventBus",
                "events:DeleteRule",
                "events:DescribeEventBus",
                "events:DescribeRule",
                "events:ListTagsForResource",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
                "events:TagResource",
                "events:UntagResource",
                "events:UpdateEventBus",
            ],
            [
                names.arn("events", resource, account=account)
                for resource in (f"event-bus/{names.event_bus}", f"rule/{names.alarm_rule}")
            ],
        ),
        allow("BusPolicy", ["events:PutPermission", "events:RemovePermission"], "*"),  # take no resource
        allow(
            "Parameters",
            [
                "ssm:AddTagsToResource",
                "ssm:DeleteParameter",
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:ListTagsForResource",
                "ssm:PutParameter",
                "ssm:RemoveTagsFromResource",
            ],
            names.arn("ssm", f"parameter{names.parameter('*')}", account=account),
        ),
        allow("ListParameters", "ssm:DescribeParameters", "*"),  # takes no resource
        _pass("Events", environment, account, [Role.EVENTS], "events"),
        _pass("FlowLogs", environment, account, [Role.FLOW_LOGS], "vpc-flow-logs"),
        _linked_role("QueryLogs", environment, account, "route53resolver"),
    )


def development(settings: Settings, environment: Environment, account: str) -> Document:
    """The domain, in the private network only, its profiles, project templates, experiment tracking; the approval rule template."""
    names = environment.names

    def sagemaker(*whats: str) -> list[str]:
        return [names.arn("sagemaker", f"{what}/*", account=account) for what in whats]

    private: Conditions = {"StringEqualsIfExists": {"sagemaker:AppNetworkAccessType": "VpcOnly"}}
    tagged: Conditions = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": names.prefix}}
    ours: Conditions = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": names.prefix}}
    studio = sagemaker("domain", "mlflow-app", "user-profile")
    return document(
        allow("MakeDomain", "sagemaker:CreateDomain", sagemaker("domain"), when={**private, **tagged}),
        allow("ChangeDomain", "sagemaker:UpdateDomain", sagemaker("domain"), when={**private, **ours}),
        allow("MakeStudio", ["sagemaker:CreateMlflowApp", "sagemaker:CreateUserProfile"], studio, when=tagged),
        # TaggingAction names the call that makes what is tagged; it is absent when something that exists is.
        allow(
            "TagNewStudio", "sagemaker:AddTags", studio, when={**tagged, "Null": {"sagemaker:TaggingAction": "false"}}
        ),
        allow(
            "ChangeStudio",
            [
                "sagemaker:AddTags",
                "sagemaker:DeleteDomain",
                "sagemaker:DeleteMlflowApp",
                "sagemaker:DeleteTags",
                "sagemaker:DeleteUserProfile",
                "sagemaker:UpdateMlflowApp",
                "sagemaker:UpdateUserProfile",
            ],
            studio,
            when=ours,
        ),
        allow(
            "SeeStudio",
            [
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeMlflowApp",
                "sagemaker:DescribeUserProfile",
                "sagemaker:ListTags",
            ],
            studio,
        ),
        allow(
            "ProjectTemplates",
            [
                "sagemaker:DisableSagemakerServicecatalogPortfolio",
                "sagemaker:EnableSagemakerServicecatalogPortfolio",
                "sagemaker:GetSagemakerServicecatalogPortfolioStatus",
            ],
            "*",  # a setting of the account: takes no resource
        ),
        *_domain_key(environment, account),
        _pass("Studio", environment, account, STUDIO_ROLES, "sagemaker"),
        # Studio's network interfaces and home file system are made by a role of SageMaker's own.
        _linked_role("Studio", environment, account, "sagemaker"),
        allow(
            "ApprovalRule",
            [
                "codecommit:CreateApprovalRuleTemplate",
                "codecommit:DeleteApprovalRuleTemplate",
                "codecommit:GetApprovalRuleTemplate",
                "codecommit:UpdateApprovalRuleTemplateContent",
                "codecommit:UpdateApprovalRuleTemplateDescription",
                "codecommit:UpdateApprovalRuleTemplateName",
            ],
            "*",  # none of them takes a resource
        ),
        *(_identity_center() if settings.studio.auth == "sso" else []),
    )


def log_groups(sid: str, arns: Sequence[str]) -> Statement:
    """Make and change log groups, with key, retention and tags."""
    return allow(
        sid,
        [
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteLogGroup",
            "logs:DeleteRetentionPolicy",
            "logs:DisassociateKmsKey",
            "logs:ListTagsForResource",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ],
        arns,
    )


def function(environment: Environment, account: str, name: str, role: Role, *, what: str) -> Sequence[Statement]:
    """Make and change a function, with its log group and its role."""
    group = environment.names.arn("logs", f"log-group:/aws/lambda/{name}", account=account)
    return (
        allow(
            f"{what}Function",
            [
                "lambda:CreateFunction",
                "lambda:DeleteFunction",
                "lambda:GetFunction",
                "lambda:GetFunctionCodeSigningConfig",
                "lambda:ListVersionsByFunction",
                "lambda:TagResource",
                "lambda:UntagResource",
                "lambda:UpdateFunctionCode",
                "lambda:UpdateFunctionConfiguration",
            ],
            environment.names.arn("lambda", f"function:{name}", account=account),
        ),
        log_groups(f"{what}Logs", [group, f"{group}:*"]),
        parts.pass_roles(environment, account, [role], "lambda.amazonaws.com", sid=f"Pass{what}Role"),
    )


def _pass(what: str, environment: Environment, account: str, roles: Sequence[Role], service: str) -> Statement:
    statement = parts.pass_roles(environment, account, roles, f"{service}.amazonaws.com")
    return statement | {"Sid": f"Pass{what}"}


def _linked_role(what: str, environment: Environment, account: str, service: str) -> Statement:
    """A service's own role, which comes with its first use."""
    name = f"{service}.amazonaws.com"
    return allow(
        f"LinkedRole{what}",
        "iam:CreateServiceLinkedRole",
        environment.names.arn("iam", f"role/aws-service-role/{name}/*", account=account, region=""),
        when={"StringEquals": {"iam:AWSServiceName": name}},
    )


def _domain_key(environment: Environment, account: str) -> list[Statement]:
    """CreateDomain's documented list on the storage key, which encrypts home and volumes by grants."""
    resource, by_alias = parts.key(environment, account, Key.STORAGE)
    return [
        allow(
            "DomainKeyGrants",
            "kms:CreateGrant",
            resource,
            when={**by_alias, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        allow(
            "DomainKey",
            ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:RetireGrant"],
            resource,
            when=by_alias,
        ),
    ]


def _identity_center() -> list[Statement]:
    """A domain with auth `sso` is an application of Identity Center, and its profiles are assignments; none takes a resource."""
    return [
        allow(
            "IdentityCenter",
            [
                "identitystore:DescribeUser",
                "identitystore:ListUsers",
                "sso:AssociateProfile",
                "sso:CreateManagedApplicationInstance",
                "sso:DeleteManagedApplicationInstance",
                "sso:DescribeInstance",
                "sso:DisassociateProfile",
                "sso:GetManagedApplicationInstance",
                "sso:ListDirectoryAssociations",
                "sso:ListInstances",
                "sso:ListProfileAssociations",
                "sso:ListProfiles",
            ],
            "*",
        )
    ]
