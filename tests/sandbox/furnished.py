"""A furnished world: two accounts with at least one thing of every kind, and inputs that are accepted beside them."""

import base64
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.kinds import kind_of
from sandbox.lookups import ACCOUNT as MEMBER
from sandbox.lookups import UNIT
from sandbox.places import Place
from sandbox.service import make, remove
from sandbox.world import Thing, World
from tests.sandbox.programs import ACCOUNT, OTHER, REGION, seed

Inputs = Mapping[str, Any]

SUBNET, GROUP, ROLE = "aws:ec2/subnet:Subnet", "aws:ec2/securityGroup:SecurityGroup", "aws:iam/role:Role"
INGRESS, EGRESS = (f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule" for way in ("Ingress", "Egress"))
ENDPOINT, BUCKET = "aws:ec2/vpcEndpoint:VpcEndpoint", "aws:s3/bucket:Bucket"


def allow(action: str, resource: str | None, **principal: str | list[str]) -> Inputs:
    """A statement that allows something."""
    return {
        "Effect": "Allow",
        "Action": action,
        **({"Resource": resource} if resource else {}),
        **({"Principal": principal} if principal else {}),
    }


def document(*statements: Inputs) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trusting(*services: str) -> str:
    """A trust policy for services."""
    return document(allow("sts:AssumeRole", None, Service=list(services)))


def event_bus(account: str, name: str) -> str:
    """The ARN of an event bus."""
    return f"arn:aws:events:{REGION}:{account}:event-bus/{name}"


class Furnished:
    """A world with things by name.

    Args:
        path: The world's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.world = World(path)
        self.things: dict[str, Thing] = {}
        if not any(self.world.things(ACCOUNT, "", ROLE)):
            self._furnish()

    def _furnish(self) -> None:
        seed(self.world)
        for token, thing, inputs in (
            (UNIT, "ou-test-1", {"parentId": "r-test"}),
            (MEMBER, ACCOUNT, {"parentId": "ou-test-1", "status": "ACTIVE"}),
        ):
            self.world.seed(account="organization", region="", token=token, id=thing, inputs=inputs)
        with self.world.transaction():
            for furnish in (_identity, _network, _storage, _events, _dns, _studio, _projects):
                furnish(self)

    def copy(self, path: Path) -> "Furnished":
        """The same world in another file; this one must be closed."""
        shutil.copyfile(self._path, path)
        found = Furnished(path)
        for name, thing in self.things.items():
            again = found.world.find(thing.account, thing.region, thing.token, thing.id)
            assert again is not None
            found.things[name] = again
        return found

    def __getitem__(self, name: str) -> str:
        """The id of a thing."""
        return self.things[name].id

    def arn(self, name: str) -> str:
        """The ARN of a thing."""
        return str(self.things[name].outputs["arn"])

    def make(self, token: str, inputs: Inputs, *, old: Thing | None = None, account: str = ACCOUNT) -> Thing:
        """Create or change a thing."""
        place = Place(
            account=account,
            region=REGION,
            tags={},
            deployer=f"arn:aws:iam::{account}:role/deployer",
            external_id="",
            allowed=(account,),
        )
        kind = kind_of(token)
        thing_id, _ = make(self.world, place, kind, "thing", dict(inputs), old)
        thing = self.world.find(account, kind.place(REGION), token, thing_id)
        assert thing is not None
        return thing

    def put(self, name: str, token: str, inputs: Inputs, *, account: str = ACCOUNT) -> None:
        """Create a thing and remember it."""
        self.things[name] = self.make(token, inputs, account=account)

    def remove(self, thing: Thing) -> None:
        """Delete a thing."""
        remove(self.world, kind_of(thing.token), thing)

    def dependents(self, name: str) -> list[Thing]:
        """A thing after what must go before it."""
        before = {"domain": ("profile",)}.get(name, ())
        return [self.things[one] for one in (*before, name)]

    def idle(self, **minutes: int) -> Inputs:
        """Settings of a domain's users with an idle time."""
        settings = {"appLifecycleManagement": {"idleSettings": {"lifecycleManagement": "ENABLED", **minutes}}}
        return {
            "defaultUserSettings": {
                "executionRole": self.arn("worker"),
                "securityGroups": [self["group"]],
                "jupyterLabAppSettings": settings,
            }
        }


def _identity(world: Furnished) -> None:
    policy = document(allow("s3:GetObject", "*"))
    services = ("sagemaker.amazonaws.com", "events.amazonaws.com", "vpc-flow-logs.amazonaws.com")
    world.put("boundary", "aws:iam/policy:Policy", {"name": "boundary", "policy": policy})
    world.put("worker", ROLE, {"name": "worker", "assumeRolePolicy": trusting(*services)})
    world.put("stranger", ROLE, {"name": "stranger", "assumeRolePolicy": trusting("ec2.amazonaws.com")})
    bounded = {"name": "bounded", "assumeRolePolicy": trusting("ec2.amazonaws.com")}
    world.put("bounded", ROLE, {**bounded, "permissionsBoundary": world["boundary"]})
    world.put("busy", ROLE, {"name": "busy", "assumeRolePolicy": trusting("ec2.amazonaws.com")})
    for number in range(10):
        world.put(f"policy-{number}", "aws:iam/policy:Policy", {"name": f"policy-{number}", "policy": policy})
        attached = {"role": "busy", "policyArn": world[f"policy-{number}"]}
        world.put(f"attachment-{number}", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", attached)
    world.put("wordy", ROLE, {"name": "wordy", "assumeRolePolicy": trusting("ec2.amazonaws.com")})
    long = document(allow("s3:GetObject", "arn:aws:s3:::" + "a" * 5_000))
    world.put("inline", "aws:iam/rolePolicy:RolePolicy", {"role": "wordy", "name": "inline", "policy": long})
    root = allow("kms:*", "*", AWS=f"arn:aws:iam::{ACCOUNT}:root")
    world.put("key", "aws:kms/key:Key", {"policy": document(root)})
    logs = allow("kms:GenerateDataKey*", "*", Service=f"logs.{REGION}.amazonaws.com")
    world.put("logs-key", "aws:kms/key:Key", {"policy": document(root, logs)})
    world.put("alias", "aws:kms/alias:Alias", {"name": "alias/key", "targetKeyId": world["key"]})


def _network(world: Furnished) -> None:
    names = {"enableDnsSupport": True, "enableDnsHostnames": True}
    world.put("vpc", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", **names})
    world.put("vpc-2", "aws:ec2/vpc:Vpc", {"cidrBlock": "10.1.0.0/16"})
    for name, vpc, block, zone in (
        ("subnet-a", "vpc", "10.0.0.0/24", "a"),
        ("subnet-a2", "vpc", "10.0.1.0/24", "a"),
        ("subnet-b", "vpc", "10.0.2.0/24", "b"),
        ("subnet-of-2", "vpc-2", "10.1.0.0/24", "a"),
    ):
        world.put(name, SUBNET, {"vpcId": world[vpc], "cidrBlock": block, "availabilityZone": f"{REGION}{zone}"})
    for name, vpc in (("table", "vpc"), ("table-2", "vpc-2")):
        world.put(name, "aws:ec2/routeTable:RouteTable", {"vpcId": world[vpc]})
    associated = {"subnetId": world["subnet-b"], "routeTableId": world["table"]}
    world.put("association", "aws:ec2/routeTableAssociation:RouteTableAssociation", associated)
    world.put("gateway", "aws:ec2/internetGateway:InternetGateway", {"vpcId": world["vpc"]})
    route = {"routeTableId": world["table"], "destinationCidrBlock": "192.0.2.0/24", "gatewayId": world["gateway"]}
    world.put("route", "aws:ec2/route:Route", route)
    for name in ("address", "address-of-nat"):
        world.put(name, "aws:ec2/eip:Eip", {"domain": "vpc"})
    nat = {"subnetId": world["subnet-a"], "allocationId": world["address-of-nat"]}
    world.put("nat", "aws:ec2/natGateway:NatGateway", nat)
    _groups(world)
    service = {"vpcId": world["vpc"], "serviceName": f"com.amazonaws.{REGION}.kms", "vpcEndpointType": "Interface"}
    inside = {"subnetIds": [world["subnet-a"]], "securityGroupIds": [world["group"]], "privateDnsEnabled": True}
    world.put("endpoint", ENDPOINT, {**service, **inside})
    gateway = {"vpcId": world["vpc"], "serviceName": f"com.amazonaws.{REGION}.s3", "vpcEndpointType": "Gateway"}
    world.put("gateway-endpoint", ENDPOINT, {**gateway, "routeTableIds": [world["table"]]})
    world.put("log-group", "aws:cloudwatch/logGroup:LogGroup", {"name": "group"})
    world.put(
        "flow-log", "aws:ec2/flowLog:FlowLog", {**ACCEPTED["aws:ec2/flowLog:FlowLog"](world), "trafficType": "REJECT"}
    )


def _groups(world: Furnished) -> None:
    for name, vpc in (("group", "vpc"), ("group-of-peers", "vpc"), ("group-2", "vpc-2")):
        world.put(name, GROUP, {"name": name, "description": name, "vpcId": world[vpc]})
    for token in (INGRESS, EGRESS):
        world.put(f"rule-{token}", token, {**ACCEPTED[token](world), "cidrIpv4": "10.0.0.0/8"})
    peers = {"securityGroupId": world["group"], "referencedSecurityGroupId": world["group-of-peers"]}
    world.put("peer-rule", INGRESS, {**peers, "ipProtocol": "-1"})


def _storage(world: Furnished) -> None:
    logging = document(allow("s3:PutObject", "arn:aws:s3:::logs-of-tests/*", Service="logging.s3.amazonaws.com"))
    for name in ("data", "logs"):
        world.put(name, BUCKET, {"bucket": f"{name}-of-tests"})
    world.put("logs-policy", "aws:s3/bucketPolicy:BucketPolicy", {"bucket": "logs-of-tests", "policy": logging})
    block = {"bucket": "data-of-tests", "blockPublicPolicy": True}
    world.put("block", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", block)
    world.put("foreign", BUCKET, {"bucket": "foreign-of-tests"}, account=OTHER)
    parameter = {"name": "/parameter", "type": "String", "value": "a"}
    world.put("parameter", "aws:ssm/parameter:Parameter", parameter)
    token = "aws:codecommit/approvalRuleTemplate:ApprovalRuleTemplate"
    world.put("template", token, {**ACCEPTED[token](world), "name": "template"})


def _events(world: Furnished) -> None:
    world.put("bus", "aws:cloudwatch/eventBus:EventBus", {"name": "bus"})
    world.put("foreign-bus", "aws:cloudwatch/eventBus:EventBus", {"name": "foreign"}, account=OTHER)
    pattern = {"eventPattern": '{"source": ["aws.s3"]}'}
    for name in ("rule", "busy"):
        world.put(
            name if name == "rule" else "busy-rule", "aws:cloudwatch/eventRule:EventRule", {"name": name, **pattern}
        )
    on_bus = {"name": "rule-on-bus", "eventBusName": "bus", **pattern}
    world.put("rule-on-bus", "aws:cloudwatch/eventRule:EventRule", on_bus)
    target = {"arn": event_bus(OTHER, "foreign"), "roleArn": world.arn("worker")}
    world.put("target", "aws:cloudwatch/eventTarget:EventTarget", {"rule": "rule", "targetId": "one", **target})
    for number in range(5):
        busy = {"rule": "busy", "targetId": f"target-{number}", **target}
        world.put(f"target-{number}", "aws:cloudwatch/eventTarget:EventTarget", busy)


def _dns(world: Furnished) -> None:
    prefix = "aws:route53/resolver"
    domains = {"name": "domains", "domains": ["*.example.com"]}
    world.put("domains", f"{prefix}FirewallDomainList:ResolverFirewallDomainList", domains)
    world.put("domains-2", f"{prefix}FirewallDomainList:ResolverFirewallDomainList", {**domains, "name": "domains-2"})
    for name in ("dns-rules", "dns-rules-2"):
        world.put(name, f"{prefix}FirewallRuleGroup:ResolverFirewallRuleGroup", {"name": name})
    rule = {"firewallRuleGroupId": world["dns-rules"], "firewallDomainListId": world["domains"]}
    world.put(
        "dns-rule",
        f"{prefix}FirewallRule:ResolverFirewallRule",
        {**rule, "name": "a", "action": "ALLOW", "priority": 100},
    )
    associated = {"firewallRuleGroupId": world["dns-rules"], "vpcId": world["vpc"], "priority": 101, "name": "a"}
    world.put(
        "dns-association", f"{prefix}FirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", associated
    )
    query_log = {"name": "queries", "destinationArn": world.arn("log-group")}
    world.put("query-log", f"{prefix}QueryLogConfig:ResolverQueryLogConfig", query_log)
    queried = {"resolverQueryLogConfigId": world["query-log"], "resourceId": world["vpc"]}
    world.put("query-log-association", f"{prefix}QueryLogConfigAssociation:ResolverQueryLogConfigAssociation", queried)


def _studio(world: Furnished) -> None:
    domain = ACCEPTED["aws:sagemaker/domain:Domain"](world)
    world.put("domain", "aws:sagemaker/domain:Domain", {**domain, "domainName": "domain"})
    world.put("domain-sso", "aws:sagemaker/domain:Domain", {**domain, "domainName": "domain-sso", "authMode": "SSO"})
    profile = {"domainId": world["domain"], "userProfileName": "someone"}
    world.put("profile", "aws:sagemaker/userProfile:UserProfile", profile)


def _projects(world: Furnished) -> None:
    function = io.BytesIO()
    with zipfile.ZipFile(function, "w") as archive:
        archive.writestr("index.py", "")
    for name, content in (
        ("function.zip", function.getvalue()),
        ("template.yaml", b"Resources: {}"),
        ("broken.yaml", b"x"),
    ):
        encoded = base64.b64encode(content).decode()
        world.put(f"object-{name}", OBJECT, {"bucket": "data-of-tests", "key": name, "contentBase64": encoded})
    world.put("launch", ROLE, {"name": "launch", "assumeRolePolicy": trusting("servicecatalog.amazonaws.com")})
    world.put("function-role", ROLE, {"name": "function-role", "assumeRolePolicy": trusting("lambda.amazonaws.com")})
    world.put("packages", "aws:codeartifact/domain:Domain", {"domain": "packages"})
    world.put("repository", "aws:codeartifact/repository:Repository", {"domain": "packages", "repository": "store"})
    world.put("topic", "aws:sns/topic:Topic", {"name": "topic"})
    world.put("function", FUNCTION, {**ACCEPTED[FUNCTION](world), "name": "function"})
    hooks = trusting("hooks.cloudformation.amazonaws.com")
    world.put("hooks-role", ROLE, {"name": "hooks-role", "assumeRolePolicy": hooks})
    world.put("hook", HOOK, {**ACCEPTED[HOOK](world), "alias": "MLOps::Tests::Hook"})
    for name in ("portfolio", "portfolio-2"):
        world.put(name, "aws:servicecatalog/portfolio:Portfolio", {"name": name, "providerName": "team"})
    for number, associated in (("", "associated"), ("-2", "associated-2")):
        product = ACCEPTED[PRODUCT](world)
        world.put(f"product{number}", PRODUCT, {**product, "name": f"product{number}"})
        pair = {"portfolioId": world["portfolio"], "productId": world[f"product{number}"]}
        world.put(associated, ASSOCIATION, pair)
    world.put("principal", PRINCIPAL, ACCEPTED[PRINCIPAL](world))
    world.put("constraint", CONSTRAINT, {**ACCEPTED[CONSTRAINT](world), "productId": world["product-2"]})


OBJECT, FUNCTION = "aws:s3/bucketObjectv2:BucketObjectv2", "aws:lambda/function:Function"
HOOK = "aws-native:cloudformation:LambdaHook"
ASSOCIATION = "aws:servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation"
PRODUCT, CONSTRAINT = "aws:servicecatalog/product:Product", "aws:servicecatalog/constraint:Constraint"
PRINCIPAL = "aws:servicecatalog/principalPortfolioAssociation:PrincipalPortfolioAssociation"
TEMPLATE_URL = f"https://data-of-tests.s3.{REGION}.amazonaws.com/template.yaml"

_S3 = "aws:s3/bucket"
_DNS = "aws:route53/resolver"
_EVENTS = "aws:cloudwatch/event"

ACCEPTED: Mapping[str, Callable[[Furnished], Inputs]] = {
    OBJECT: lambda _: {"bucket": "data-of-tests", "key": "new", "contentBase64": "eA=="},
    "aws:codeartifact/domain:Domain": lambda _: {"domain": "new"},
    "aws:codeartifact/domainPermissions:DomainPermissions": lambda _: {
        "domain": "packages",
        "policyDocument": document(allow("codeartifact:ReadFromRepository", "*", AWS=ACCOUNT)),
    },
    "aws:codeartifact/repository:Repository": lambda _: {
        "domain": "packages",
        "repository": "new",
        "upstreams": [{"repositoryName": "store"}],
    },
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": lambda _: {
        "domain": "packages",
        "repository": "store",
        "policyDocument": document(allow("codeartifact:ReadFromRepository", "*", AWS=ACCOUNT)),
    },
    "aws:sns/topic:Topic": lambda _: {"name": "new"},
    "aws:sns/topicPolicy:TopicPolicy": lambda w: {
        "arn": w["topic"],
        "policy": document(allow("sns:Publish", w["topic"], AWS=ACCOUNT)),
    },
    FUNCTION: lambda w: {
        "name": "new",
        "role": w.arn("function-role"),
        "runtime": "python3.13",
        "handler": "index.handler",
        "s3Bucket": "data-of-tests",
        "s3Key": "function.zip",
    },
    HOOK: lambda w: {
        "alias": "MLOps::New::Hook",
        "executionRole": w.arn("hooks-role"),
        "failureMode": "WARN",
        "hookStatus": "ENABLED",
        "lambdaFunction": w.arn("function"),
        "targetOperations": ["STACK"],
        "stackFilters": {"filteringCriteria": "ALL", "stackNames": {"include": ["SC-*"]}},
        "targetFilters": {"actions": ["CREATE", "UPDATE"]},
    },
    "aws:servicecatalog/portfolio:Portfolio": lambda _: {"name": "new", "providerName": "team"},
    PRODUCT: lambda _: {
        "name": "new",
        "owner": "team",
        "type": "CLOUD_FORMATION_TEMPLATE",
        "provisioningArtifactParameters": {"templateUrl": TEMPLATE_URL},
    },
    "aws:servicecatalog/provisioningArtifact:ProvisioningArtifact": lambda w: {
        "name": "new",
        "productId": w["product"],
        "templateUrl": TEMPLATE_URL,
    },
    ASSOCIATION: lambda w: {"portfolioId": w["portfolio-2"], "productId": w["product"]},
    PRINCIPAL: lambda w: {
        "portfolioId": w["portfolio"],
        "principalArn": w.arn("worker"),
        "principalType": "IAM",
    },
    CONSTRAINT: lambda w: {
        "portfolioId": w["portfolio"],
        "productId": w["product"],
        "type": "LAUNCH",
        "parameters": json.dumps({"RoleArn": w.arn("launch")}),
    },
    "aws:ec2/vpc:Vpc": lambda _: {"cidrBlock": "10.5.0.0/16", "instanceTenancy": "default", "tags": {"a": "b"}},
    SUBNET: lambda w: {"vpcId": w["vpc"], "cidrBlock": "10.0.9.0/24", "availabilityZone": "eu-west-1c"},
    "aws:ec2/routeTable:RouteTable": lambda w: {"vpcId": w["vpc"]},
    "aws:ec2/routeTableAssociation:RouteTableAssociation": lambda w: {
        "subnetId": w["subnet-a"],
        "routeTableId": w["table"],
    },
    "aws:ec2/route:Route": lambda w: {
        "routeTableId": w["table"],
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": w["gateway"],
    },
    ENDPOINT: lambda w: {
        "vpcId": w["vpc"],
        "serviceName": f"com.amazonaws.{REGION}.sts",
        "vpcEndpointType": "Interface",
        "subnetIds": [w["subnet-a"], w["subnet-b"]],
        "securityGroupIds": [w["group"]],
        "privateDnsEnabled": True,
        "policy": document(allow("sts:*", "*", AWS="*")),
    },
    GROUP: lambda w: {"name": "mine", "description": "Mine (new)", "vpcId": w["vpc"]},
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": lambda w: {"vpcId": w["vpc"]},
    **{
        token: lambda w: {
            "securityGroupId": w["group"],
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
            "cidrIpv4": "10.1.0.0/16",
            "description": "Mine",
        }
        for token in (INGRESS, EGRESS)
    },
    "aws:ec2/flowLog:FlowLog": lambda w: {
        "vpcId": w["vpc"],
        "trafficType": "ALL",
        "logDestinationType": "cloud-watch-logs",
        "logDestination": w.arn("log-group"),
        "iamRoleArn": w.arn("worker"),
        "maxAggregationInterval": 60,
    },
    "aws:ec2/internetGateway:InternetGateway": lambda w: {"vpcId": w["vpc-2"]},
    "aws:ec2/eip:Eip": lambda _: {"domain": "vpc"},
    "aws:ec2/natGateway:NatGateway": lambda w: {"subnetId": w["subnet-b"], "allocationId": w["address"]},
    ROLE: lambda w: {
        "name": "mine",
        "path": "/team/",
        "description": "Mine",
        "maxSessionDuration": 43_200,
        "assumeRolePolicy": trusting("sagemaker.amazonaws.com"),
        "permissionsBoundary": w["boundary"],
    },
    "aws:iam/policy:Policy": lambda _: {"name": "mine", "policy": document(allow("s3:GetObject", "*"))},
    "aws:iam/rolePolicy:RolePolicy": lambda _: {
        "role": "wordy",
        "name": "mine",
        "policy": document(allow("s3:GetObject", "arn:aws:s3:::" + "a" * 5_000)),
    },
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": lambda w: {"role": "worker", "policyArn": w["boundary"]},
    "aws:kms/key:Key": lambda _: {
        "policy": document(allow("kms:*", "*", AWS=f"arn:aws:iam::{ACCOUNT}:root")),
        "keyUsage": "ENCRYPT_DECRYPT",
        "deletionWindowInDays": 7,
        "rotationPeriodInDays": 90,
    },
    "aws:kms/alias:Alias": lambda w: {"name": "alias/mine", "targetKeyId": w["key"]},
    BUCKET: lambda _: {"bucket": "mine-of-tests"},
    f"{_S3}Versioning:BucketVersioning": lambda _: {
        "bucket": "data-of-tests",
        "versioningConfiguration": {"status": "Enabled"},
    },
    f"{_S3}PublicAccessBlock:BucketPublicAccessBlock": lambda _: {"bucket": "logs-of-tests", "blockPublicPolicy": True},
    f"{_S3}OwnershipControls:BucketOwnershipControls": lambda _: {
        "bucket": "data-of-tests",
        "rule": {"objectOwnership": "BucketOwnerEnforced"},
    },
    f"{_S3}ServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": lambda w: {
        "bucket": "data-of-tests",
        "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": w.arn("key")}}],
    },
    f"{_S3}LifecycleConfiguration:BucketLifecycleConfiguration": lambda _: {
        "bucket": "data-of-tests",
        "rules": [
            {"id": "a", "status": "Enabled", "expiration": {"days": 1}},
            {"id": "b", "status": "Disabled", "expiration": {"expiredObjectDeleteMarker": True}},
        ],
    },
    f"{_S3}Logging:BucketLogging": lambda _: {"bucket": "data-of-tests", "targetBucket": "logs-of-tests"},
    f"{_S3}Policy:BucketPolicy": lambda _: {
        "bucket": "data-of-tests",
        "policy": document(allow("s3:*", "arn:aws:s3:::data-of-tests/*", AWS=f"arn:aws:iam::{ACCOUNT}:root")),
    },
    f"{_S3}CorsConfiguration:BucketCorsConfiguration": lambda _: {
        "bucket": "data-of-tests",
        "corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["https://*.example.com"]}],
    },
    "aws:cloudwatch/logGroup:LogGroup": lambda w: {
        "name": "/mine",
        "retentionInDays": 30,
        "kmsKeyId": w.arn("logs-key"),
    },
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": lambda _: {
        "policyName": "mine",
        "policyDocument": document(allow("logs:PutLogEvents", "*", Service="route53.amazonaws.com")),
    },
    f"{_EVENTS}Bus:EventBus": lambda _: {"name": "mine"},
    f"{_EVENTS}BusPolicy:EventBusPolicy": lambda _: {
        "eventBusName": "bus",
        "policy": document(allow("events:PutEvents", "*", AWS=f"arn:aws:iam::{ACCOUNT}:root")),
    },
    f"{_EVENTS}Rule:EventRule": lambda _: {"name": "mine", "eventPattern": '{"source": ["aws.s3"]}'},
    f"{_EVENTS}Target:EventTarget": lambda w: {
        "rule": "rule",
        "targetId": "mine",
        "arn": event_bus(OTHER, "foreign"),
        "roleArn": w.arn("worker"),
    },
    f"{_DNS}FirewallDomainList:ResolverFirewallDomainList": lambda _: {
        "name": "mine",
        "domains": ["*", "*.amazonaws.com"],
    },
    f"{_DNS}FirewallRuleGroup:ResolverFirewallRuleGroup": lambda _: {"name": "mine"},
    f"{_DNS}FirewallRule:ResolverFirewallRule": lambda w: {
        "name": "mine",
        "action": "BLOCK",
        "blockResponse": "NXDOMAIN",
        "priority": 200,
        "firewallRuleGroupId": w["dns-rules"],
        "firewallDomainListId": w["domains-2"],
    },
    f"{_DNS}FirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation": lambda w: {
        "name": "mine",
        "firewallRuleGroupId": w["dns-rules-2"],
        "vpcId": w["vpc"],
        "priority": 9_899,
    },
    f"{_DNS}FirewallConfig:ResolverFirewallConfig": lambda w: {"resourceId": w["vpc"], "firewallFailOpen": "DISABLED"},
    f"{_DNS}QueryLogConfig:ResolverQueryLogConfig": lambda w: {"name": "mine", "destinationArn": w.arn("log-group")},
    f"{_DNS}QueryLogConfigAssociation:ResolverQueryLogConfigAssociation": lambda w: {
        "resolverQueryLogConfigId": w["query-log"],
        "resourceId": w["vpc-2"],
    },
    "aws:sagemaker/domain:Domain": lambda w: {
        "domainName": "mine",
        "authMode": "IAM",
        "appNetworkAccessType": "VpcOnly",
        "vpcId": w["vpc"],
        "subnetIds": [w["subnet-a"]],
        "kmsKeyId": w.arn("key"),
        **w.idle(idleTimeoutInMinutes=60, minIdleTimeoutInMinutes=60, maxIdleTimeoutInMinutes=120),
    },
    "aws:sagemaker/userProfile:UserProfile": lambda w: {
        "domainId": w["domain"],
        "userProfileName": "me",
        "userSettings": {"executionRole": w.arn("worker"), "securityGroups": [w["group"]]},
    },
    "aws:sagemaker/servicecatalogPortfolioStatus:ServicecatalogPortfolioStatus": lambda _: {"status": "Enabled"},
    "aws:sagemaker/mlflowApp:MlflowApp": lambda w: {
        "name": "mine",
        "artifactStoreUri": "s3://data-of-tests/tracking",
        "roleArn": w.arn("worker"),
        "defaultDomainIdLists": [w["domain"]],
        "modelRegistrationMode": "AutoModelRegistrationDisabled",
    },
    "aws:ssm/parameter:Parameter": lambda _: {"name": "/team/mine", "type": "String", "value": "a" * 4_096},
    "aws:codecommit/approvalRuleTemplate:ApprovalRuleTemplate": lambda _: {
        "name": "mine",
        "content": '{"Version": "2018-11-08", "Statements": [{"Type": "Approvers", "NumberOfApprovalsNeeded": 1}]}',
    },
}
"""Type token -> inputs that are accepted; a case of refusal changes one of them."""
