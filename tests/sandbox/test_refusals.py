"""What AWS refuses, and the smallest change that it accepts.

Every kind has inputs that are accepted in a furnished world (`tests/sandbox/furnished.py`); each case changes one thing of them, and is refused.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sandbox.kinds import KINDS, kind_of
from sandbox.lookups import Lookup, answer
from sandbox.policies import BUCKET, ENDPOINT, EVENT_BUS, INLINE, KEY, LOGS, MANAGED, TRUST, Place, check
from sandbox.refusal import Refusal, UnknownTypeError
from tests.sandbox.furnished import ACCEPTED, TEMPLATE_URL, Furnished, Inputs, allow, document, trusting
from tests.sandbox.programs import ACCOUNT, OTHER, REGION

ROOT_ARN = f"arn:aws:iam::{ACCOUNT}:root"
NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Furnished:
    """Furnished once; each test gets a copy."""
    furnished = Furnished(tmp_path_factory.mktemp("furnished") / "world.db")
    furnished.world.close()
    return furnished


@pytest.fixture
def world(tmp_path: Path, template: Furnished) -> Iterator[Furnished]:
    copy = template.copy(tmp_path / "world.db")
    yield copy
    copy.world.close()


Change = Inputs | Callable[[Furnished], Inputs]


def _inputs(world: Furnished, change: Change) -> Inputs:
    return change(world) if callable(change) else change


RULE_CHANGES: tuple[tuple[Change, str], ...] = (
    ({"cidrIpv4": None}, "InvalidParameterCombination"),
    ({"cidrIpv6": "::/0"}, "InvalidParameterCombination"),
    ({"cidrIpv4": "10.0.0.0/33"}, "InvalidParameterValue"),
    ({"cidrIpv4": None, "cidrIpv6": "10.0.0.0/8"}, "InvalidParameterValue"),
    ({"fromPort": None}, "InvalidParameterValue"),
    ({"fromPort": 444}, "InvalidParameterValue"),
    ({"toPort": 65_536}, "InvalidParameterValue"),
    ({"securityGroupId": "sg-0"}, "InvalidGroup.NotFound"),
    ({"description": "it's"}, "InvalidParameterValue"),
    ({"cidrIpv4": None, "prefixListId": "pl-00000000"}, "InvalidPrefixListID.NotFound"),
    (lambda w: {"cidrIpv4": None, "referencedSecurityGroupId": w["group-2"]}, "InvalidGroup.NotFound"),
    ({"cidrIpv4": "10.0.0.0/8"}, "InvalidPermission.Duplicate"),
)

LIFECYCLES: tuple[tuple[list[Inputs], str], ...] = (
    ([], "MalformedXML"),
    ([{"id": "a", "status": "On", "expiration": {"days": 1}}], "MalformedXML"),
    ([{"id": "a", "status": "Enabled"}], "InvalidRequest"),
    ([{"id": "a", "status": "Enabled", "expiration": {"days": 0}}], "InvalidArgument"),
    ([{"id": "a", "status": "Enabled", "expiration": {"days": 1}}] * 2, "InvalidArgument"),
    ([{"id": "a" * 256, "status": "Enabled", "expiration": {"days": 1}}], "InvalidArgument"),
    (
        [{"id": "a", "status": "Enabled", "expiration": {"days": 1, "expiredObjectDeleteMarker": True}}],
        "MalformedXML",
    ),
)

HOOK = "aws-native:cloudformation:LambdaHook"
HOOKS: tuple[tuple[Change, str], ...] = (
    ({"alias": None}, "MissingParameter"),
    ({"alias": "MLOps::Tests::Hook"}, "AlreadyExists"),
    ({"alias": "AWS::Tests::Hook"}, "ValidationException"),
    ({"alias": "MLOps::sm-mlops::Hook"}, "ValidationException"),
    ({"failureMode": "STOP"}, "ValidationException"),
    ({"hookStatus": "ON"}, "ValidationException"),
    ({"targetOperations": ["STACKS"]}, "InvalidRequest"),
    ({"targetOperations": ["STACK", "STACK"]}, "InvalidRequest"),
    ({"targetFilters": {"actions": ["READ"]}}, "InvalidRequest"),
    ({"stackFilters": {"filteringCriteria": "ALL"}}, "InvalidRequest"),
    ({"stackFilters": {"filteringCriteria": "ALL", "stackNames": {}}}, "InvalidRequest"),
    ({"stackFilters": {"filteringCriteria": "ALL", "stackNames": {"include": ["SC_*"]}}}, "InvalidRequest"),
    ({"executionRole": NOBODY}, "ValidationException"),
    (lambda w: {"executionRole": w.arn("function-role")}, "ValidationException"),
    (lambda w: {"lambdaFunction": f"{w.arn('function')}-none"}, "InvalidRequest"),
    (lambda w: {"lambdaFunction": w.arn("function").replace(ACCOUNT, OTHER)}, "InvalidRequest"),
)

ASSOCIATIONS: tuple[tuple[Change, str], ...] = (
    ({"priority": 100}, "ValidationException"),
    ({"priority": 9_900}, "ValidationException"),
    ({"priority": 101}, "ConflictException"),
    (lambda w: {"firewallRuleGroupId": w["dns-rules"]}, "ConflictException"),
    ({"vpcId": "vpc-0"}, "ResourceNotFoundException"),
    ({"firewallRuleGroupId": "none"}, "ResourceNotFoundException"),
)

DOMAIN_SETTINGS: tuple[Change, ...] = (
    lambda w: {"defaultUserSettings": {"executionRole": NOBODY, "securityGroups": [w["group"]]}},
    lambda w: {"defaultUserSettings": {"executionRole": w.arn("stranger"), "securityGroups": [w["group"]]}},
    lambda w: {"defaultUserSettings": {"executionRole": w.arn("worker")}},
    lambda w: {"defaultUserSettings": {"executionRole": w.arn("worker"), "securityGroups": [w["group-2"]]}},
    lambda w: {"defaultSpaceSettings": {"executionRole": w.arn("stranger")}},
    lambda w: w.idle(idleTimeoutInMinutes=59),
    lambda w: w.idle(idleTimeoutInMinutes=120, maxIdleTimeoutInMinutes=60),
)

REFUSED: tuple[tuple[str, Change, str], ...] = (
    # EC2
    ("ec2/vpc:Vpc", {"cidrBlock": "10.4.0.0/15"}, "InvalidVpc.Range"),
    ("ec2/vpc:Vpc", {"cidrBlock": "10.5.0.0/29"}, "InvalidVpc.Range"),
    ("ec2/vpc:Vpc", {"cidrBlock": "10.5.0.1/16"}, "InvalidParameterValue"),
    ("ec2/vpc:Vpc", {"cidrBlock": None}, "MissingParameter"),
    ("ec2/vpc:Vpc", {"instanceTenancy": "shared"}, "InvalidParameterValue"),
    ("ec2/vpc:Vpc", {"tags": {"aws:owner": "me"}}, "InvalidTag"),
    ("ec2/vpc:Vpc", {"tags": {str(number): "" for number in range(51)}}, "TooManyTags"),
    ("ec2/vpc:Vpc", {"tags": {"a": "b" * 257}}, "InvalidTag"),
    ("ec2/subnet:Subnet", {"vpcId": "vpc-0"}, "InvalidVpcID.NotFound"),
    ("ec2/subnet:Subnet", {"cidrBlock": "10.9.0.0/24"}, "InvalidSubnet.Range"),
    ("ec2/subnet:Subnet", {"cidrBlock": "10.0.0.0/25"}, "InvalidSubnet.Conflict"),
    ("ec2/subnet:Subnet", {"availabilityZone": "eu-west-2a"}, "InvalidParameterValue"),
    ("ec2/routeTable:RouteTable", {"vpcId": "vpc-0"}, "InvalidVpcID.NotFound"),
    (
        "ec2/routeTableAssociation:RouteTableAssociation",
        lambda w: {"routeTableId": w["table-2"]},
        "InvalidParameterValue",
    ),
    (
        "ec2/routeTableAssociation:RouteTableAssociation",
        lambda w: {"subnetId": w["subnet-b"]},
        "Resource.AlreadyAssociated",
    ),
    ("ec2/route:Route", {"gatewayId": None}, "MissingParameter"),
    ("ec2/route:Route", {"gatewayId": "igw-0"}, "InvalidInternetGatewayID.NotFound"),
    ("ec2/route:Route", {"gatewayId": None, "natGatewayId": "nat-0"}, "InvalidNatGatewayID.NotFound"),
    ("ec2/route:Route", lambda w: {"routeTableId": w["table-2"]}, "InvalidParameterValue"),
    ("ec2/route:Route", {"destinationCidrBlock": "192.0.2.0/24"}, "RouteAlreadyExists"),
    ("ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.eu-west-1.nothing"}, "InvalidServiceName"),
    ("ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.eu-west-2.sts"}, "InvalidServiceName"),
    ("ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Gateway"}, "InvalidServiceName"),
    ("ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "interface"}, "InvalidParameter"),
    ("ec2/vpcEndpoint:VpcEndpoint", {"vpcId": "vpc-0"}, "InvalidVpcId.NotFound"),
    ("ec2/vpcEndpoint:VpcEndpoint", lambda w: {"subnetIds": [w["subnet-of-2"]]}, "InvalidParameter"),
    (
        "ec2/vpcEndpoint:VpcEndpoint",
        lambda w: {"subnetIds": [w["subnet-a"], w["subnet-a2"]]},
        "DuplicateSubnetsInSameZone",
    ),
    ("ec2/vpcEndpoint:VpcEndpoint", {"securityGroupIds": ["sg-0"]}, "InvalidSecurityGroupId.NotFound"),
    ("ec2/vpcEndpoint:VpcEndpoint", lambda w: {"securityGroupIds": [w["group-2"]]}, "InvalidGroup.NotFound"),
    ("ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.eu-west-1.kms"}, "InvalidParameter"),
    (
        "ec2/vpcEndpoint:VpcEndpoint",
        lambda w: {"vpcId": w["vpc-2"], "subnetIds": [w["subnet-of-2"]], "securityGroupIds": [w["group-2"]]},
        "InvalidParameter",
    ),
    (
        "ec2/vpcEndpoint:VpcEndpoint",
        lambda w: {
            "serviceName": "com.amazonaws.eu-west-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": [w["table"]],
        },
        "RouteAlreadyExists",
    ),
    ("ec2/vpcEndpoint:VpcEndpoint", {"policy": document(allow("s3:*", "*", AWS=NOBODY))}, "InvalidPolicyDocument"),
    ("ec2/securityGroup:SecurityGroup", {"description": "it's"}, "InvalidParameterValue"),
    ("ec2/securityGroup:SecurityGroup", {"name": "a" * 256}, "InvalidParameterValue"),
    ("ec2/securityGroup:SecurityGroup", {"name": "sg-mine"}, "InvalidParameterValue"),
    ("ec2/securityGroup:SecurityGroup", {"name": "default"}, "InvalidParameterValue"),
    ("ec2/securityGroup:SecurityGroup", {"name": "group"}, "InvalidGroup.Duplicate"),
    ("ec2/securityGroup:SecurityGroup", {"vpcId": "vpc-0"}, "InvalidVpcID.NotFound"),
    ("ec2/defaultSecurityGroup:DefaultSecurityGroup", {"vpcId": "vpc-0"}, "InvalidVpcID.NotFound"),
    *(
        (f"vpc/securityGroup{way}Rule:SecurityGroup{way}Rule", change, code)
        for way in ("Ingress", "Egress")
        for change, code in RULE_CHANGES
    ),
    ("ec2/flowLog:FlowLog", {"vpcId": "vpc-0"}, "InvalidVpcId.NotFound"),
    ("ec2/flowLog:FlowLog", {"trafficType": "NONE"}, "InvalidParameter"),
    ("ec2/flowLog:FlowLog", {"maxAggregationInterval": 30}, "InvalidParameter"),
    ("ec2/flowLog:FlowLog", {"iamRoleArn": None}, "InvalidParameter"),
    ("ec2/flowLog:FlowLog", lambda w: {"iamRoleArn": w.arn("stranger")}, "ValidationException"),
    ("ec2/flowLog:FlowLog", {"logDestination": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:none"}, "InvalidParameter"),
    ("ec2/flowLog:FlowLog", {"logDestinationType": "s3", "logDestination": "arn:aws:s3:::none"}, "InvalidParameter"),
    ("ec2/flowLog:FlowLog", {"trafficType": "REJECT"}, "FlowLogAlreadyExists"),
    ("ec2/internetGateway:InternetGateway", {"vpcId": "vpc-0"}, "InvalidVpcID.NotFound"),
    ("ec2/internetGateway:InternetGateway", lambda w: {"vpcId": w["vpc"]}, "Resource.AlreadyAssociated"),
    ("ec2/eip:Eip", {"domain": "standard"}, "InvalidParameterValue"),
    ("ec2/natGateway:NatGateway", lambda w: {"subnetId": w["subnet-of-2"]}, "Gateway.NotAttached"),
    ("ec2/natGateway:NatGateway", {"subnetId": "subnet-0"}, "InvalidSubnetID.NotFound"),
    ("ec2/natGateway:NatGateway", {"allocationId": None}, "InvalidAllocationID.NotFound"),
    ("ec2/natGateway:NatGateway", lambda w: {"allocationId": w["address-of-nat"]}, "Resource.AlreadyAssociated"),
    # IAM
    ("iam/role:Role", {"name": "worker"}, "EntityAlreadyExists"),
    ("iam/role:Role", {"name": "a" * 65}, "ValidationException"),
    ("iam/role:Role", {"name": "a b"}, "ValidationException"),
    ("iam/role:Role", {"path": "team/"}, "ValidationException"),
    ("iam/role:Role", {"maxSessionDuration": 43_201}, "ValidationException"),
    ("iam/role:Role", {"description": "a" * 1_001}, "ValidationException"),
    ("iam/role:Role", {"permissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/none"}, "NoSuchEntity"),
    (
        "iam/role:Role",
        {"assumeRolePolicy": document(allow("sts:AssumeRole", None, AWS=NOBODY))},
        "MalformedPolicyDocument",
    ),
    ("iam/policy:Policy", {"name": "boundary"}, "EntityAlreadyExists"),
    ("iam/policy:Policy", {"name": "a" * 129}, "ValidationException"),
    ("iam/policy:Policy", {"policy": document(allow("s3:*", "*", AWS="*"))}, "MalformedPolicyDocument"),
    ("iam/rolePolicy:RolePolicy", {"role": "nobody"}, "NoSuchEntity"),
    ("iam/rolePolicy:RolePolicy", {"name": "a" * 129}, "ValidationException"),
    ("iam/rolePolicy:RolePolicy", {"policy": document(allow("s3:*", "a" * 10_000))}, "MalformedPolicyDocument"),
    ("iam/rolePolicy:RolePolicy", {"policy": document(allow("s3:*", "arn:aws:s3:::" + "a" * 6_000))}, "LimitExceeded"),
    ("iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "nobody"}, "NoSuchEntity"),
    (
        "iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/none"},
        "NoSuchEntity",
    ),
    ("iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "busy"}, "LimitExceeded"),
    # KMS
    (
        "kms/key:Key",
        {"policy": document(allow("kms:*", "*", AWS=f"arn:aws:iam::{OTHER}:root"))},
        "MalformedPolicyDocumentException",
    ),
    ("kms/key:Key", {"policy": document(allow("kms:Decrypt", "*", AWS=ROOT_ARN))}, "MalformedPolicyDocumentException"),
    (
        "kms/key:Key",
        {"policy": document(allow("kms:*", "*", AWS=[ROOT_ARN, NOBODY]))},
        "MalformedPolicyDocumentException",
    ),
    (
        "kms/key:Key",
        {"policy": document(allow("kms:*", "*", AWS=ROOT_ARN), allow("s3:*", "*", AWS=ROOT_ARN))},
        "MalformedPolicyDocumentException",
    ),
    ("kms/key:Key", {"policy": None, "deletionWindowInDays": 6}, "ValidationException"),
    ("kms/key:Key", {"rotationPeriodInDays": 89}, "ValidationException"),
    ("kms/key:Key", {"keyUsage": "SIGN"}, "ValidationException"),
    ("kms/alias:Alias", {"name": "alias/aws/mine"}, "NotAuthorizedException"),
    ("kms/alias:Alias", {"name": "mine"}, "ValidationException"),
    ("kms/alias:Alias", {"name": "alias/key"}, "AlreadyExistsException"),
    ("kms/alias:Alias", {"targetKeyId": "none"}, "NotFoundException"),
    # S3
    ("s3/bucket:Bucket", {"bucket": "data-of-tests"}, "BucketAlreadyOwnedByYou"),
    ("s3/bucket:Bucket", {"bucket": "foreign-of-tests"}, "BucketAlreadyExists"),
    *(
        ("s3/bucket:Bucket", {"bucket": name}, "InvalidBucketName")
        for name in ("ab", "a" * 64, "Upper", "under_score", "xn--a", "192.168.0.1", "two..dots", "-dash", "a-s3alias")
    ),
    ("s3/bucketVersioning:BucketVersioning", {"versioningConfiguration": {"status": "On"}}, "MalformedXML"),
    ("s3/bucketVersioning:BucketVersioning", {"bucket": "none-of-tests"}, "NoSuchBucket"),
    ("s3/bucketVersioning:BucketVersioning", {"bucket": "foreign-of-tests"}, "AccessDenied"),
    ("s3/bucketPublicAccessBlock:BucketPublicAccessBlock", {"bucket": "none-of-tests"}, "NoSuchBucket"),
    ("s3/bucketOwnershipControls:BucketOwnershipControls", {"rule": {"objectOwnership": "Mine"}}, "MalformedXML"),
    (
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "DES"}}]},
        "MalformedXML",
    ),
    (
        "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyId": "arn"}}]},
        "InvalidArgument",
    ),
    *(
        ("s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", {"rules": rules}, code)
        for rules, code in LIFECYCLES
    ),
    ("s3/bucketLogging:BucketLogging", {"targetBucket": "none-of-tests"}, "InvalidTargetBucketForLogging"),
    ("s3/bucketLogging:BucketLogging", {"targetBucket": "foreign-of-tests"}, "InvalidTargetBucketForLogging"),
    ("s3/bucketLogging:BucketLogging", {"targetBucket": "data-of-tests"}, "InvalidTargetBucketForLogging"),
    (
        "s3/bucketPolicy:BucketPolicy",
        {"policy": document(allow("s3:*", "arn:aws:s3:::other/*", AWS=ROOT_ARN))},
        "MalformedPolicy",
    ),
    (
        "s3/bucketPolicy:BucketPolicy",
        {"policy": document(allow("s3:*", "arn:aws:s3:::data-of-tests/*", AWS="*"))},
        "AccessDenied",
    ),
    (
        "s3/bucketPolicy:BucketPolicy",
        {"policy": document(allow("ec2:*", "arn:aws:s3:::data-of-tests/*", AWS=ROOT_ARN))},
        "MalformedPolicy",
    ),
    (
        "s3/bucketCorsConfiguration:BucketCorsConfiguration",
        {"corsRules": [{"allowedMethods": ["PATCH"], "allowedOrigins": ["*"]}]},
        "InvalidRequest",
    ),
    (
        "s3/bucketCorsConfiguration:BucketCorsConfiguration",
        {"corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["https://*.*"]}]},
        "InvalidRequest",
    ),
    # CloudWatch Logs and EventBridge
    ("cloudwatch/logGroup:LogGroup", {"name": "group"}, "ResourceAlreadyExistsException"),
    ("cloudwatch/logGroup:LogGroup", {"name": "a b"}, "InvalidParameterException"),
    ("cloudwatch/logGroup:LogGroup", {"name": "a" * 513}, "InvalidParameterException"),
    ("cloudwatch/logGroup:LogGroup", {"retentionInDays": 31}, "InvalidParameterException"),
    ("cloudwatch/logGroup:LogGroup", lambda w: {"kmsKeyId": w.arn("key")}, "InvalidParameterException"),
    (
        "cloudwatch/logGroup:LogGroup",
        {"kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/none"},
        "InvalidParameterException",
    ),
    ("cloudwatch/logResourcePolicy:LogResourcePolicy", {"policyDocument": "{"}, "InvalidParameterException"),
    ("cloudwatch/logResourcePolicy:LogResourcePolicy", {"policyName": "a:b"}, "InvalidParameterException"),
    ("cloudwatch/eventBus:EventBus", {"name": "bus"}, "ResourceAlreadyExistsException"),
    ("cloudwatch/eventBus:EventBus", {"name": "default"}, "ResourceAlreadyExistsException"),
    ("cloudwatch/eventBus:EventBus", {"name": "a" * 257}, "ValidationException"),
    ("cloudwatch/eventBusPolicy:EventBusPolicy", {"eventBusName": "none"}, "ResourceNotFoundException"),
    (
        "cloudwatch/eventBusPolicy:EventBusPolicy",
        {"policy": document(allow("events:PutEvents", "*", AWS=NOBODY))},
        "ValidationException",
    ),
    ("cloudwatch/eventRule:EventRule", {"eventPattern": None}, "ValidationException"),
    ("cloudwatch/eventRule:EventRule", {"eventPattern": "{"}, "InvalidEventPatternException"),
    ("cloudwatch/eventRule:EventRule", {"eventPattern": '{"source": "aws.s3"}'}, "InvalidEventPatternException"),
    ("cloudwatch/eventRule:EventRule", {"name": "a" * 65}, "ValidationException"),
    ("cloudwatch/eventRule:EventRule", {"eventBusName": "none"}, "ResourceNotFoundException"),
    ("cloudwatch/eventRule:EventRule", {"eventPattern": None, "scheduleExpression": "daily"}, "ValidationException"),
    (
        "cloudwatch/eventRule:EventRule",
        {"eventBusName": "bus", "scheduleExpression": "rate(1 day)"},
        "ValidationException",
    ),
    ("cloudwatch/eventTarget:EventTarget", {"rule": "none"}, "ResourceNotFoundException"),
    ("cloudwatch/eventTarget:EventTarget", {"eventBusName": "bus"}, "ResourceNotFoundException"),
    (
        "cloudwatch/eventTarget:EventTarget",
        {"arn": f"arn:aws:events:{REGION}:{OTHER}:event-bus/none"},
        "ResourceNotFoundException",
    ),
    ("cloudwatch/eventTarget:EventTarget", {"roleArn": None}, "ValidationException"),
    ("cloudwatch/eventTarget:EventTarget", {"roleArn": NOBODY}, "ValidationException"),
    ("cloudwatch/eventTarget:EventTarget", lambda w: {"roleArn": w.arn("stranger")}, "ValidationException"),
    ("cloudwatch/eventTarget:EventTarget", {"rule": "busy"}, "LimitExceededException"),
    # Route 53 Resolver
    ("route53/resolverFirewallDomainList:ResolverFirewallDomainList", {"name": "123"}, "ValidationException"),
    ("route53/resolverFirewallDomainList:ResolverFirewallDomainList", {"domains": ["a..b"]}, "ValidationException"),
    ("route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup", {"name": "a" * 65}, "ValidationException"),
    ("route53/resolverFirewallRule:ResolverFirewallRule", {"action": "DENY"}, "ValidationException"),
    ("route53/resolverFirewallRule:ResolverFirewallRule", {"blockResponse": None}, "ValidationException"),
    ("route53/resolverFirewallRule:ResolverFirewallRule", {"action": "ALLOW"}, "ValidationException"),
    ("route53/resolverFirewallRule:ResolverFirewallRule", {"blockResponse": "OVERRIDE"}, "ValidationException"),
    ("route53/resolverFirewallRule:ResolverFirewallRule", {"priority": 100}, "ValidationException"),
    (
        "route53/resolverFirewallRule:ResolverFirewallRule",
        lambda w: {"firewallDomainListId": w["domains"]},
        "ConflictException",
    ),
    ("route53/resolverFirewallRule:ResolverFirewallRule", {"firewallRuleGroupId": "none"}, "ResourceNotFoundException"),
    (
        "route53/resolverFirewallRule:ResolverFirewallRule",
        {"firewallDomainListId": "none"},
        "ResourceNotFoundException",
    ),
    *(
        ("route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", change, code)
        for change, code in ASSOCIATIONS
    ),
    ("route53/resolverFirewallConfig:ResolverFirewallConfig", {"resourceId": "vpc-0"}, "ResourceNotFoundException"),
    ("route53/resolverFirewallConfig:ResolverFirewallConfig", {"firewallFailOpen": "NO"}, "ValidationException"),
    ("route53/resolverQueryLogConfig:ResolverQueryLogConfig", {"destinationArn": "group"}, "InvalidParameterException"),
    (
        "route53/resolverQueryLogConfig:ResolverQueryLogConfig",
        {"destinationArn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:none"},
        "InvalidRequestException",
    ),
    (
        "route53/resolverQueryLogConfig:ResolverQueryLogConfig",
        {"destinationArn": "arn:aws:s3:::none"},
        "InvalidRequestException",
    ),
    (
        "route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        lambda w: {"resourceId": w["vpc"]},
        "ResourceExistsException",
    ),
    (
        "route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation",
        {"resolverQueryLogConfigId": "none"},
        "ResourceNotFoundException",
    ),
    # SageMaker
    ("sagemaker/domain:Domain", {"domainName": "domain"}, "ResourceInUse"),
    ("sagemaker/domain:Domain", {"domainName": "a_b"}, "ValidationException"),
    ("sagemaker/domain:Domain", {"authMode": "OIDC"}, "ValidationException"),
    ("sagemaker/domain:Domain", {"subnetIds": []}, "ValidationException"),
    ("sagemaker/domain:Domain", lambda w: {"subnetIds": [w["subnet-of-2"]]}, "ValidationException"),
    ("sagemaker/domain:Domain", lambda w: {"vpcId": w["vpc-2"]}, "ValidationException"),
    ("sagemaker/domain:Domain", {"kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/none"}, "ValidationException"),
    *(("sagemaker/domain:Domain", change, "ValidationException") for change in DOMAIN_SETTINGS),
    ("sagemaker/userProfile:UserProfile", {"domainId": "d-none"}, "ResourceNotFound"),
    ("sagemaker/userProfile:UserProfile", {"userProfileName": "someone"}, "ResourceInUse"),
    ("sagemaker/userProfile:UserProfile", {"userProfileName": "a@b"}, "ValidationException"),
    ("sagemaker/userProfile:UserProfile", lambda w: {"domainId": w["domain-sso"]}, "ValidationException"),
    (
        "sagemaker/userProfile:UserProfile",
        {"singleSignOnUserIdentifier": "UserName", "singleSignOnUserValue": "me"},
        "ValidationException",
    ),
    (
        "sagemaker/userProfile:UserProfile",
        lambda w: {"domainId": w["domain-sso"], "singleSignOnUserValue": "me"},
        "ValidationException",
    ),
    (
        "sagemaker/userProfile:UserProfile",
        lambda w: {"userSettings": {"executionRole": w.arn("stranger")}},
        "ValidationException",
    ),
    ("sagemaker/servicecatalogPortfolioStatus:ServicecatalogPortfolioStatus", {"status": "On"}, "ValidationException"),
    ("sagemaker/mlflowApp:MlflowApp", {"artifactStoreUri": "s3://none-of-tests/a"}, "ValidationException"),
    ("sagemaker/mlflowApp:MlflowApp", {"artifactStoreUri": "data-of-tests"}, "ValidationException"),
    ("sagemaker/mlflowApp:MlflowApp", lambda w: {"roleArn": w.arn("stranger")}, "ValidationException"),
    ("sagemaker/mlflowApp:MlflowApp", {"defaultDomainIdLists": ["d-none"]}, "ResourceNotFound"),
    ("sagemaker/mlflowApp:MlflowApp", {"modelRegistrationMode": "Auto"}, "ValidationException"),
    # Systems Manager and CodeCommit
    ("ssm/parameter:Parameter", {"name": "/parameter"}, "ParameterAlreadyExists"),
    ("ssm/parameter:Parameter", {"name": "/aws/mine"}, "ValidationException"),
    ("ssm/parameter:Parameter", {"name": "team/mine"}, "ValidationException"),
    ("ssm/parameter:Parameter", {"name": "/a" * 16}, "HierarchyLevelLimitExceededException"),
    ("ssm/parameter:Parameter", {"type": "Text"}, "ValidationException"),
    ("ssm/parameter:Parameter", {"value": None}, "MissingParameter"),
    ("ssm/parameter:Parameter", {"value": ""}, "ValidationException"),
    ("ssm/parameter:Parameter", {"value": "a" * 4_097}, "ValidationException"),
    ("ssm/parameter:Parameter", {"value": "a" * 8_193, "tier": "Advanced"}, "ValidationException"),
    ("ssm/parameter:Parameter", {"value": "{{ssm:other}}"}, "ValidationException"),
    (
        "codecommit/approvalRuleTemplate:ApprovalRuleTemplate",
        {"name": "template"},
        "ApprovalRuleTemplateNameAlreadyExistsException",
    ),
    ("codecommit/approvalRuleTemplate:ApprovalRuleTemplate", {"name": "a" * 101}, "ValidationException"),
    ("s3/bucketObjectv2:BucketObjectv2", {"bucket": "no-such-bucket"}, "NoSuchBucket"),
    ("s3/bucketObjectv2:BucketObjectv2", {"key": "a" * 1_025}, "KeyTooLongError"),
    ("s3/bucketObjectv2:BucketObjectv2", {"contentBase64": "x"}, "InvalidRequest"),
    ("s3/bucketObjectv2:BucketObjectv2", {"tags": {str(key): "a" for key in range(11)}}, "TooManyTags"),
    ("codeartifact/domain:Domain", {"domain": "packages"}, "ConflictException"),
    ("codeartifact/domain:Domain", {"domain": "Upper"}, "ValidationException"),
    ("codeartifact/domain:Domain", lambda w: {"encryptionKey": f"{w.arn('key')}0"}, "ValidationException"),
    ("codeartifact/domainPermissions:DomainPermissions", {"domain": "none"}, "ResourceNotFoundException"),
    ("codeartifact/domainPermissions:DomainPermissions", {"policyDocument": "["}, "ValidationException"),
    ("codeartifact/repository:Repository", {"domain": "none"}, "ResourceNotFoundException"),
    ("codeartifact/repository:Repository", {"repository": "store"}, "ConflictException"),
    (
        "codeartifact/repository:Repository",
        {"upstreams": [{"repositoryName": "none"}]},
        "ResourceNotFoundException",
    ),
    (
        "codeartifact/repository:Repository",
        {"externalConnections": {"externalConnectionName": "pypi"}},
        "ResourceNotFoundException",
    ),
    (
        "codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
        {"repository": "none"},
        "ResourceNotFoundException",
    ),
    ("sns/topic:Topic", {"name": "topic"}, "InvalidParameter"),
    ("sns/topic:Topic", {"name": "a b"}, "ValidationException"),
    ("sns/topicPolicy:TopicPolicy", {"arn": "arn:aws:sns:x"}, "NotFound"),
    ("sns/topicPolicy:TopicPolicy", {"policy": "{}"}, "InvalidParameter"),
    ("lambda/function:Function", {"name": "function"}, "ResourceConflictException"),
    ("lambda/function:Function", lambda w: {"role": w.arn("launch")}, "ValidationException"),
    ("lambda/function:Function", {"s3Key": "none"}, "InvalidParameterValueException"),
    ("lambda/function:Function", {"s3Key": "template.yaml"}, "InvalidParameterValueException"),
    ("lambda/function:Function", {"handler": "other.handler"}, "InvalidParameterValueException"),
    ("lambda/function:Function", {"runtime": "python3.8"}, "ValidationException"),
    (
        "lambda/function:Function",
        {"code": {"assets": {"other.py": {"path": "other.py"}}}, "s3Bucket": None, "s3Key": None},
        "InvalidParameterValueException",
    ),
    *((HOOK, change, code) for change, code in HOOKS),
    ("servicecatalog/portfolio:Portfolio", {"tags": {str(key): "a" for key in range(21)}}, "TooManyTags"),
    ("servicecatalog/portfolio:Portfolio", {"providerName": "a" * 51}, "ValidationException"),
    (
        "servicecatalog/product:Product",
        {"provisioningArtifactParameters": {"templateUrl": f"{TEMPLATE_URL}.none"}},
        "InvalidParametersException",
    ),
    (
        "servicecatalog/product:Product",
        {"provisioningArtifactParameters": {"templateUrl": TEMPLATE_URL.replace("template", "broken")}},
        "InvalidParametersException",
    ),
    (
        "servicecatalog/provisioningArtifact:ProvisioningArtifact",
        {"productId": "prod-none"},
        "ResourceNotFoundException",
    ),
    (
        "servicecatalog/provisioningArtifact:ProvisioningArtifact",
        {"templateUrl": "https://example.com/x"},
        "InvalidParametersException",
    ),
    (
        "servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation",
        {"portfolioId": "port-none"},
        "ResourceNotFoundException",
    ),
    (
        "servicecatalog/principalPortfolioAssociation:PrincipalPortfolioAssociation",
        {"principalType": "USER"},
        "ValidationException",
    ),
    (
        "servicecatalog/principalPortfolioAssociation:PrincipalPortfolioAssociation",
        {"principalArn": "arn:aws:iam:::role/*"},
        "InvalidParametersException",
    ),
    ("servicecatalog/constraint:Constraint", lambda w: {"productId": w["product-2"]}, "DuplicateResourceException"),
    (
        "servicecatalog/constraint:Constraint",
        lambda w: {"portfolioId": w["portfolio-2"]},
        "ResourceNotFoundException",
    ),
    (
        "servicecatalog/constraint:Constraint",
        lambda w: {"parameters": f'{{"RoleArn": "{w.arn("worker")}"}}'},
        "ValidationException",
    ),
    (
        "codecommit/approvalRuleTemplate:ApprovalRuleTemplate",
        {"content": "["},
        "InvalidApprovalRuleTemplateContentException",
    ),
    (
        "codecommit/approvalRuleTemplate:ApprovalRuleTemplate",
        {"content": '{"Version": "2018-11-08"}'},
        "InvalidApprovalRuleTemplateContentException",
    ),
)


def _token(short: str) -> str:
    """A type's token: the classic provider's, unless it names the native one."""
    return short if short.startswith("aws-native:") else f"aws:{short}"


def test_every_kind_has_a_case() -> None:
    assert {_token(token) for token, _, _ in REFUSED} == set(KINDS) == set(ACCEPTED)


@pytest.mark.parametrize("token", ACCEPTED)
def test_accepted(world: Furnished, token: str) -> None:
    thing = world.make(token, ACCEPTED[token](world))
    assert thing.id
    if "arn" in thing.outputs:
        assert re.fullmatch(r"arn:aws:[a-z0-9-]+:([a-z0-9-]*):(\d{12})?:.+", thing.outputs["arn"])
    again = world.make(token, ACCEPTED[token](world), old=thing)
    assert again.id == thing.id
    world.remove(thing)


@pytest.mark.parametrize(("short", "change", "code"), REFUSED, ids=[f"{token}-{code}" for token, _, code in REFUSED])
def test_refused(world: Furnished, short: str, change: Change, code: str) -> None:
    token = _token(short)
    changed = _inputs(world, change)
    before = list(world.world.counts())
    inputs = {key: value for key, value in {**ACCEPTED[token](world), **changed}.items() if value is not None}
    with pytest.raises(Refusal) as refused:
        world.make(token, inputs)
    assert refused.value.code == code, refused.value
    assert list(world.world.counts()) == before


@pytest.mark.parametrize(
    ("thing", "users", "code"),
    [
        ("vpc-2", ("table-2", "subnet-of-2", "group-2"), "DependencyViolation"),
        ("subnet-a", ("domain", "domain-sso", "nat", "endpoint"), "DependencyViolation"),
        ("table", ("association",), "DependencyViolation"),
        ("group", ("endpoint",), "DependencyViolation"),
        ("group-of-peers", ("peer-rule",), "DependencyViolation"),
        ("gateway", ("nat",), "DependencyViolation"),
        ("address-of-nat", ("nat",), "DependencyViolation"),
        ("busy", tuple(f"attachment-{number}" for number in range(10)), "DeleteConflict"),
        ("wordy", ("inline",), "DeleteConflict"),
        ("boundary", ("bounded",), "DeleteConflict"),
        ("policy-0", ("attachment-0",), "DeleteConflict"),
        ("bus", ("rule-on-bus",), "ValidationException"),
        ("rule", ("target",), "ValidationException"),
        ("domains", ("dns-rule",), "DependencyViolation"),
        ("dns-rules", ("dns-rule", "dns-association"), "DependencyViolation"),
        ("query-log", ("query-log-association",), "DependencyViolation"),
        ("domain", ("profile",), "ResourceInUse"),
        ("data", ("object-function.zip", "object-template.yaml", "object-broken.yaml"), "BucketNotEmpty"),
        ("packages", ("repository",), "ConflictException"),
        ("product", ("associated",), "ResourceInUseException"),
        ("portfolio", ("associated", "associated-2", "principal", "constraint"), "ResourceInUseException"),
    ],
)
def test_what_is_in_use_is_not_deleted(world: Furnished, thing: str, users: tuple[str, ...], code: str) -> None:
    for user in users:
        with pytest.raises(Refusal) as refused:
            world.remove(world.things[thing])
        assert refused.value.code == code
        for dependent in world.dependents(user):
            world.remove(dependent)
    world.remove(world.things[thing])


def test_a_bucket_with_objects_is_not_deleted(world: Furnished) -> None:
    bucket = world.things["data"]
    bucket.outputs["objects"] = ["a"]
    with pytest.raises(Refusal, match="BucketNotEmpty"):
        world.remove(bucket)
    bucket.inputs["forceDestroy"] = True
    world.remove(bucket)


def test_an_association_with_mutation_protection_is_not_deleted(world: Furnished) -> None:
    association = world.things["dns-association"]
    association.inputs["mutationProtection"] = "ENABLED"
    with pytest.raises(Refusal, match="mutation protection"):
        world.remove(association)


# Documents

GOOD: Mapping[str, Inputs] = {
    TRUST.what: allow("sts:AssumeRole", None, Service="sagemaker.amazonaws.com"),
    MANAGED.what: allow("s3:GetObject", "arn:aws:s3:::a/*"),
    INLINE.what: allow("s3:GetObject", "arn:aws:s3:::a/*"),
    BUCKET.what: allow("s3:GetObject", "arn:aws:s3:::a/*", AWS=ROOT_ARN),
    KEY.what: allow("kms:Decrypt", "*", AWS=ROOT_ARN),
    ENDPOINT.what: allow("s3:GetObject", "*", AWS="*"),
    EVENT_BUS.what: allow("events:PutEvents", "*", AWS=ROOT_ARN),
    LOGS.what: allow("logs:PutLogEvents", "*", Service="route53.amazonaws.com"),
}
PLACES = (TRUST, MANAGED, INLINE, BUCKET, KEY, ENDPOINT, EVENT_BUS, LOGS)
PLACED = pytest.mark.parametrize("place", PLACES, ids=[place.what for place in PLACES])


@PLACED
def test_a_document_up_to_its_limit_is_accepted(world: Furnished, place: Place) -> None:
    statement = {**GOOD[place.what], "Sid": "A", "Condition": {"StringEquals": {"aws:PrincipalTag/a": ""}}}

    def of(length: int) -> str:
        return document({**statement, "Condition": {"StringEquals": {"aws:PrincipalTag/a": "a" * length}}})

    spaces = 0 if place.white_space else len(re.findall(r"\s", of(0)))
    room = place.limit - (len(of(0)) - spaces)
    assert check(world.world, of(room), place)
    with pytest.raises(Refusal) as refused:
        check(world.world, of(room + 1), place)
    assert refused.value.code == place.too_large


@PLACED
@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Permit"},
        {"Action": None},
        {"Action": []},
        {"NotAction": ["s3:GetObject"]},
        {"Actions": "s3:*"},
        {"Condition": {"StringIs": {"a": "b"}}},
    ],
    ids=str,
)
def test_a_document_of_another_grammar_is_refused(world: Furnished, place: Place, change: Inputs) -> None:
    good = GOOD[place.what]
    assert check(world.world, document(good), place)
    changed = {key: value for key, value in {**good, **change}.items() if value is not None}
    with pytest.raises(Refusal) as refused:
        check(world.world, document(changed), place)
    assert refused.value.code == place.malformed


@PLACED
def test_a_document_is_versioned_json_with_statements(world: Furnished, place: Place) -> None:
    good = GOOD[place.what]
    for text in (
        "",
        "[]",
        "{}",
        json.dumps({"Version": "2012-10-17", "Statement": []}),
        json.dumps({"Version": "2012-10-18", "Statement": [good]}),
        document({**good, "Sid": "A"}, {**good, "Sid": "A"}),
    ):
        with pytest.raises(Refusal) as refused:
            check(world.world, text, place)
        assert refused.value.code == place.malformed
    assert check(world.world, document({**good, "Sid": "A"}, {**good, "Sid": "B"}), place)


@pytest.mark.parametrize("place", [place for place in PLACES if place.principal], ids=lambda place: place.what)
@pytest.mark.parametrize(
    ("refused", "accepted"),
    [
        ({"AWS": NOBODY}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/worker"}),
        ({"AWS": f"arn:aws:iam::{OTHER}:role/worker"}, {"AWS": f"arn:aws:iam::{OTHER}:root"}),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/path/worker"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/worker"}),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}, {"AWS": ACCOUNT}),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"}, {"AWS": "*"}),
        (
            {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/nobody/me"},
            {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/me"},
        ),
        ({"Service": "sagemaker"}, {"Service": "sagemaker.amazonaws.com"}),
    ],
    ids=str,
)
def test_a_principal_must_exist(world: Furnished, place: Place, refused: Inputs, accepted: Inputs) -> None:
    good = GOOD[place.what]
    assert check(world.world, document({**good, "Principal": accepted}), place)
    for element in ("Principal", "NotPrincipal"):
        statement = {key: value for key, value in good.items() if key != "Principal"}
        if element == "NotPrincipal" and "Service" in refused:
            continue
        with pytest.raises(Refusal, match="Invalid principal"):
            check(world.world, document({**statement, element: refused}), place)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (MANAGED, {"Principal": {"AWS": "*"}}),
        (MANAGED, {"Resource": None}),
        (MANAGED, {"Resource": "bucket"}),
        (MANAGED, {"Action": "GetObject"}),
        (MANAGED, {"Sid": "with space"}),
        (TRUST, {"Principal": None}),
        (TRUST, {"Resource": "*"}),
        (BUCKET, {"Principal": None}),
        (BUCKET, {"Resource": None}),
        (BUCKET, {"Action": "ec2:RunInstances"}),
        (KEY, {"Action": "s3:GetObject"}),
    ],
    ids=str,
)
def test_a_document_fits_its_place(world: Furnished, place: Place, change: Inputs) -> None:
    changed = {key: value for key, value in {**GOOD[place.what], **change}.items() if value is not None}
    with pytest.raises(Refusal) as refused:
        check(world.world, document(changed), place)
    assert refused.value.code == place.malformed


def test_a_key_may_lock_its_account_out_when_told_so(world: Furnished) -> None:
    foreign = document(allow("kms:*", "*", AWS=f"arn:aws:iam::{OTHER}:root"))
    assert world.make("aws:kms/key:Key", {"policy": foreign, "bypassPolicyLockoutSafetyCheck": True}).id


def test_a_deny_of_administration_locks_out_too(world: Furnished) -> None:
    root = allow("kms:*", "*", AWS=ROOT_ARN)
    deny = {**allow("kms:Put*", "*", AWS="*"), "Effect": "Deny"}
    with pytest.raises(Refusal, match="will not allow you to update"):
        world.make("aws:kms/key:Key", {"policy": document(root, deny)})
    conditional = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert world.make("aws:kms/key:Key", {"policy": document(root, conditional)}).id


def test_a_role_trusts_only_whom_its_policy_allows(world: Furnished) -> None:
    denied = {**json.loads(trusting("sagemaker.amazonaws.com"))["Statement"][0], "Effect": "Deny"}
    role = world.make("aws:iam/role:Role", {"name": "denied", "assumeRolePolicy": document(denied)})
    tracking = ACCEPTED["aws:sagemaker/mlflowApp:MlflowApp"](world)
    with pytest.raises(Refusal, match="trust relationship"):
        world.make("aws:sagemaker/mlflowApp:MlflowApp", {**tracking, "roleArn": role.outputs["arn"]})


# What replaces a thing

RENAMED = {
    "aws:ec2/securityGroup:SecurityGroup": {"groupDescription": "description", "groupName": "name"},
    "aws:iam/role:Role": {"roleName": "name"},
    "aws:iam/policy:Policy": {"managedPolicyName": "name"},
    "aws:iam/rolePolicy:RolePolicy": {"policyName": "name", "roleName": "role"},
    "aws:kms/alias:Alias": {"aliasName": "name"},
    "aws:cloudwatch/logGroup:LogGroup": {"logGroupName": "name"},
    "aws:ec2/flowLog:FlowLog": {"resourceId": "vpcId", "deliverLogsPermissionArn": "iamRoleArn"},
    "aws:s3/bucket:Bucket": {"bucketName": "bucket"},
}
"""Where the provider has another word than CloudFormation."""

CLOUDFORMATION = {
    "aws:ec2/vpc:Vpc": "AWS::EC2::VPC",
    "aws:ec2/subnet:Subnet": "AWS::EC2::Subnet",
    "aws:ec2/routeTable:RouteTable": "AWS::EC2::RouteTable",
    "aws:ec2/route:Route": "AWS::EC2::Route",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "AWS::EC2::VPCEndpoint",
    "aws:ec2/securityGroup:SecurityGroup": "AWS::EC2::SecurityGroup",
    "aws:ec2/flowLog:FlowLog": "AWS::EC2::FlowLog",
    "aws:ec2/natGateway:NatGateway": "AWS::EC2::NatGateway",
    "aws:iam/role:Role": "AWS::IAM::Role",
    "aws:iam/policy:Policy": "AWS::IAM::ManagedPolicy",
    "aws:iam/rolePolicy:RolePolicy": "AWS::IAM::RolePolicy",
    "aws:kms/alias:Alias": "AWS::KMS::Alias",
    "aws:cloudwatch/logGroup:LogGroup": "AWS::Logs::LogGroup",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "AWS::Logs::ResourcePolicy",
    "aws:cloudwatch/eventBus:EventBus": "AWS::Events::EventBus",
    "aws:cloudwatch/eventRule:EventRule": "AWS::Events::Rule",
    "aws:route53/resolverFirewallDomainList:ResolverFirewallDomainList": "AWS::Route53Resolver::FirewallDomainList",
    "aws:route53/resolverFirewallRuleGroup:ResolverFirewallRuleGroup": "AWS::Route53Resolver::FirewallRuleGroup",
    "aws:route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": (
        "AWS::Route53Resolver::FirewallRuleGroupAssociation"
    ),
    "aws:route53/resolverQueryLogConfig:ResolverQueryLogConfig": "AWS::Route53Resolver::ResolverQueryLoggingConfig",
    "aws:route53/resolverQueryLogConfigAssociation:ResolverQueryLogConfigAssociation": (
        "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation"
    ),
    "aws:sagemaker/domain:Domain": "AWS::SageMaker::Domain",
    "aws:sagemaker/userProfile:UserProfile": "AWS::SageMaker::UserProfile",
    "aws:ssm/parameter:Parameter": "AWS::SSM::Parameter",
    "aws:s3/bucket:Bucket": "AWS::S3::Bucket",
}
MORE = {
    "aws:sagemaker/domain:Domain": {"vpcId"},  # the provider replaces, CloudFormation has no such update
    "aws:cloudwatch/eventRule:EventRule": {"eventBusName"},  # part of the rule's id for the provider
    "aws:cloudwatch/logGroup:LogGroup": {"logGroupClass"},  # CloudFormation changes some classes in place
}
"""What the provider replaces and CloudFormation does not."""


@cache
def _create_only(resource: str) -> frozenset[str]:
    schemas = files("cfnlint.data.schemas")
    index = json.loads((schemas / "providers" / f"{REGION}.json").read_text(encoding="utf-8"))
    schema: dict[str, Any] = json.loads((schemas / "resources" / f"{index[resource]}.json").read_text(encoding="utf-8"))
    names = [path.removeprefix("/properties/") for path in schema["createOnlyProperties"]]
    return frozenset(name[0].lower() + name[1:] for name in names if "/" not in name)


@pytest.mark.parametrize("token", CLOUDFORMATION)
def test_what_replaces_a_thing_is_what_cloudformation_replaces_for(world: Furnished, token: str) -> None:
    renamed = RENAMED.get(token, {})
    expected = {renamed.get(name, name) for name in _create_only(CLOUDFORMATION[token])} | MORE.get(token, set())
    kind = KINDS[token]
    assert kind.replaces <= expected
    used = set(ACCEPTED[token](world)) & expected
    assert used <= kind.replaces


# Look-ups


LOOK_UPS: tuple[tuple[str, Change, Change], ...] = (
    (
        "aws:ec2/getVpcEndpointService:getVpcEndpointService",
        {"serviceName": "com.amazonaws.eu-west-1.sagemaker.api"},
        {"serviceName": "com.amazonaws.eu-west-1.sagemaker.apis"},
    ),
    (
        "aws:ec2/getVpcEndpoint:getVpcEndpoint",
        lambda w: {"id": w["endpoint"], "vpcId": w["vpc"]},
        lambda w: {"id": w["endpoint"], "vpcId": w["vpc-2"]},
    ),
    (
        "aws:ec2/getVpcEndpoint:getVpcEndpoint",
        lambda w: {"id": w["gateway-endpoint"]},
        {"id": "vpce-0"},
    ),
    (
        "aws:organizations/getOrganizationalUnitDescendantAccounts:getOrganizationalUnitDescendantAccounts",
        {"parentId": "ou-test-1"},
        {"parentId": "ou-test-2"},
    ),
)


def _look_up(world: Furnished, token: str, arguments: Inputs) -> Mapping[str, Any]:
    return answer(token, Lookup(world=world.world, account=ACCOUNT, region=REGION, arguments=dict(arguments)))


@pytest.mark.parametrize(("token", "accepted", "refused"), LOOK_UPS)
def test_a_look_up_of_what_is_not_there_is_refused(
    world: Furnished, token: str, accepted: Change, refused: Change
) -> None:
    assert _look_up(world, token, _inputs(world, accepted))["id"]
    with pytest.raises(Refusal):
        _look_up(world, token, _inputs(world, refused))


def test_zones_may_be_left_out(world: Furnished) -> None:
    token = "aws:index/getAvailabilityZones:getAvailabilityZones"
    every = _look_up(world, token, {})
    fewer = _look_up(world, token, {"excludeZoneIds": [every["zoneIds"][0]]})
    assert fewer["names"] == every["names"][1:]


def test_an_unknown_type_or_look_up_is_an_error_that_names_it(world: Furnished) -> None:
    with pytest.raises(UnknownTypeError, match="aws:sqs/queue:Queue"):
        kind_of("aws:sqs/queue:Queue")
    with pytest.raises(UnknownTypeError, match="aws:index/getCallerIdentity:getCallerIdentity"):
        _look_up(world, "aws:index/getCallerIdentity:getCallerIdentity", {})
