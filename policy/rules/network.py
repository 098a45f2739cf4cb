"""Rules for the private network: VPCs, routes, security groups and endpoints."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from policy.context import Context
from policy.model import UNKNOWN, Resource, Stack, UndecidedError, items, leaves, mapping
from policy.registries import AWS_REGISTRIES, published_objects
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.statements import Statement, account_of, each_statement

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
DEFAULT_SUBNET = "aws:ec2/defaultSubnet:DefaultSubnet"
FLOW_LOG = "aws:ec2/flowLog:FlowLog"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
EGRESS_ONLY = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
CARRIER = "aws:ec2/carrierGateway:CarrierGateway"
NAT = "aws:ec2/natGateway:NatGateway"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
DEFAULT_ROUTE_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
ENDPOINT_TABLE = "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation"

Block = IPv4Network | IPv6Network

HTTPS = 443
_PRIVATE = tuple(
    ip_network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
)
_WIDEST = {4: 8, 6: 16}
"""No private IPv4 block is wider than /8, and nobody is given an IPv6 block wider than /16: what is wider is a part of "everywhere"."""


def unlinked(stack: Stack, token: str, path: str) -> Resource | None:
    """A resource of a type that may belong to any other: neither the property is known, nor where its value comes from."""
    for other in stack.of(token):
        try:
            other.get(path)
        except UndecidedError:
            if not other.references.get(path.partition(".")[0]):
                return other
    return None


# Address blocks -----------------------------------------------------------------------------------------------------------------------


def _block(value: object) -> Block | None:
    """An address block; None for what AWS would refuse."""
    try:
        return ip_network(str(value), strict=False)
    except ValueError:
        return None


def _within(block: Block, other: Block) -> bool:
    """Whether a block lies in another; those of different IP versions never do."""
    if isinstance(block, IPv4Network):
        return isinstance(other, IPv4Network) and block.subnet_of(other)
    return isinstance(other, IPv6Network) and block.subnet_of(other)


def _is_private(block: Block) -> bool:
    return any(_within(block, private) for private in _PRIVATE)


def _is_open(block: Block) -> bool:
    """Whether it is everywhere, or a part of everywhere that was cut to look like less (0.0.0.0/1 and 128.0.0.0/1)."""
    return block.prefixlen < _WIDEST[block.version] and not _is_private(block)


Blocks = Iterator[tuple[str, object]]
_SINGLE = (
    "cidrIpv4",
    "cidrIpv6",
    "cidr",
    "cidrBlock",
    "ipv6CidrBlock",
    "destinationCidrBlock",
    "destinationIpv6CidrBlock",
)
_LISTS = ("cidrBlocks", "ipv6CidrBlocks")


def _cidrs(properties: Mapping[str, object], start: str = "") -> Blocks:
    """Path and value of every address block of a rule, an entry or a route; what is not known is `UNKNOWN`."""
    for name in _SINGLE:
        if properties.get(name) not in (None, ""):
            yield f"{start}{name}", properties[name]
    for name in _LISTS:
        for index, value in enumerate(items(properties.get(name))):
            yield (f"{start}{name}" if value is properties[name] else f"{start}{name}[{index}]"), value


def _parts(resource: Resource, name: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Path and object of the parts of a list (`ingress`, `routes`)."""
    for index, part in enumerate(items(resource.properties.get(name))):
        if part is UNKNOWN:
            raise UndecidedError(name)
        yield f"{name}[{index}].", mapping(part)


def _rule_blocks(resource: Resource, direction: str) -> Blocks:
    """The address blocks that a resource opens in a direction (`ingress`, `egress`)."""
    if resource.is_of(PREFIX_LIST):
        for start, entry in _parts(resource, "entries"):
            yield from _cidrs(entry, start)
    elif resource.is_of(GROUP, DEFAULT_GROUP):
        for start, part in _parts(resource, direction):
            yield from _cidrs(part, start)
    elif not resource.is_of(GROUP_RULE) or resource.get("type") == direction:
        yield from _cidrs(resource.properties)


# Security groups ----------------------------------------------------------------------------------------------------------------------


def _open_ingress(resource: Resource, _: Context) -> Iterator[Outcome]:
    for path, value in _rule_blocks(resource, "ingress"):
        if value is UNKNOWN:
            yield Undecided(path=path, resource=resource)
            continue
        block = _block(value)
        if block is None:
            yield Finding(message=f"{path} is no address block", resource=resource)
        elif _is_open(block):
            yield Finding(message=f"{path} lets everybody in ({block})", resource=resource)


def _open_egress(stack: Stack, context: Context) -> Iterator[Outcome]:
    for resource in stack.of(GROUP, DEFAULT_GROUP, GROUP_RULE, EGRESS, PREFIX_LIST, PREFIX_LIST_ENTRY):
        try:
            yield from _egress(stack, resource, context)
        except UndecidedError as unknown:
            yield Undecided(path=unknown.path, resource=resource)


def _egress(stack: Stack, resource: Resource, context: Context) -> Iterator[Outcome]:
    for path, value in _rule_blocks(resource, "egress"):
        if value is UNKNOWN:
            yield Undecided(path=path, resource=resource)
            continue
        block = _block(value)
        if block is None:
            yield Finding(message=f"{path} is no address block", resource=resource)
        elif resource.is_of(PREFIX_LIST, PREFIX_LIST_ENTRY):
            if _is_open(block):
                yield Finding(message=f"{path} puts everywhere ({block}) into a prefix list", resource=resource)
        elif not _stays_inside(stack, resource, block) and not _is_build_rule(stack, resource, block, context):
            yield Finding(message=f"{path} lets traffic leave the VPC ({block})", resource=resource)


def _stays_inside(stack: Stack, resource: Resource, block: Block) -> bool:
    """Whether a block is in the group's VPC; for a VPC of somebody else, whether it is private."""
    groups = [resource] if resource.is_of(GROUP, DEFAULT_GROUP) else stack.referred(resource, "securityGroupId", GROUP)
    vpcs = [vpc for group in groups for vpc in stack.referred(group, "vpcId", VPC)]
    known = [_block(value) for vpc in vpcs for _, value in _cidrs(vpc.properties)]
    inside = [vpc for vpc in known if vpc is not None]
    return any(_within(block, vpc) for vpc in inside) if inside else _is_private(block)


def _is_build_rule(stack: Stack, resource: Resource, block: Block, context: Context) -> bool:
    """The one way out that `mlops:network.internet: nat` opens: HTTPS of the builds' group."""
    if not context.internet or block.prefixlen:
        return False
    ports = (resource.get("ipProtocol"), resource.get("fromPort"), resource.get("toPort"))
    names = [group.get("name") for group in stack.referred(resource, "securityGroupId", GROUP)]
    return ports == ("tcp", HTTPS, HTTPS) and names == [f"{context.prefix}-builds"]


def _default_group(stack: Stack, _: Context) -> Iterator[Outcome]:
    opened, unknown = _rules_of_default_groups(stack), unlinked(stack, DEFAULT_GROUP, "vpcId")
    for vpc in stack.of(VPC):
        groups = stack.users(vpc, DEFAULT_GROUP, "vpcId")
        if not groups and unknown:
            yield Undecided(path="vpcId", resource=unknown)
        elif not groups:
            yield Finding(message="its default security group is left as AWS made it: open within", resource=vpc)
        for group in groups:
            for direction in ("ingress", "egress"):
                if group.properties.get(direction) is UNKNOWN:
                    yield Undecided(path=direction, resource=group)
                elif group.is_set(direction):
                    yield Finding(message=f"the default security group has {direction} rules", resource=group)
        for rule in {rule.urn: rule for owner in (vpc, *groups) for rule in opened.get(owner.urn, ())}.values():
            yield Finding(message="opens a default security group", resource=rule)


def _rules_of_default_groups(stack: Stack) -> Mapping[str, list[Resource]]:
    """URN of a VPC or default group -> the rules put on it from outside (`vpc.defaultSecurityGroupId` comes from the VPC)."""
    found: dict[str, list[Resource]] = {}
    for rule in stack.of(GROUP_RULE, INGRESS, EGRESS):
        for owner in stack.referred(rule, "securityGroupId", VPC, DEFAULT_GROUP):
            found.setdefault(owner.urn, []).append(rule)
    return found


# VPCs, subnets and routes -------------------------------------------------------------------------------------------------------------


def _flow_logs(stack: Stack, _: Context) -> Iterator[Outcome]:
    unknown = unlinked(stack, FLOW_LOG, "vpcId")
    for vpc in stack.of(VPC):
        logs = stack.users(vpc, FLOW_LOG, "vpcId")
        types = [log.properties.get("trafficType") for log in logs]
        if "ALL" in types:
            continue
        if UNKNOWN in types:
            yield Undecided(path="trafficType", resource=logs[types.index(UNKNOWN)])
        elif unknown:
            yield Undecided(path="vpcId", resource=unknown)
        elif logs:
            yield Finding(message="logs only a part of the traffic", resource=logs[0])
        else:
            yield Finding(message="has no flow log", resource=vpc)


def _public_addresses(subnet: Resource, _: Context) -> Iterator[Outcome]:
    # The subnets of a default VPC give public addresses unless they are told not to.
    if subnet.get("mapPublicIpOnLaunch") is True or (
        subnet.is_of(DEFAULT_SUBNET) and subnet.get("mapPublicIpOnLaunch") is None
    ):
        yield Finding(message="gives public addresses", resource=subnet)


def _routes(stack: Stack, table: Resource) -> Iterator[tuple[Resource, str, Mapping[str, object]]]:
    """The routes of a table: who declares it, the start of its paths, its properties; unknown ones are left to `_no_internet`."""
    for index, part in enumerate(items(table.properties.get("routes"))):
        if part is not UNKNOWN:
            yield table, f"routes[{index}].", mapping(part)
    for route in stack.users(table, ROUTE, "routeTableId"):
        yield route, "", route.properties


def _leads_to_gateway(stack: Stack, table: Resource) -> bool:
    """Whether a route table leads to an internet gateway: its subnets are public."""
    for owner, _, route in _routes(stack, table):
        if str(route.get("gatewayId")).startswith("igw-"):
            return True
        top = "routes" if owner is table else "gatewayId"
        if stack.referred(owner, top, INTERNET_GATEWAY):
            return True
    return False


def public_subnets(stack: Stack) -> Mapping[str, Resource]:
    """URN -> subnet whose route table leads to an internet gateway."""
    return {
        subnet.urn: subnet
        for table in stack.of(ROUTE_TABLE, DEFAULT_ROUTE_TABLE)
        if _leads_to_gateway(stack, table)
        for association in stack.users(table, TABLE_ASSOCIATION, "routeTableId")
        for subnet in stack.referred(association, "subnetId", SUBNET)
    }


def _no_internet(stack: Stack, context: Context) -> Iterator[Outcome]:
    for gateway in stack.of(EGRESS_ONLY, CARRIER, *(() if context.internet else (INTERNET_GATEWAY, NAT))):
        kind = gateway.properties.get("connectivityType")
        if kind is UNKNOWN:
            yield Undecided(path="connectivityType", resource=gateway)
        elif kind != "private":
            yield Finding(message="is a way to the internet", resource=gateway)
    for table in stack.of(ROUTE_TABLE, DEFAULT_ROUTE_TABLE):
        for index, route in enumerate(items(table.properties.get("routes"))):
            if route is UNKNOWN:
                yield Undecided(path="routes", resource=table)
            yield from _route(table, f"routes[{index}].", mapping(route), context)
    for route in stack.of(ROUTE):
        yield from _route(route, "", route.properties, context)
    if context.internet:
        yield from _only_nat_in_public(stack)


def _route(owner: Resource, start: str, route: Mapping[str, object], context: Context) -> Iterator[Outcome]:
    """A route to everywhere; with NAT it may go to a NAT gateway, and to an internet gateway (whose subnets hold NAT gateways only)."""
    if context.internet and any(route.get(target) for target in ("natGatewayId", "gatewayId")):
        return
    for path, value in _cidrs(route, start):
        if value is UNKNOWN:
            yield Undecided(path=path, resource=owner)
            continue
        block = _block(value)
        if block is None or _is_open(block):
            yield Finding(message=f"{path} is a route to everywhere", resource=owner)


def _only_nat_in_public(stack: Stack) -> Iterator[Outcome]:
    public = public_subnets(stack)
    ids = {value for subnet in public.values() for value in subnet.identity}
    for resource in stack.resources if public else ():
        if resource.is_of(NAT, TABLE_ASSOCIATION, SUBNET):
            continue
        names = [name for name, urns in resource.references.items() if not public.keys().isdisjoint(urns)]
        names += [name for name, value in resource.properties.items() if any(leaf in ids for _, leaf in leaves(value))]
        for name in dict.fromkeys(names):
            yield Finding(message=f"{name} is in a public subnet, which is for NAT gateways only", resource=resource)


def _two_zones(stack: Stack, _: Context) -> Iterator[Outcome]:
    public = public_subnets(stack)
    for vpc in stack.of(VPC):
        subnets = [subnet for subnet in stack.users(vpc, SUBNET, "vpcId") if subnet.urn not in public]
        if not subnets:
            continue
        names = [subnet.properties.get("availabilityZone") for subnet in subnets]
        ids = [subnet.properties.get("availabilityZoneId") for subnet in subnets]
        if max(len({zone for zone in zones if isinstance(zone, str)}) for zones in (names, ids)) > 1:
            continue
        unknown = next((subnet for subnet in subnets if subnet.properties.get("availabilityZone") is UNKNOWN), None)
        if unknown and len(subnets) > 1:
            yield Undecided(path="availabilityZone", resource=unknown)
        else:
            yield Finding(message="its private subnets are in one zone, or in whichever AWS picks", resource=vpc)


# Endpoints ----------------------------------------------------------------------------------------------------------------------------

_EVERYWHERE = ("ecr.api", "ecr.dkr", "kms", "logs", "monitoring", "sagemaker.api", "sts")
TARGET_ENDPOINTS = (*_EVERYWHERE, "sagemaker.runtime")
"""What an account that serves models needs: images, keys, logs, metrics, its own endpoints and identity."""

DEVELOPMENT_ENDPOINTS = (
    *_EVERYWHERE,
    "cloudformation",
    "codeartifact.api",
    "codeartifact.repositories",
    "codebuild",
    "codecommit",
    "codepipeline",
    "events",
    "git-codecommit",
    "sagemaker.featurestore-runtime",
    "sagemaker.metrics",
    "sagemaker.runtime",
    "servicecatalog",
    "ssm",
    "studio",
)
"""What Studio, projects, builds and jobs reach from a network without internet. Sources: SageMaker developer guide, "Connect Amazon SageMaker
Studio in a VPC to external resources"; CodeBuild, "Use VPC endpoints"; CodeArtifact, "Create VPC endpoints"."""

_TRACKING_ENDPOINTS = ("mlflow",)


def _required(vpc: Resource, context: Context) -> tuple[str, ...]:
    """Short names of the interface endpoints that the account of a VPC needs: as configured, or by what the account does."""
    if context.endpoints is not None:
        return context.endpoints
    accounts = vpc.provider.accounts if vpc.provider else ()
    if context.development not in accounts:
        return TARGET_ENDPOINTS
    return (*DEVELOPMENT_ENDPOINTS, *(_TRACKING_ENDPOINTS if context.tracking else ()))


def _offers(service_name: str) -> str:
    """Short name of an endpoint service: `com.amazonaws.eu-west-1.ecr.api` -> `ecr.api`."""
    # Owner of two words, region, service.
    return ".".join(service_name.removeprefix("cn.").split(".")[3:])


def _kind(endpoint: Resource) -> object:
    return endpoint.get("vpcEndpointType") or "Gateway"


_OWNER_KEYS = {
    "principal": ("aws:PrincipalAccount", "aws:PrincipalOrgID"),
    "resource": ("aws:ResourceAccount", "aws:ResourceOrgID"),
}
_WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken", "sts:GetCallerIdentity", "sts:GetServiceBearerToken"}
"""Actions without a resource, so without a resource account: tokens for the caller, and who the caller is."""
_PULLS = {"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}


def _endpoint_policy(endpoint: Resource, context: Context) -> Iterator[Outcome]:
    if _kind(endpoint) in ("Gateway", "Interface") and not endpoint.is_set("policy"):
        yield Finding(message="has no policy: everything may pass, to whomever", resource=endpoint)
    yield from each_statement(_policy_of, _lets_ours_through, malformed=True)(endpoint, context)


def _policy_of(endpoint: Resource) -> Iterator[tuple[str, object]]:
    yield "policy", endpoint.properties.get("policy")


def _lets_ours_through(statement: Statement, context: Context) -> Iterator[str]:
    if not statement.allows or _reads_what_aws_publishes(statement, context):
        return
    if not (_is_ours(statement, "principal", context) or _are_our_principals(statement, context)):
        yield "lets anybody's principals through: bind aws:PrincipalAccount"
    if not (_is_ours(statement, "resource", context) or _are_our_resources(statement, context)):
        yield "lets anybody's resources be reached: bind aws:ResourceAccount"


def _is_ours(statement: Statement, what: str, context: Context) -> bool:
    """Whether a condition holds principals or resources to accounts of the environment, or to the organisation."""
    account, organization = _OWNER_KEYS[what]
    accounts = statement.bound(account, "StringEquals")
    organizations = statement.bound(organization, "StringEquals")
    return (bool(accounts) and set(accounts) <= context.accounts) or (organizations == [context.organization])


def _are_our_principals(statement: Statement, context: Context) -> bool:
    statement.demand("Principal")
    arns = statement.bound(
        "aws:PrincipalArn", "ArnEquals", "ArnLike", "StringEquals", "StringLike"
    ) or statement.principals("AWS")
    return bool(arns) and {account_of(arn) for arn in arns} <= context.accounts


def _are_our_resources(statement: Statement, context: Context) -> bool:
    """Whether every resource names an account of ours, is an image that AWS publishes and that is only pulled, or is none."""
    statement.demand("Action")
    actions, arns = set(statement.known("Action")), statement.known("Resource")
    if actions and actions <= _WITHOUT_RESOURCE:
        return True
    accounts = context.accounts | AWS_REGISTRIES if actions and actions <= _PULLS else context.accounts
    if not {account_of(arn) for arn in arns} <= accounts:
        return False
    statement.demand("Resource")
    return bool(arns)


def _reads_what_aws_publishes(statement: Statement, context: Context) -> bool:
    """Whether it only reads image layers and packages, which AWS hands out by presigned addresses."""
    arns = statement.known("Resource")
    if not set(arns) <= published_objects(context.partition, context.region) or set(statement.known("Action")) - {
        "s3:GetObject"
    }:
        return False
    statement.demand("Action")
    statement.demand("Resource")
    return bool(arns) and statement.has("Action")


def _required_endpoints(stack: Stack, context: Context) -> Iterator[Outcome]:
    homeless = unlinked(stack, ENDPOINT, "vpcId")
    for vpc in stack.of(VPC):
        made: set[str] = set()
        unknown, path = homeless, "vpcId"
        for endpoint in stack.users(vpc, ENDPOINT, "vpcId"):
            try:
                kind, service = str(_kind(endpoint)), _offers(str(endpoint.get("serviceName")))
            except UndecidedError as error:
                unknown, path = endpoint, error.path
                continue
            made.add(f"{service} ({kind})")
        wanted = ["s3 (Gateway)", *(f"{service} (Interface)" for service in _required(vpc, context))]
        missing = [name for name in wanted if name not in made]
        if missing and unknown:
            yield Undecided(path=path, resource=unknown)
        elif missing:
            yield Finding(message=f"has no endpoint for {', '.join(missing)}", resource=vpc)


def _private_dns(endpoint: Resource, _: Context) -> Iterator[Outcome]:
    if _kind(endpoint) == "Interface" and endpoint.get("privateDnsEnabled") is not True:
        yield Finding(message="private DNS is off: clients go to the public address", resource=endpoint)


def _gateway_routes(stack: Stack, _: Context) -> Iterator[Outcome]:
    attached = _attached_tables(stack)
    unknown = unlinked(stack, ENDPOINT, "routeTableIds")
    associated = {
        subnet.urn
        for association in stack.of(TABLE_ASSOCIATION)
        for subnet in stack.referred(association, "subnetId", SUBNET)
    }
    for vpc in stack.of(VPC):
        lost: list[tuple[Resource, str]] = [
            (table, "the S3 gateway endpoint is not attached to it")
            for table in stack.users(vpc, ROUTE_TABLE, "vpcId")
            if table.urn not in attached and not _leads_to_gateway(stack, table)
        ]
        lost += [
            (subnet, "uses the VPC's main route table, to which the S3 gateway endpoint is not attached")
            for subnet in stack.users(vpc, SUBNET, "vpcId")
            if subnet.urn not in associated and vpc.urn not in attached
        ]
        for resource, message in lost:
            if unknown:
                yield Undecided(path="routeTableIds", resource=unknown)
            else:
                yield Finding(message=message, resource=resource)


def _attached_tables(stack: Stack) -> set[str]:
    """URNs of the route tables with the S3 gateway endpoint; that of a VPC for its main table (`vpc.mainRouteTableId`)."""
    attached: set[str] = set()
    for endpoint in stack.of(ENDPOINT):
        try:
            gateway = _kind(endpoint) == "Gateway" and _offers(str(endpoint.get("serviceName"))) == "s3"
        except UndecidedError:
            continue
        if gateway:
            tables = stack.referred(endpoint, "routeTableIds", ROUTE_TABLE, DEFAULT_ROUTE_TABLE, VPC)
            for association in stack.users(endpoint, ENDPOINT_TABLE, "vpcEndpointId"):
                tables += stack.referred(association, "routeTableId", ROUTE_TABLE, DEFAULT_ROUTE_TABLE, VPC)
            attached |= {table.urn for table in tables}
    mains = [table for table in stack.of(DEFAULT_ROUTE_TABLE) if table.urn in attached]
    return attached | {vpc.urn for table in mains for vpc in stack.referred(table, "defaultRouteTableId", VPC)}


_NIST_NETWORK = ("AC-4", "AC-4(21)", "SC-7", "SC-7(11)", "SC-7(16)", "SC-7(21)")

RULES: tuple[Rule, ...] = (
    StackRule(
        id="NET-01",
        name="flow-logs",
        title="All traffic of a VPC is logged.",
        severity=Severity.MEDIUM,
        frameworks={
            "Security Hub": ("EC2.6",),
            "CIS AWS 6.0": ("4.7",),
            "checkov": ("CKV2_AWS_11",),
            "cdk-nag": ("AwsSolutions-VPC7",),
            "AVD": ("AVD-0178",),
            "NIST 800-53r5": ("AU-12", "CM-6a"),
        },
        remediation="Add an ec2.FlowLog with vpc_id and traffic_type='ALL'.",
        check=_flow_logs,
    ),
    StackRule(
        id="NET-02",
        name="default-group-closed",
        title="The default security group of a VPC has no rules.",
        severity=Severity.HIGH,
        frameworks={
            "Security Hub": ("EC2.2",),
            "CIS AWS 6.0": ("6.5",),
            "checkov": ("CKV2_AWS_12",),
            "AVD": ("AVD-0173",),
            "NIST 800-53r5": _NIST_NETWORK,
        },
        remediation="Add an ec2.DefaultSecurityGroup with vpc_id, ingress=[] and egress=[], and put no rule on it.",
        check=_default_group,
    ),
    ResourceRule(
        id="NET-03",
        name="no-open-ingress",
        title="No security group lets everybody in.",
        severity=Severity.CRITICAL,
        frameworks={
            "Security Hub": ("EC2.18", "EC2.19"),
            "CIS AWS 6.0": ("6.3", "6.4"),
            "checkov": ("CKV_AWS_24", "CKV_AWS_25", "CKV_AWS_260", "CKV_AWS_277"),
            "cdk-nag": ("AwsSolutions-EC23",),
            "AVD": ("AVD-0107",),
            "NIST 800-53r5": _NIST_NETWORK,
        },
        remediation="Name the group that may connect (referenced_security_group_id) instead of an address block.",
        types=(GROUP, DEFAULT_GROUP, GROUP_RULE, INGRESS, PREFIX_LIST, PREFIX_LIST_ENTRY),
        check=_open_ingress,
    ),
    StackRule(
        id="NET-04",
        name="no-open-egress",
        title="Security groups let traffic out only to groups, prefix lists and addresses of their VPC.",
        severity=Severity.HIGH,
        frameworks={
            "checkov": ("CKV_AWS_382",),
            "AVD": ("AVD-0104",),
            "guard": ("ec2_security_group_egress_open_to_world",),
            "NIST 800-53r5": _NIST_NETWORK,
        },
        remediation="Name a group (referenced_security_group_id) or the S3 endpoint's prefix_list_id; builds that need package indexes have "
        "mlops:network.internet: nat.",
        check=_open_egress,
    ),
    ResourceRule(
        id="NET-06",
        name="no-public-addresses",
        title="No subnet gives public addresses.",
        severity=Severity.HIGH,
        frameworks={
            "Security Hub": ("EC2.15",),
            "checkov": ("CKV_AWS_130",),
            "AVD": ("AVD-0164",),
            "NIST 800-53r5": _NIST_NETWORK,
        },
        remediation="Set map_public_ip_on_launch=False.",
        types=(SUBNET, DEFAULT_SUBNET),
        check=_public_addresses,
    ),
    StackRule(
        id="NET-07",
        name="no-internet",
        title="No VPC has a way to the internet but the NAT gateways that the configuration asks for.",
        severity=Severity.CRITICAL,
        frameworks={
            "Security Hub": ("EC2.172",),
            "guard": ("no_unrestricted_route_to_igw",),
            "NIST 800-53r5": _NIST_NETWORK,
        },
        remediation="Remove the gateway or route; builds that need the internet have mlops:network.internet: nat.",
        check=_no_internet,
    ),
    StackRule(
        id="NET-08",
        name="two-zones",
        title="The private subnets of a VPC are in two zones or more.",
        severity=Severity.MEDIUM,
        frameworks={},
        remediation="Give each ec2.Subnet its own availability_zone; a SageMaker endpoint needs two.",
        check=_two_zones,
    ),
    ResourceRule(
        id="NET-09",
        name="private-dns",
        title="An interface endpoint answers under the service's own name.",
        severity=Severity.MEDIUM,
        frameworks={"NIST 800-53r5": ("SC-7", "SC-7(11)")},
        remediation="Set private_dns_enabled=True, and enable_dns_support and enable_dns_hostnames on the VPC.",
        types=(ENDPOINT,),
        check=_private_dns,
    ),
    ResourceRule(
        id="NET-10",
        name="endpoint-policy",
        title="Endpoints let only our principals through, and only to our resources.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": (*_NIST_NETWORK, "AC-3", "AC-6")},
        remediation="Set policy to Allow statements with StringEquals aws:PrincipalAccount and aws:ResourceAccount; an endpoint whose service "
        "takes no policy is an exception.",
        types=(ENDPOINT,),
        check=_endpoint_policy,
    ),
    StackRule(
        id="NET-12",
        name="required-endpoints",
        title="A VPC has an endpoint for every service that its account uses.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("EC2.10", "EC2.55", "EC2.56", "EC2.57"), "NIST 800-53r5": ("AC-4", "SC-7(4)")},
        remediation="Add the ec2.VpcEndpoint; what an account needs follows from what it does, or from mlops:network.endpoints.",
        check=_required_endpoints,
    ),
    StackRule(
        id="NET-13",
        name="gateway-routes",
        title="Every private route table leads to the S3 gateway endpoint.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": ("AC-4", "SC-7(4)")},
        remediation="Add the table to the endpoint's route_table_ids, and give each subnet a route table of its own.",
        check=_gateway_routes,
    ),
)
