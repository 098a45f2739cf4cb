"""What CloudFormation's resource schemas say that a handler needs, and how Terraform's classic provider differs.

The schemas come with cfn-lint: each `handlers` entry lists the permissions of create, read, update and delete.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

from components.documents import Document
from tests.components.documents.reference import as_list

_SCHEMAS = files("cfnlint") / "data" / "schemas"
_OPERATIONS = ("create", "read", "update", "delete")

TYPES: Mapping[str, tuple[str, ...]] = {
    "aws-native:cloudformation:LambdaHook": ("AWS::CloudFormation::LambdaHook",),
    "aws:cloudwatch/eventBus:EventBus": ("AWS::Events::EventBus",),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": ("AWS::Events::EventBusPolicy",),
    "aws:cloudwatch/eventRule:EventRule": ("AWS::Events::Rule",),
    "aws:cloudwatch/eventTarget:EventTarget": ("AWS::Events::Rule",),
    "aws:cloudwatch/logGroup:LogGroup": ("AWS::Logs::LogGroup",),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": ("AWS::Logs::ResourcePolicy",),
    "aws:codeartifact/domain:Domain": ("AWS::CodeArtifact::Domain",),
    "aws:codeartifact/domainPermissions:DomainPermissions": ("AWS::CodeArtifact::Domain",),
    "aws:codeartifact/repository:Repository": ("AWS::CodeArtifact::Repository",),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": ("AWS::CodeArtifact::Repository",),
    "aws:codecommit/approvalRuleTemplate:ApprovalRuleTemplate": (),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("AWS::EC2::SecurityGroup",),
    "aws:ec2/eip:Eip": ("AWS::EC2::EIP",),
    "aws:ec2/flowLog:FlowLog": ("AWS::EC2::FlowLog",),
    "aws:ec2/internetGateway:InternetGateway": ("AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment"),
    "aws:ec2/natGateway:NatGateway": ("AWS::EC2::NatGateway",),
    "aws:ec2/route:Route": ("AWS::EC2::Route",),
    "aws:ec2/routeTable:RouteTable": ("AWS::EC2::RouteTable",),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": ("AWS::EC2::SubnetRouteTableAssociation",),
    "aws:ec2/securityGroup:SecurityGroup": ("AWS::EC2::SecurityGroup",),
    "aws:ec2/subnet:Subnet": ("AWS::EC2::Subnet",),
    "aws:ec2/vpc:Vpc": ("AWS::EC2::VPC",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("AWS::EC2::VPCEndpoint",),
    "aws:iam/policy:Policy": ("AWS::IAM::ManagedPolicy",),
    "aws:iam/role:Role": ("AWS::IAM::Role",),
    "aws:iam/rolePolicy:RolePolicy": ("AWS::IAM::RolePolicy",),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": ("AWS::IAM::Role",),
    "aws:kms/alias:Alias": ("AWS::KMS::Alias",),
    "aws:kms/key:Key": ("AWS::KMS::Key",),
    "aws:lambda/function:Function": ("AWS::Lambda::Function",),
    "aws:route53/resolverFirewallConfig:ResolverFirewallConfig": (),
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": ("AWS::Route53Resolver::FirewallDomainList",),
    "aws:route53/resolverFirewallRule:ResolverFirewallRule": ("AWS::Route53Resolver::FirewallRuleGroup",),
    "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup": ("AWS::Route53Resolver::FirewallRuleGroup",),
    "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": (
        "AWS::Route53Resolver::FirewallRuleGroupAssociation",
    ),
    "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": ("AWS::Route53Resolver::ResolverQueryLoggingConfig",),
    "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation": (
        "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
    ),
    "aws:s3/bucket:Bucket": ("AWS::S3::Bucket",),
    "aws:s3/bucketObjectv2:BucketObjectv2": (),
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration": ("AWS::S3::Bucket",),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("AWS::S3::Bucket",),
    "aws:s3/bucketLogging:BucketLogging": ("AWS::S3::Bucket",),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": ("AWS::S3::Bucket",),
    "aws:s3/bucketPolicy:BucketPolicy": ("AWS::S3::BucketPolicy",),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ("AWS::S3::Bucket",),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ("AWS::S3::Bucket",),
    "aws:s3/bucketVersioning:BucketVersioning": ("AWS::S3::Bucket",),
    "aws:sagemaker/domain:Domain": ("AWS::SageMaker::Domain",),
    "aws:sagemaker/mlflowApp:MlflowApp": ("AWS::SageMaker::MlflowApp",),
    "aws:sagemaker/servicecatalogPortfolioStatus:ServicecatalogPortfolioStatus": (),
    "aws:sagemaker/userProfile:UserProfile": ("AWS::SageMaker::UserProfile",),
    "aws:servicecatalog/constraint:Constraint": ("AWS::ServiceCatalog::LaunchRoleConstraint",),
    "aws:servicecatalog/portfolio:Portfolio": ("AWS::ServiceCatalog::Portfolio",),
    "aws:servicecatalog/principalPortfolioAssociation:PrincipalPortfolioAssociation": (
        "AWS::ServiceCatalog::PortfolioPrincipalAssociation",
    ),
    "aws:servicecatalog/product:Product": ("AWS::ServiceCatalog::CloudFormationProduct",),
    "aws:servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation": (
        "AWS::ServiceCatalog::PortfolioProductAssociation",
    ),
    "aws:servicecatalog/provisioningArtifact:ProvisioningArtifact": ("AWS::ServiceCatalog::CloudFormationProduct",),
    "aws:sns/topic:Topic": ("AWS::SNS::Topic",),
    "aws:sns/topicPolicy:TopicPolicy": ("AWS::SNS::TopicPolicy",),
    "aws:ssm/parameter:Parameter": ("AWS::SSM::Parameter",),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("AWS::EC2::SecurityGroupEgress",),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("AWS::EC2::SecurityGroupIngress",),
}
"""Pulumi's token -> CloudFormation's types whose handlers do the same; none where CloudFormation has no such type."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Where Terraform's classic provider, which Pulumi's bridges, needs other permissions than CloudFormation's handlers.

    Attributes:
        where: The token that needs the actions, or the CloudFormation type whose handlers list them in vain.
        actions: IAM actions; `*` as in a policy.
        reason: Why.
    """

    where: str
    actions: tuple[str, ...]
    reason: str


NEEDED_TOO: tuple[Difference, ...] = (
    Difference(
        where="aws-native:cloudformation:LambdaHook",
        actions=(
            "cloudformation:CreateResource",
            "cloudformation:DeleteResource",
            "cloudformation:GetResource",
            "cloudformation:GetResourceRequestStatus",
            "cloudformation:UpdateResource",
        ),
        reason="the native provider works through the Cloud Control API, one call an operation, and asks for its progress",
    ),
    Difference(
        where="aws:lambda/function:Function",
        actions=("lambda:ListVersionsByFunction",),
        reason="the provider reads the newest version of a function",
    ),
    Difference(
        where="aws:codecommit/approvalRuleTemplate:ApprovalRuleTemplate",
        actions=(
            "codecommit:CreateApprovalRuleTemplate",
            "codecommit:DeleteApprovalRuleTemplate",
            "codecommit:GetApprovalRuleTemplate",
            "codecommit:UpdateApprovalRuleTemplateContent",
            "codecommit:UpdateApprovalRuleTemplateDescription",
            "codecommit:UpdateApprovalRuleTemplateName",
        ),
        reason="no CloudFormation type; one API call an operation",
    ),
    Difference(
        where="aws:route53/resolverFirewallConfig:ResolverFirewallConfig",
        actions=("route53resolver:GetFirewallConfig", "route53resolver:UpdateFirewallConfig"),
        reason="no CloudFormation type; the VPC's setting is written and read",
    ),
    Difference(
        where="aws:sagemaker/servicecatalogPortfolioStatus:ServicecatalogPortfolioStatus",
        actions=(
            "sagemaker:DisableSagemakerServicecatalogPortfolio",
            "sagemaker:EnableSagemakerServicecatalogPortfolio",
            "sagemaker:GetSagemakerServicecatalogPortfolioStatus",
        ),
        reason="no CloudFormation type; the account's setting is switched and read",
    ),
    Difference(
        where="aws:iam/policy:Policy",
        actions=("iam:ListPolicyTags", "iam:TagPolicy", "iam:UntagPolicy"),
        reason="the provider tags managed policies (default tags); the handlers' type has no tags",
    ),
    Difference(
        where="aws:iam/role:Role",
        actions=("iam:ListInstanceProfilesForRole", "iam:ListRoleTags"),
        reason="the provider takes a role out of instance profiles before it deletes it, and lists tags by themselves",
    ),
    Difference(
        where="aws:s3/bucket:Bucket",
        actions=("s3:GetBucketRequestPayment", "s3:ListBucketVersions"),
        reason="the provider reads every setting of a bucket, and looks for versions of a bucket that is not empty",
    ),
    Difference(
        where="aws:ssm/parameter:Parameter",
        actions=("ssm:DescribeParameters", "ssm:GetParameter"),
        reason="the provider reads the value by GetParameter and the rest by DescribeParameters",
    ),
    Difference(
        where="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        actions=("ec2:ModifySecurityGroupRules",),
        reason="the provider changes a rule in place by its id",
    ),
    Difference(
        where="aws:sagemaker/domain:Domain",
        actions=(
            "kms:RetireGrant",
            "sso:AssociateProfile",
            "sso:CreateManagedApplicationInstance",
            "sso:DeleteManagedApplicationInstance",
            "sso:DisassociateProfile",
            "sso:GetManagedApplicationInstance",
            "sso:ListDirectoryAssociations",
            "sso:ListProfileAssociations",
            "sso:ListProfiles",
        ),
        reason="CreateDomain's own documentation: a domain's key, and its application and profiles in IAM Identity Center",
    ),
    Difference(
        where="aws:s3/bucket:Bucket",
        actions=(
            "s3:AbortMultipartUpload",
            "s3:DeleteObjectVersion",
            "s3:GetObject",
            "s3:GetObjectTagging",
            "s3:GetObjectVersion",
            "s3:PutObject",
            "s3:PutObjectTagging",
        ),
        reason="seed code, rules and templates are put into the artifacts and templates buckets by who deploys (access model, 9)",
    ),
)
"""What the classic provider needs although no handler lists it."""

NOT_NEEDED: tuple[Difference, ...] = (
    Difference(
        where="AWS::Lambda::Function",
        actions=(
            "ec2:*",
            "elasticfilesystem:*",
            "kms:Encrypt",
            "lambda:AssociateRuntimeAlias",
            "lambda:DeleteFunctionCodeSigningConfig",
            "lambda:DeleteFunctionConcurrency",
            "lambda:GetCodeSigningConfig",
            "lambda:GetFunctionRecursionConfig",
            "lambda:GetFunctionScalingConfig",
            "lambda:GetLayerVersion",
            "lambda:GetRuntimeManagementConfig",
            "lambda:PassCapacityProvider",
            "lambda:PublishVersion",
            "lambda:Put*",
            "s3files:*",
        ),
        reason="for functions in a VPC, with file systems, own keys, layers, signed code or reserved runs; ours has none",
    ),
    Difference(
        where="AWS::ServiceCatalog::PortfolioPrincipalAssociation",
        actions=("iam:GetGroup", "iam:GetUser"),
        reason="principals are roles",
    ),
    Difference(
        where="AWS::ServiceCatalog::CloudFormationProduct",
        actions=(
            "cloudformation:GetTemplate",
            "codestar-connections:*",
            "servicecatalog:DisassociateServiceActionFromProvisioningArtifact",
            "servicecatalog:ListServiceActionsForProvisioningArtifact",
        ),
        reason="versions come from S3, not from a stack or a repository, and have no service actions",
    ),
    Difference(
        where="AWS::SNS::Topic",
        actions=(
            "sns:GetDataProtectionPolicy",
            "sns:ListSubscriptionsByTopic",
            "sns:PutDataProtectionPolicy",
            "sns:Subscribe",
            "sns:Unsubscribe",
        ),
        reason="no data protection policy, and subscriptions are the platform team's own",
    ),
    Difference(
        where="AWS::EC2::EIP",
        actions=("ec2:AcceptAddressTransfer", "ec2:AssociateAddress"),
        reason="addresses are allocated here and associated by CreateNatGateway",
    ),
    Difference(
        where="AWS::EC2::FlowLog",
        actions=("autoscaling:DescribeTags",),
        reason="for flow logs of an auto-scaling group's interfaces; ours are a VPC's",
    ),
    Difference(
        where="AWS::EC2::NatGateway",
        actions=("ec2:*NatGatewayAddress",),
        reason="for secondary addresses; a NAT gateway has one",
    ),
    *(
        Difference(
            where=f"AWS::EC2::{kind}",
            actions=("ec2:UpdateSecurityGroupRuleDescriptions*",),
            reason="rules are resources of their own, changed by ModifySecurityGroupRules",
        )
        for kind in ("SecurityGroup", "SecurityGroupEgress", "SecurityGroupIngress")
    ),
    Difference(where="AWS::EC2::Subnet", actions=("ec2:*SubnetCidrBlock",), reason="for IPv6; subnets are IPv4 only"),
    Difference(
        where="AWS::EC2::VPC",
        actions=("ec2:CreateVpcEncryptionControl", "ec2:ModifyVpcTenancy"),
        reason="encryption controls and tenancy are not set",
    ),
    Difference(
        where="AWS::EC2::VPCGatewayAttachment",
        actions=("ec2:*VpnGateway*",),
        reason="the internet gateway is attached, there is no VPN",
    ),
    Difference(
        where="AWS::EC2::VPCEndpoint",
        actions=("vpc-lattice:*", "vpce:AllowMultiRegion"),
        reason="for service networks and services of other regions; our endpoints are to AWS's services of the region",
    ),
    Difference(
        where="AWS::Events::EventBus",
        actions=("kms:Encrypt", "kms:ReEncrypt*"),
        reason="for a bus with a customer's key; ours carries alarm states, no data",
    ),
    Difference(
        where="AWS::IAM::ManagedPolicy",
        actions=("iam:*GroupPolicy", "iam:*UserPolicy"),
        reason="guards are attached to roles, never to users or groups",
    ),
    Difference(
        where="AWS::IAM::Role",
        actions=("iam:DeleteRolePermissionsBoundary",),
        reason="no role is ever without the boundary; it is denied",
    ),
    Difference(
        where="AWS::KMS::Key",
        actions=("kms:DisableKeyRotation",),
        reason="every key is rotated",
    ),
    Difference(
        where="AWS::Logs::LogGroup",
        actions=(
            "firehose:TagDeliveryStream",
            "logs:*DataProtectionPolicy",
            "logs:*IndexPolic*",
            "logs:PutBearerTokenAuthentication",
            "logs:PutLogGroupDeletionProtection",
        ),
        reason="log groups have a key and a retention, nothing else",
    ),
    Difference(
        where="AWS::S3::Bucket",
        actions=(
            "s3:*AnalyticsConfiguration",
            "s3:*BucketMetadata*",
            "s3:*IntelligentTieringConfiguration",
            "s3:*InventoryConfiguration",
            "s3:*MetricsConfiguration",
            "s3:*ObjectLockConfiguration",
            "s3:DeleteBucketReplication",
            "s3:Put*Replication*",
            "s3:*Website",
            "s3:PutAccelerateConfiguration",
            "s3:PutBucketAbac",
            "s3:PutBucketNotification",
            "s3tables:*",
        ),
        reason="features that no bucket here has; their absence is read where the provider reads it",
    ),
    Difference(
        where="AWS::S3::Bucket",
        actions=("s3:PutBucketAcl", "s3:PutObjectAcl"),
        reason="ACLs are off (BucketOwnerEnforced)",
    ),
    Difference(
        where="AWS::SageMaker::Domain",
        actions=("sagemaker:CreateApp", "sagemaker:DeleteApp", "sagemaker:DescribeApp", "sagemaker:DescribeImage*"),
        reason="applications are the users' own, and no custom image is set",
    ),
    Difference(
        where="AWS::SageMaker::UserProfile",
        actions=("sagemaker:DescribeImage*",),
        reason="no custom image is set",
    ),
)
"""What handlers list and the classic provider does not need for what the program registers."""


def needed(tokens: Iterable[str], exists: Callable[[str], bool]) -> frozenset[str]:
    """The IAM actions that the program's types need.

    Args:
        tokens: The types that the program registers.
        exists: Whether an action exists: handlers also list API calls and internal names that no policy can grant.
    """
    types = {cloudformation for token in tokens for cloudformation in TYPES[token]}
    listed = {action for cloudformation in types for action in used(cloudformation, NOT_NEEDED)}
    return frozenset(filter(exists, listed)) | {action for difference in NEEDED_TOO for action in difference.actions}


def used(cloudformation: str, not_needed: Iterable[Difference]) -> frozenset[str]:
    """What a type's handlers list, without what is not needed of it."""
    patterns = [
        pattern for difference in not_needed if difference.where == cloudformation for pattern in difference.actions
    ]
    return ungranted(handlers(cloudformation), patterns)


def granted(documents: Iterable[Document]) -> frozenset[str]:
    """Patterns of actions that documents allow."""
    return frozenset(
        action
        for document in documents
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    )


def ungranted(actions: Iterable[str], patterns: Iterable[str]) -> frozenset[str]:
    """Actions that no pattern covers; IAM takes either case."""
    lowered = [pattern.lower() for pattern in patterns]
    return frozenset(
        action for action in actions if not any(fnmatchcase(action.lower(), pattern) for pattern in lowered)
    )


def handlers(cloudformation: str) -> frozenset[str]:
    """The permissions of a type's handlers."""
    listed = schema(cloudformation)["handlers"]
    return frozenset(action for operation in _OPERATIONS for action in listed.get(operation, {}).get("permissions", []))


@cache
def schema(cloudformation: str) -> Mapping[str, Any]:
    """The schema of a type."""
    index: Mapping[str, str] = json.loads((_SCHEMAS / "providers" / "eu-west-1.json").read_text())
    return json.loads((_SCHEMAS / "resources" / f"{index[cloudformation]}.json").read_text())
