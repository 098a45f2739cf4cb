"""Rules for the program itself: providers, regions, tags, what hides from the pack, and whose accounts are named."""

import re
from collections.abc import Iterator, Mapping

from policy.context import Context
from policy.model import UNKNOWN, Resource, Stack, items, leaves, mapping, texts
from policy.registries import AWS_REGISTRIES
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.statements import account_of

PROVIDER = "pulumi:providers:aws"
NATIVE_PROVIDER = "pulumi:providers:aws-native"

_AWS = ("aws:", "aws-native:")


# Providers ----------------------------------------------------------------------------------------------------------------------------


def _explicit(resource: Resource, _: Context) -> Iterator[Finding]:
    if resource.token.startswith(_AWS) and (resource.provider is None or resource.provider.is_default):
        yield Finding(
            message="has a default provider: whatever account the environment variables name", resource=resource
        )


_CREDENTIALS = ("accessKey", "secretKey", "token", "profile", "sharedCredentialsFiles", "sharedConfigFiles")
# skipRegionValidation is not among them: the SDK itself always sends it as true.
_LOOSENED = ("skipCredentialsValidation", "skipRequestingAccountId", "insecure", "endpoints")


def _pinned(provider: Resource, context: Context) -> Iterator[Outcome]:
    for path in ("region", "allowedAccountIds", *_CREDENTIALS, *_LOOSENED):
        if provider.properties.get(path) is UNKNOWN:
            yield Undecided(path=path, resource=provider)
    if not provider.is_set("region"):
        yield Finding(message="region is not set", resource=provider)
    if not provider.is_set("allowedAccountIds"):
        yield Finding(
            message="allowedAccountIds is not set: wrong credentials would deploy into another account",
            resource=provider,
        )
    accounts = texts(provider.properties.get("allowedAccountIds"))
    for account in accounts:
        if account not in context.named_accounts:
            yield Finding(message=f"allowedAccountIds: {account} is no account of the environment", resource=provider)
    yield from _assumes(provider, accounts)
    yield from _loosened(provider)


def _loosened(provider: Resource) -> Iterator[Finding]:
    for path in _CREDENTIALS:
        if provider.is_set(path) and provider.properties[path] is not UNKNOWN:
            yield Finding(
                message=f"{path}: credentials are chosen by the environment, not by the program", resource=provider
            )
    for path in _LOOSENED:
        if provider.properties.get(path) not in (None, False, "false", "", [], {}, UNKNOWN):
            yield Finding(
                message=f"{path} loosens what the provider checks, or sends requests elsewhere", resource=provider
            )


def _assumes(provider: Resource, accounts: list[str]) -> Iterator[Outcome]:
    """A deploy role, in an account that the provider may work in."""
    path = "assumeRole" if provider.is_of(NATIVE_PROVIDER) else "assumeRoles"
    given = items(provider.properties.get(path))
    if UNKNOWN in given:
        yield Undecided(path=path, resource=provider)
    elif not given:
        yield Finding(message=f"{path} is not set: the caller's own credentials would deploy", resource=provider)
    for arn in (mapping(role).get("roleArn") for role in given if role is not UNKNOWN):
        if arn is UNKNOWN:
            yield Undecided(path=f"{path}.roleArn", resource=provider)
        elif not isinstance(arn, str):
            yield Finding(message=f"{path}: has no role_arn (a plain dict is ignored)", resource=provider)
        elif accounts and account_of(arn) not in accounts:
            yield Finding(message=f"{path}: the role is in another account than allowedAccountIds", resource=provider)


# Regions ------------------------------------------------------------------------------------------------------------------------------

_IAM_EVENTS = "aws:cloudwatch/event"
"""What may be in IAM's own region, where its events are caught."""


def _regions(stack: Stack, context: Context) -> Iterator[Outcome]:
    for resource in stack.resources:
        if resource.is_of(PROVIDER, NATIVE_PROVIDER):
            yield from _in_region(resource, "region", {context.region, context.iam_region})
        elif resource.token.startswith(_AWS):
            events = resource.token.startswith(_IAM_EVENTS)
            allowed = {context.region, context.iam_region} if events else {context.region}
            provider = resource.provider.properties.get("region") if resource.provider else None
            yield from _in_region(resource, "region", allowed)
            if (
                provider == context.iam_region
                and context.iam_region not in allowed
                and "region" not in resource.properties
            ):
                yield Finding(message="is in IAM's region, which is for IAM's events only", resource=resource)
            yield from _in_zone(resource, context)


def _in_region(resource: Resource, path: str, allowed: set[str]) -> Iterator[Outcome]:
    region = resource.properties.get(path)
    if region is UNKNOWN:
        yield Undecided(path=path, resource=resource)
    elif region not in (None, "", *allowed):
        yield Finding(message=f"{path} is not {', '.join(sorted(allowed))}", resource=resource)


def _in_zone(resource: Resource, context: Context) -> Iterator[Outcome]:
    zones = [
        (name, zone)
        for name in ("availabilityZone", "availabilityZones")
        for zone in items(resource.properties.get(name))
    ]
    for name, zone in zones:
        if zone is UNKNOWN:
            yield Undecided(path=name, resource=resource)
        elif zone and not re.match(rf"{re.escape(context.region)}(-[a-z]|[a-z]$)", str(zone)):
            yield Finding(message=f"{name} is in another region than {context.region}", resource=resource)


# Tags ---------------------------------------------------------------------------------------------------------------------------------

_TAGGABLE: Mapping[str, str] = {
    "cloudtrail": "EventDataStore Trail",
    "cloudwatch": "CompositeAlarm EventBus EventRule LogGroup MetricAlarm",
    "codeartifact": "Domain Repository",
    "codebuild": "Project ReportGroup",
    "codecommit": "Repository",
    "codepipeline": "Pipeline Webhook",
    "ec2": "CarrierGateway DefaultRouteTable DefaultSecurityGroup EgressOnlyInternetGateway Eip FlowLog Instance InternetGateway "
    "ManagedPrefixList NatGateway NetworkAcl NetworkInterface RouteTable SecurityGroup Subnet Vpc VpcEndpoint VpcPeeringConnection",
    "ecr": "Repository",
    "iam": "InstanceProfile OpenIdConnectProvider Policy Role SamlProvider User",
    "kms": "Key ReplicaKey",
    "lambda": "EventSourceMapping Function",
    "route53": "ResolverEndpoint ResolverFirewallDomainList ResolverFirewallRuleGroup ResolverFirewallRuleGroupAssociation "
    "ResolverQueryLogConfig ResolverRule Zone",
    "s3": "Bucket",  # an object takes ten tags, and nothing is billed by them
    "sagemaker": "App DataQualityJobDefinition Domain Endpoint EndpointConfiguration FeatureGroup Image MlflowApp MlflowTrackingServer Model "
    "ModelPackageGroup MonitoringSchedule NotebookInstance Pipeline Project Space StudioLifecycleConfig TrainingJob UserProfile",
    "secretsmanager": "Secret",
    "servicecatalog": "Portfolio Product ProvisionedProduct",
    "sns": "Topic",
    "sqs": "Queue",
    "ssm": "Document Parameter",
    "vpc": "SecurityGroupEgressRule SecurityGroupIngressRule",
}
TAGGABLE: tuple[str, ...] = tuple(
    f"aws:{service}/{name[0].lower()}{name[1:]}:{name}"
    for service, names in _TAGGABLE.items()
    for name in names.split()
)
"""Types that take tags, of the services that such a platform uses."""


def _tags(resource: Resource, context: Context) -> Iterator[Outcome]:
    defaults = resource.provider.properties.get("defaultTags") if resource.provider else None
    # A resource's own tag wins over the provider's.
    layers = {
        "provider.defaultTags": defaults if defaults is UNKNOWN else mapping(defaults).get("tags"),
        "tagsAll": resource.properties.get("tagsAll"),
        "tags": resource.properties.get("tags"),
    }
    merged: dict[str, object] = {}
    for layer in layers.values():
        merged |= mapping(layer)
    missing = [key for key in context.tags if merged.get(key) in (None, "")]
    unknown = next((path for path, layer in layers.items() if layer is UNKNOWN), None)
    if missing and unknown:
        yield Undecided(path=unknown, resource=resource)
    elif missing:
        yield Finding(message=f"has no tag {', '.join(missing)}", resource=resource)


# What hides from the pack -------------------------------------------------------------------------------------------------------------

_OPAQUE = re.compile(
    r"aws:(cloudformation|cloudcontrol|serverlessrepository)/"
    r"|aws:servicecatalog/provisionedProduct:|aws:lambda/invocation:"
    r"|command:|pulumi-[a-z]+:dynamic|terraform-provider|aws-native:"
)
ALLOWED_NATIVE = ("Hook", "HookDefaultVersion", "HookTypeConfig", "HookVersion", "GuardHook", "LambdaHook")
"""What the classic provider lacks: CloudFormation hooks, which look at what a project's template makes."""


def _opaque(resource: Resource, _: Context) -> Iterator[Finding]:
    if _OPAQUE.match(resource.token) and resource.token not in {
        f"aws-native:cloudformation:{name}" for name in ALLOWED_NATIVE
    }:
        yield Finding(message=f"{resource.token} makes things that no rule sees", resource=resource)


# Accounts -----------------------------------------------------------------------------------------------------------------------------

_ARN = re.compile(r"\barn:([^:\s\"]*):([^:\s\"]*):([^:\s\"]*):([^:\s\"]*):([^\s\"]*)")
_BARE_ACCOUNT = re.compile(r'"([0-9]{12})"')
_DOCUMENTS = frozenset(
    (
        "assumeRolePolicy",
        "inlinePolicies",
        "managedPolicyArns",
        "permissionsBoundary",
        "policy",
        "policyArn",
        "policyDocument",
        "resourcePolicy",
    )
)
"""Properties that say who may do what: when they are not known, neither is whom they name."""


def _own_accounts(resource: Resource, context: Context) -> Iterator[Outcome]:
    found: dict[str, None] = {}
    for path, value in leaves(resource.properties):
        if value is UNKNOWN and re.split(r"[.\[]", path)[0] in _DOCUMENTS:
            yield Undecided(path=path, resource=resource)
        if isinstance(value, str):
            found |= dict.fromkeys(f"{path} names {what}" for what in _foreign(value, context))
    for message in found:
        yield Finding(message=message, resource=resource)


def _foreign(text: str, context: Context) -> Iterator[str]:
    for partition, service, region, account, rest in _ARN.findall(text):
        if partition not in (context.partition, "*"):
            yield f"partition {partition}"
        if region not in ("", "*", context.region, *((context.iam_region,) if service == "events" else ())):
            yield f"region {region}"
        published = service == "ecr" and rest.startswith("repository/") and account in AWS_REGISTRIES
        if re.search("[0-9]", account) and account not in context.named_accounts and not published:
            yield f"account {account}, which is not of the environment"
    if text.lstrip().startswith("{"):
        for account in _BARE_ACCOUNT.findall(text):
            if account not in context.named_accounts:
                yield f"account {account}, which is not of the environment"


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="PUL-01",
        name="no-default-provider",
        title="Every resource of AWS has an explicit provider, which names its account.",
        severity=Severity.HIGH,
        frameworks={},
        remediation="Pass provider= in the options of the resource or its parent, and set pulumi:disable-default-providers.",
        types=(),
        check=_explicit,
    ),
    ResourceRule(
        id="PUL-02",
        name="provider-pinned",
        title="A provider is held to a region, an account and a deploy role, and carries no credentials.",
        severity=Severity.HIGH,
        frameworks={"checkov": ("CKV_AWS_41",)},
        remediation="Give aws.Provider region, allowed_account_ids and assume_roles=[aws.ProviderAssumeRoleArgs(...)], and nothing else that "
        "chooses credentials.",
        types=(PROVIDER, NATIVE_PROVIDER),
        check=_pinned,
    ),
    StackRule(
        id="PUL-03",
        name="region",
        title="Everything is in the region of the environment.",
        severity=Severity.HIGH,
        frameworks={},
        remediation="Remove region= from the resource, and take zones from the region of its provider; only rules for IAM's events are elsewhere.",
        check=_regions,
    ),
    ResourceRule(
        id="PUL-04",
        name="required-tags",
        title="Everything that takes tags says which environment it is of, and carries the tags of the configuration.",
        severity=Severity.LOW,
        frameworks={},
        remediation="Set default_tags=aws.ProviderDefaultTagsArgs(tags=...) on the provider, and do not empty its tags on the resource.",
        types=TAGGABLE,
        check=_tags,
    ),
    ResourceRule(
        id="PUL-05",
        name="no-opaque-deploy",
        title="Nothing is deployed by what the pack cannot look into.",
        severity=Severity.HIGH,
        frameworks={},
        remediation="Declare the resource with the classic provider; a CloudFormation hook may be aws-native.",
        types=(),
        check=_opaque,
    ),
    ResourceRule(
        id="PUL-08",
        name="own-accounts",
        title="Documents and ARNs name only accounts of the configuration, in its partition and region.",
        severity=Severity.CRITICAL,
        frameworks={},
        remediation="Build ARNs from the environment's names; an account outside the environment is named in the configuration.",
        types=(),
        check=_own_accounts,
    ),
)
