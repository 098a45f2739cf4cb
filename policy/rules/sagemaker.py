"""Rules for SageMaker Studio: where a domain is, under which key, and who is behind what is done from it."""

from collections.abc import Iterator, Mapping

from policy import nist
from policy.context import Context
from policy.model import UNKNOWN, Resource, Stack, UndecidedError, items, texts
from policy.rule import Finding, Level, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.rules.kms import ALIAS, KEYS, is_key_of_aws
from policy.rules.network import DEFAULT_GROUP, GROUP, SUBNET, VPC, public_subnets

DOMAIN = "aws:sagemaker/domain:Domain"
USER_PROFILE = "aws:sagemaker/userProfile:UserProfile"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"

_ZONES = 2


def _vpc_only(domain: Resource, _: Context) -> Iterator[Finding]:
    if domain.get("appNetworkAccessType") != "VpcOnly":
        yield Finding(message="its applications reach the internet past the VPC", resource=domain)


def _own_key(stack: Stack, _: Context) -> Iterator[Outcome]:
    for domain in stack.of(DOMAIN):
        key = domain.properties.get("kmsKeyId")
        if not key:
            yield Finding(message="names no key: the home file system is under a key of AWS's", resource=domain)
        elif is_key_of_aws(key):
            yield Finding(message="the home file system is under a key of AWS's", resource=domain)
        elif key is UNKNOWN and not stack.referred(domain, "kmsKeyId", *KEYS, ALIAS):
            yield Undecided(path="kmsKeyId", resource=domain)


# Subnets ------------------------------------------------------------------------------------------------------------------------------


def _private_subnets(stack: Stack, _: Context) -> Iterator[Outcome]:
    public = public_subnets(stack)
    for domain in stack.of(DOMAIN):
        for subnet in stack.referred(domain, "subnetIds", SUBNET, DEFAULT_SUBNET):
            if subnet.urn in public or subnet.is_of(DEFAULT_SUBNET):
                yield Finding(message=f"is in {subnet.name}, from where the internet is reached", resource=domain)
        yield from _zones(stack, domain)


def _zones(stack: Stack, domain: Resource) -> Iterator[Outcome]:
    """Two subnets or more, in two zones or more; the zones of subnets that others made are not known."""
    given = domain.properties.get("subnetIds")
    subnets = stack.referred(domain, "subnetIds", SUBNET)
    zones = [
        subnet.properties.get("availabilityZone") or subnet.properties.get("availabilityZoneId") for subnet in subnets
    ]
    known = [zone for zone in zones if isinstance(zone, str)]
    number = len(set(texts(given))) + items(given).count(UNKNOWN)
    if len(set(known)) >= _ZONES:
        return
    if given is UNKNOWN or (number >= _ZONES and len(known) < number):
        yield Undecided(path="subnetIds", resource=domain)
    elif number < _ZONES:
        yield Finding(message="is in fewer than two subnets", resource=domain)
    else:
        yield Finding(message="all its subnets are in one zone", resource=domain)


# Security groups ----------------------------------------------------------------------------------------------------------------------

_GROUPS: Mapping[str, tuple[str, ...]] = {
    DOMAIN: ("defaultUserSettings.securityGroups", "defaultSpaceSettings.securityGroups"),
    USER_PROFILE: ("userSettings.securityGroups",),
}
"""Where groups are named. A space has none: its profile's, or the domain's default for spaces, are used."""
_R_SETTINGS = (
    "domainSettings.rStudioServerProDomainSettings",
    "defaultUserSettings.rStudioServerProAppSettings",
    "defaultUserSettings.rSessionAppSettings",
)


def _explicit_groups(stack: Stack, _: Context) -> Iterator[Outcome]:
    for token, paths in _GROUPS.items():
        for resource in stack.of(token):
            for path in paths:
                # A domain without shared spaces has no settings for them.
                if path.startswith("defaultSpaceSettings") and not resource.is_set("defaultSpaceSettings"):
                    continue
                yield from _named_groups(stack, resource, path)
    for domain in stack.of(DOMAIN):
        try:
            yield from _groups_of_r(domain)
        except UndecidedError as unknown:
            yield Undecided(path=unknown.path, resource=domain)


def _named_groups(stack: Stack, resource: Resource, path: str) -> Iterator[Outcome]:
    if not resource.is_set(path):
        yield Finding(message=f"{path} is not set", resource=resource)
        return
    # Nothing else of these settings comes from a VPC than its default group.
    if stack.referred(resource, path, DEFAULT_GROUP, VPC):
        yield Finding(message=f"{path} names the VPC's default security group", resource=resource)
    try:
        is_known = UNKNOWN not in items(resource.get(path))
    except UndecidedError:
        is_known = False
    if not is_known and not stack.referred(resource, path, GROUP):
        yield Undecided(path=path, resource=resource)


def _groups_of_r(domain: Resource) -> Iterator[Finding]:
    """With RStudio SageMaker makes groups between applications of its own, unless it is told not to.

    SageMaker's API reference wants `Service` for RStudio today (CreateDomain, `AppSecurityGroupManagement`): RStudio needs an exception.
    """
    if domain.get("appSecurityGroupManagement") != "Customer" and any(domain.get(path) for path in _R_SETTINGS):
        yield Finding(message="SageMaker makes the security groups of RStudio by itself", resource=domain)


def _identity(domain: Resource, _: Context) -> Iterator[Finding]:
    if domain.get("domainSettings.executionRoleIdentityConfig") != "USER_PROFILE_NAME":
        yield Finding(message="CloudTrail does not show whose profile did what", resource=domain)


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="SM-01",
        name="domain-vpc-only",
        title="Studio's applications reach out through the VPC only.",
        severity=Severity.CRITICAL,
        frameworks={
            "AWS Config": ("sagemaker-domain-in-vpc",),
            "data perimeter": ("PreventNonVpcOnlySageMakerDomain",),
            "NIST 800-53r5": nist.NETWORK,
        },
        remediation='Set app_network_access_type="VpcOnly".',
        types=(DOMAIN,),
        check=_vpc_only,
    ),
    StackRule(
        id="SM-02",
        name="domain-own-key",
        title="Studio's home file system and volumes are under a key of ours.",
        severity=Severity.HIGH,
        frameworks={"checkov": ("CKV_AWS_187",), "NIST 800-53r5": nist.ENCRYPTION},
        remediation="Set kms_key_id to the ARN of the account's storage key.",
        check=_own_key,
    ),
    StackRule(
        id="SM-03",
        name="domain-private-subnets",
        title="Studio is in two private subnets or more, in two zones.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.NETWORK},
        remediation="Give subnet_ids private subnets of two zones, whose route tables lead to no internet gateway.",
        check=_private_subnets,
    ),
    StackRule(
        id="SM-04",
        name="domain-own-groups",
        title="Studio and every profile have security groups of their own, never the VPC's default one.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("EC2.2",), "NIST 800-53r5": nist.NETWORK},
        remediation="Set security_groups in default_user_settings, default_space_settings and each profile's user_settings.",
        check=_explicit_groups,
    ),
    ResourceRule(
        id="SM-06",
        name="execution-role-identity",
        title="What is done from Studio carries the user profile's name.",
        severity=Severity.MEDIUM,
        frameworks={},
        remediation='Set execution_role_identity_config="USER_PROFILE_NAME" in domain_settings.',
        # Separation of duties in production rests on the source identity; in dev nobody approves anything that serves.
        level=Level.ADVISORY,
        levels={"prod": Level.MANDATORY},
        types=(DOMAIN,),
        check=_identity,
    ),
)
