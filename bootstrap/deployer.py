"""The deploy role's policies: what the program's resource types need, and nothing that would let the role grow.

Three bounds hold everything: names (`P-...`), the environment's tag for what AWS names itself (networks, keys), and the permissions boundary
for every role that it makes. Two denials hold whatever else is granted: the role never reads data or models, and a preview's session only
reads settings. Sources: the handlers' permissions in CloudFormation's resource schemas, and AWS's service authorization reference.
"""

from collections.abc import Mapping, Sequence

from components.config import Settings
from components.documents import Conditions, Document, Statement, allow, aws, deny, document
from components.documents.keys import CRYPTOGRAPHY
from components.documents.perimeter import OBJECT_ACTIONS
from components.documents.roles import parts
from components.environment import Environment
from components.names import BOUNDARY, ENVIRONMENT_TAG, GUARDS, Bucket, Key, Role

STUDIO_ROLES = (Role.DATA_SCIENTIST_STUDIO, Role.ML_ENGINEER_STUDIO, Role.TRACKING)
"""Roles that the program itself hands to SageMaker; all others are passed by what projects make."""

OWN_POLICIES = "deployer-"
"""Start of the names of the deploy role's own managed policies, after `P-`."""

DEVELOPMENT = "development"
"""The policy that the deploy role has in the development account only."""

PIPELINE_ROLES: Mapping[str, str] = {"deploy": "CiDeploy", "preview": "CiPreview"}
"""What a pipeline does -> last part of its role's name (`bootstrap/pipeline.py` makes them)."""

READ_ONLY: Mapping[str, str] = {"aws:PrincipalTag/mlops:access": "read"}
"""What marks the session of a preview: a tag that follows through every role taken from there (STS, "Chaining roles with session tags")."""

_READS = ("Describe", "Get", "List")

_MADE = (
    "elastic-ip",
    "internet-gateway",
    "natgateway",
    "route-table",
    "security-group",
    "security-group-rule",
    "subnet",
    "vpc",
    "vpc-endpoint",
    "vpc-flow-log",
)


def policies(settings: Settings, account: str) -> dict[str, Document]:
    """The deploy role's policies, by name.

    Args:
        settings: The configuration.
        account: An account's id, or what stands for it in a template.
    """
    environment = Environment.of(settings)
    made = {
        "network": _network(settings, environment, account),
        "storage": _storage(environment, account),
        "services": _services(environment, account),
        DEVELOPMENT: _development(settings, environment, account),
    }
    if settings.roles.create:
        made["identity"] = _identity(environment, account)
    return made | {"preview": _preview(made)}


def _preview(made: Mapping[str, Document]) -> Document:
    """A preview runs the code of a pull request, so its session reads settings and nothing else; derived from what the role may at all."""
    allowed = [
        statement for built in made.values() for statement in built["Statement"] if statement["Effect"] == "Allow"
    ]
    actions = {action for statement in allowed for action in _as_list(statement["Action"])}
    reads = [
        action
        for action in actions
        if action.partition(":")[2].startswith(_READS) and not action.startswith("s3:GetObject")
    ]
    return document(
        {
            "Sid": "PreviewOnlyReads",
            "Effect": "Deny",
            "NotAction": sorted([*reads, "sts:GetCallerIdentity"]),
            "Resource": "*",  # whatever it is that would be changed
            "Condition": {"StringEquals": dict(READ_ONLY)},
        }
    )


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def trust(principal: str, external_id: str, *, preview: str | None = None) -> Document:
    """The deploy role's trust policy: who deploys, and who previews if anybody does; both bring the external id.

    Args:
        principal: ARN of who deploys, or what stands for it in a template.
        external_id: The external id, or what stands for it.
        preview: ARN of who previews; its session must carry the read-only tag, which then follows into this role.
    """
    bring = {"sts:ExternalId": external_id}
    statements = [allow("AllowDeployment", "sts:AssumeRole", principal=aws(principal), when={"StringEquals": bring})]
    if preview:
        statements.append(
            allow(
                "AllowPreview",
                ["sts:AssumeRole", "sts:TagSession"],
                principal=aws(preview),
                when={"StringEquals": {**bring, **READ_ONLY}},
            )
        )
    return document(*statements)


def organization_policies() -> dict[str, Document]:
    """The policy of the role that looks up organisational units: it lists accounts and nothing else."""
    return {
        "organization": document(
            allow(
                "ListAccounts",
                [
                    "organizations:ListAccountsForParent",
                    "organizations:ListOrganizationalUnitsForParent",
                ],
                "*",  # units below units: their ARNs are not known before they are listed
            )
        )
    }


def _network(settings: Settings, environment: Environment, account: str) -> Document:
    """The VPC and all in it: made with the environment's tag, and afterwards only what carries it."""
    ours: Conditions = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": environment.names.prefix}}
    tagged: Conditions = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": environment.names.prefix}}

    def ec2(*whats: str) -> list[str]:
        return [environment.names.arn("ec2", f"{what}/*", account=account) for what in whats]

    makes = [
        f"ec2:{action}"
        for action in (
            "AllocateAddress",
            "CreateFlowLogs",
            "CreateInternetGateway",
            "CreateNatGateway",
            "CreateRouteTable",
            "CreateSecurityGroup",
            "CreateSubnet",
            "CreateVpc",
            "CreateVpcEndpoint",
        )
    ]
    rules = ["ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress"]
    return document(
        allow("See", "ec2:Describe*", "*"),  # reads; EC2's take no resource
        allow(
            "Make",
            [*makes, *rules],
            ec2(*_MADE),
            when=tagged,
        ),
        allow(
            "WithinOurs",
            [*makes, *rules],
            ec2("elastic-ip", "route-table", "security-group", "subnet", "vpc"),
            when=ours,
        ),
        allow(
            "ChangeOurs",
            [
                f"ec2:{action}"
                for action in (
                    "AssociateRouteTable",
                    "AttachInternetGateway",
                    "CreateRoute",
                    "CreateTags",
                    "DeleteFlowLogs",
                    "DeleteInternetGateway",
                    "DeleteNatGateway",
                    "DeleteRoute",
                    "DeleteRouteTable",
                    "DeleteSecurityGroup",
                    "DeleteSubnet",
                    "DeleteTags",
                    "DeleteVpc",
                    "DeleteVpcEndpoints",
                    "DetachInternetGateway",
                    "DisassociateAddress",
                    "DisassociateRouteTable",
                    "ModifySecurityGroupRules",
                    "ModifySubnetAttribute",
                    "ModifyVpcAttribute",
                    "ModifyVpcEndpoint",
                    "ReleaseAddress",
                    "ReplaceRoute",
                    "ReplaceRouteTableAssociation",
                )
            ],
            environment.names.arn("ec2", "*", account=account),  # whatever carries our tag
            when=ours,
        ),
        allow(
            "TagWhatIsMade",
            "ec2:CreateTags",
            environment.names.arn("ec2", "*", account=account),  # whatever is being made
            when={
                "StringEquals": {
                    "ec2:CreateAction": [
                        *(action.removeprefix("ec2:") for action in (*makes, *rules)),
                    ]
                }
            },
        ),
        # A VPC's default group comes without our tag: it is tagged, and its rules are taken away. Revoking only ever closes.
        allow(
            "AdoptDefaultGroup",
            "ec2:CreateTags",
            ec2("security-group"),
            when={**tagged, "Null": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": "true"}},
        ),
        allow(
            "CloseGroups",
            ["ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
            ec2("security-group", "security-group-rule"),
        ),
        *_existing_networks(settings, environment, account, [*makes, *rules]),
        allow(
            "DnsFirewall",
            # Their ids are AWS's, and most of these actions take no tag condition; they are the account's own.
            [
                f"route53resolver:{action}"
                for action in (
                    "AssociateFirewallRuleGroup",
                    "AssociateResolverQueryLogConfig",
                    "CreateFirewallDomainList",
                    "CreateFirewallRule",
                    "CreateFirewallRuleGroup",
                    "CreateResolverQueryLogConfig",
                    "DeleteFirewallDomainList",
                    "DeleteFirewallRule",
                    "DeleteFirewallRuleGroup",
                    "DeleteResolverQueryLogConfig",
                    "DisassociateFirewallRuleGroup",
                    "DisassociateResolverQueryLogConfig",
                    "Get*",
                    "ImportFirewallDomains",
                    "List*",
                    "TagResource",
                    "UntagResource",
                    "UpdateFirewallConfig",
                    "UpdateFirewallDomains",
                    "UpdateFirewallRule",
                    "UpdateFirewallRuleGroupAssociation",
                )
            ],
            "*",
            when={"StringEquals": {"aws:ResourceAccount": account}},
        ),
    )


def _existing_networks(
    settings: Settings, environment: Environment, account: str, actions: Sequence[str]
) -> list[Statement]:
    """Endpoints, groups and rules in networks that the program does not make; ids are unique, so one list serves all accounts."""
    found = settings.network.existing.values()
    resources = sorted(
        {
            f"{what}/{identity}"
            for network in found
            for what, identities in (
                ("vpc", [network.vpc]),
                ("subnet", network.subnets),
                ("security-group", [network.workload_security_group, network.endpoint_security_group]),
            )
            for identity in identities
        }
    )
    if not resources:
        return []
    return [
        allow(
            "WithinExisting",
            actions,
            [environment.names.arn("ec2", resource, account=account) for resource in resources],
        )
    ]


def _storage(environment: Environment, account: str) -> Document:
    """Keys and buckets: their settings and policies, and objects of nothing but artifacts and templates."""
    names = environment.names
    buckets = [names.bucket_arn(bucket, account) for bucket in Bucket]
    written = (Bucket.ARTIFACTS, Bucket.TEMPLATES)
    contents = [f"{names.bucket_arn(bucket, account)}/*" for bucket in written]
    data = [f"{names.bucket_arn(bucket, '*')}/*" for bucket in Bucket if bucket not in written]
    artifact = names.bucket_arn(Bucket.ARTIFACTS, account)
    # The bucket alone where S3 Bucket Keys are on, the object's ARN otherwise.
    artifacts: Mapping[str, list[str]] = {"kms:EncryptionContext:aws:s3:arn": [artifact, f"{artifact}/*"]}
    keys = names.arn("kms", "key/*", account=account)
    ours: Conditions = {"StringEquals": {f"aws:ResourceTag/{ENVIRONMENT_TAG}": names.prefix}}
    tagged: Conditions = {"StringEquals": {f"aws:RequestTag/{ENVIRONMENT_TAG}": names.prefix}}
    data_key, by_alias = parts.key(environment, account, Key.DATA)
    through_s3 = f"s3.{names.region}.{names.dns_suffix}"
    return document(
        allow(
            "Buckets",
            [
                f"s3:{action}"
                for action in (
                    "CreateBucket",
                    "DeleteBucket",
                    "DeleteBucketPolicy",
                    "GetAccelerateConfiguration",
                    "GetBucket*",  # settings, none of them data
                    "GetEncryptionConfiguration",
                    "GetLifecycleConfiguration",
                    "GetReplicationConfiguration",
                    "ListBucket",
                    "ListBucketVersions",
                    "ListTagsForResource",
                    "PutBucketCORS",
                    "PutBucketLogging",
                    "PutBucketOwnershipControls",
                    "PutBucketPolicy",
                    "PutBucketPublicAccessBlock",
                    "PutBucketTagging",
                    "PutBucketVersioning",
                    "PutEncryptionConfiguration",
                    "PutLifecycleConfiguration",
                    "TagResource",
                    "UntagResource",
                )
            ],
            buckets,
        ),
        allow(
            "Contents",
            [
                f"s3:{action}"
                for action in (
                    "AbortMultipartUpload",
                    "DeleteObject",
                    "DeleteObjectVersion",
                    "GetObject",
                    "GetObjectTagging",
                    "GetObjectVersion",
                    "PutObject",
                    "PutObjectTagging",
                )
            ],
            contents,
        ),
        allow(
            "ContentsKey",
            ["kms:Decrypt", "kms:GenerateDataKey"],
            data_key,
            when={**by_alias, "StringEquals": {"kms:ViaService": through_s3}, "StringLike": artifacts},
        ),
        # The role writes the policies of these buckets and keys, so it could let itself in. Its own denial is none of those policies.
        deny("KeepFromData", OBJECT_ACTIONS, data),
        deny(
            "KeepFromDataKey",
            CRYPTOGRAPHY,
            "*",  # any account's
            when={
                "StringNotLike": artifacts,
                "ForAllValues:StringNotEquals": {"kms:ResourceAliases": names.key_alias(Key.STORAGE)},
            },
        ),
        allow("MakeKeys", "kms:CreateKey", "*", when=tagged),  # takes no resource
        # Asked for while a key is made, perhaps before its tags count; none of them uses a key or gives it away.
        allow(
            "SeeKeys",
            [
                "kms:DescribeKey",
                "kms:EnableKeyRotation",
                "kms:GetKeyPolicy",
                "kms:GetKeyRotationStatus",
                "kms:ListResourceTags",
            ],
            keys,
        ),
        allow("TagKeys", "kms:TagResource", keys, when=tagged),
        allow(
            "ChangeKeys",
            [
                "kms:DisableKey",
                "kms:EnableKey",
                "kms:PutKeyPolicy",
                "kms:ScheduleKeyDeletion",
                "kms:UntagResource",
                "kms:UpdateKeyDescription",
            ],
            keys,
            when=ours,
        ),
        allow(
            "Aliases",
            ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"],
            [keys, *(names.arn("kms", names.key_alias(key), account=account) for key in Key)],
        ),
        allow("ListAliases", "kms:ListAliases", "*"),  # takes no resource
    )


def _services(environment: Environment, account: str) -> Document:
    """Log groups, flow logs, query logs, events, parameters."""
    names = environment.names
    groups = [
        names.arn("logs", f"log-group:{start}*", account=account) for start in (f"/{names.prefix}/", "/aws/sagemaker/")
    ]
    return document(
        allow(
            "LogGroups",
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
            groups,
        ),
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


def _development(settings: Settings, environment: Environment, account: str) -> Document:
    """The domain, in the private network only, its profiles, project templates, experiment tracking; the approval rule template."""
    names = environment.names

    def sagemaker(*whats: str) -> list[str]:
        return [names.arn("sagemaker", f"{what}/*", account=account) for what in whats]

    private: Conditions = {"StringEqualsIfExists": {"sagemaker:AppNetworkAccessType": "VpcOnly"}}
    return document(
        allow("Domain", ["sagemaker:CreateDomain", "sagemaker:UpdateDomain"], sagemaker("domain"), when=private),
        allow(
            "Studio",
            [
                "sagemaker:AddTags",
                "sagemaker:CreateMlflowApp",
                "sagemaker:CreateUserProfile",
                "sagemaker:DeleteDomain",
                "sagemaker:DeleteMlflowApp",
                "sagemaker:DeleteTags",
                "sagemaker:DeleteUserProfile",
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeMlflowApp",
                "sagemaker:DescribeUserProfile",
                "sagemaker:ListTags",
                "sagemaker:UpdateMlflowApp",
                "sagemaker:UpdateUserProfile",
            ],
            sagemaker("domain", "mlflow-app", "user-profile"),
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


def _identity(environment: Environment, account: str) -> Document:
    """Roles with our boundary, guards, and nothing that would free a role: not the boundary, not the deploy role itself."""
    names = environment.names
    roles = names.arn("iam", f"role/{names.prefix}-*", account=account, region="")
    guards = [names.policy_arn(guard, account) for guard in GUARDS]
    boundary = names.policy_arn(BOUNDARY, account)
    bounded: Conditions = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return document(
        allow(
            "Roles",
            [
                "iam:CreateRole",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            roles,
            when=bounded,
        ),
        allow(
            "Guard",
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            roles,
            when={**bounded, "ArnEquals": {"iam:PolicyARN": guards}},
        ),
        allow(
            "Guards",
            [
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:TagPolicy",
                "iam:UntagPolicy",
            ],
            guards,
        ),
        allow("TagRoles", ["iam:TagRole", "iam:UntagRole"], roles),
        allow(
            "See",
            [
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListEntitiesForPolicy",
                "iam:ListInstanceProfilesForRole",
                "iam:ListPolicyTags",
                "iam:ListPolicyVersions",
                "iam:ListRolePolicies",
                "iam:ListRoleTags",
            ],
            [roles, *guards],
        ),
        # Whatever else somebody grants: the boundary stays on every role, as it is, and the deploy role cannot change or pass itself.
        deny("KeepBoundaries", "iam:DeleteRolePermissionsBoundary", "*"),
        deny(
            "KeepSelf",
            # Stars: every write of IAM, known and to come.
            [
                f"iam:{verb}*"
                for verb in (
                    "Add",
                    "Attach",
                    "Create",
                    "Delete",
                    "Detach",
                    "Pass",
                    "Put",
                    "Set",
                    "Tag",
                    "Untag",
                    "Update",
                )
            ],
            [
                boundary,
                names.policy_arn(f"{OWN_POLICIES}*", account),  # all of its own policies
                names.role_arn(Role.DEPLOYER, account),
                # Who can change the pipeline's roles deploys into every account.
                *(
                    names.arn("iam", f"role/{names.prefix}-{role}", account=account, region="")
                    for role in PIPELINE_ROLES.values()
                ),
            ],
        ),
    )
