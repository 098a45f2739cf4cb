"""VPCs, subnets, routes, endpoints, security groups, flow logs."""

from ipaddress import IPv4Network, ip_network

from sandbox.endpoint_services import GATEWAYS, find_service
from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, used_by
from sandbox.policies import ENDPOINT, check
from sandbox.refusal import Refusal
from sandbox.world import Properties, Thing, World
from sandbox.zones import zone_names

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ENDPOINT_TOKEN = "aws:ec2/vpcEndpoint:VpcEndpoint"  # noqa: S105 - a type token
GROUP = "aws:ec2/securityGroup:SecurityGroup"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
NAT = "aws:ec2/natGateway:NatGateway"
ADDRESS = "aws:ec2/eip:Eip"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
DOMAIN = "aws:sagemaker/domain:Domain"
PROFILE = "aws:sagemaker/userProfile:UserProfile"

_LARGEST, _SMALLEST = 16, 28
_GROUP_TEXT = Form(pattern=r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]+", most=255, code="InvalidParameterValue")
"""Names and descriptions of security groups and their rules: `CreateSecurityGroup`, EC2 API."""
_LAST_PORT = 65_535
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")


def _check_block(text: str, code: str) -> IPv4Network:
    try:
        block = IPv4Network(text)
    except ValueError:
        raise Refusal("InvalidParameterValue", f"Value ({text}) for parameter cidrBlock is invalid") from None
    if not _LARGEST <= block.prefixlen <= _SMALLEST:
        raise Refusal(code, f"The CIDR '{text}' is invalid.")
    return block


def _check_vpc(call: Call) -> None:
    _check_block(call.inputs["cidrBlock"], "InvalidVpc.Range")


def _vpc(call: Call) -> Made:
    vpc = call.fresh("vpc-")
    suffix = vpc.removeprefix("vpc-")
    return Made(
        id=vpc,
        outputs={
            "arn": call.arn("ec2", f"vpc/{vpc}"),
            "ownerId": call.account,
            "defaultSecurityGroupId": f"sg-{suffix}",
            "mainRouteTableId": f"rtb-{suffix}",
            "defaultNetworkAclId": f"acl-{suffix}",
            "dhcpOptionsId": f"dopt-{suffix}",
        },
    )


def _check_subnet(call: Call) -> None:
    vpc = call.require(VPC, call.inputs["vpcId"], "InvalidVpcID.NotFound", "vpc ID")
    block = _check_block(call.inputs["cidrBlock"], "InvalidSubnet.Range")
    if not block.subnet_of(IPv4Network(vpc.inputs["cidrBlock"])):
        raise Refusal("InvalidSubnet.Range", f"The CIDR '{block}' is invalid.")
    for other in call.others():
        if other.inputs["vpcId"] == vpc.id and IPv4Network(other.inputs["cidrBlock"]).overlaps(block):
            raise Refusal("InvalidSubnet.Conflict", f"The CIDR '{block}' conflicts with another subnet")
    zone = call.inputs.get("availabilityZone")
    if zone and zone not in zone_names(call.region):
        raise Refusal(
            "InvalidParameterValue",
            f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently only be created in ...",
        )


def _subnet(call: Call) -> Made:
    subnet = call.fresh("subnet-")
    taken = call.old.outputs.get("availabilityZone") if call.old else None
    return Made(
        id=subnet,
        outputs={
            "arn": call.arn("ec2", f"subnet/{subnet}"),
            "ownerId": call.account,
            # AWS chooses a zone if none is given.
            "availabilityZone": call.inputs.get("availabilityZone") or taken or zone_names(call.region)[0],
        },
    )


def _route_table(call: Call) -> Made:
    call.require(VPC, call.inputs["vpcId"], "InvalidVpcID.NotFound", "vpc ID")
    table = call.fresh("rtb-")
    return Made(id=table, outputs={"arn": call.arn("ec2", f"route-table/{table}"), "ownerId": call.account})


def _check_association(call: Call) -> None:
    subnet = call.require(SUBNET, call.inputs["subnetId"], "InvalidSubnetID.NotFound", "subnet ID")
    table = call.require(ROUTE_TABLE, call.inputs["routeTableId"], "InvalidRouteTableID.NotFound", "routeTable ID")
    if subnet.inputs["vpcId"] != table.inputs["vpcId"]:
        raise Refusal(
            "InvalidParameterValue", f"Route table {table.id} and network {subnet.id} belong to different networks"
        )
    if any(other.inputs["subnetId"] == subnet.id for other in call.others()):
        raise Refusal(
            "Resource.AlreadyAssociated",
            f"the specified association for subnet {subnet.id} conflicts with an existing association",
        )


def _check_route(call: Call) -> None:
    table = call.require(ROUTE_TABLE, call.inputs["routeTableId"], "InvalidRouteTableID.NotFound", "routeTable ID")
    if gateway_id := call.inputs.get("gatewayId"):
        gateway = call.require(GATEWAY, gateway_id, "InvalidInternetGatewayID.NotFound", "internetGateway ID")
        if gateway.inputs.get("vpcId") != table.inputs["vpcId"]:
            raise Refusal(
                "InvalidParameterValue",
                f"route table {table.id} and network gateway {gateway.id} belong to different networks",
            )
    elif nat_id := call.inputs.get("natGatewayId"):
        call.require(NAT, nat_id, "InvalidNatGatewayID.NotFound", "natGateway ID")
    else:
        raise Refusal("MissingParameter", "The request must contain exactly one of gatewayId, natGatewayId")
    if any(
        other.inputs["routeTableId"] == table.id
        and other.inputs.get("destinationCidrBlock") == call.inputs.get("destinationCidrBlock")
        for other in call.others()
    ):
        raise Refusal(
            "RouteAlreadyExists", f"The route identified by {call.inputs.get('destinationCidrBlock')} already exists."
        )


def _route(call: Call) -> Made:
    return Made(id=f"r-{call.inputs['routeTableId']}{call.world.fresh('routes', 8)}" if not call.old else call.old.id)


def _check_endpoint(call: Call) -> None:
    vpc = call.require(VPC, call.inputs["vpcId"], "InvalidVpcId.NotFound", "Vpc ID")
    name = call.inputs["serviceName"]
    service = find_service(name, call.region)
    if service is None:
        raise Refusal("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    policy = call.inputs.get("policy")
    if policy:
        if not service.policy_supported:
            raise Refusal("InvalidParameter", f"Endpoint policies are not supported for the service {name}")
        check(call.world, policy, ENDPOINT)
    if call.inputs.get("vpcEndpointType") == "Interface":
        _check_interface(call, vpc)
    else:
        _check_gateway(call, vpc)


def _check_interface(call: Call, vpc: Thing) -> None:
    zones: set[str] = set()
    for subnet_id in call.inputs.get("subnetIds", []):
        subnet = call.require(SUBNET, subnet_id, "InvalidSubnetId.NotFound", "subnet ID")
        if subnet.inputs["vpcId"] != vpc.id:
            raise Refusal("InvalidParameter", f"The subnet {subnet_id} is not in the VPC {vpc.id}")
        zone = str(subnet.outputs.get("availabilityZone", subnet_id))
        if zone in zones:
            raise Refusal("DuplicateSubnetsInSameZone", f"Found another VPC endpoint subnet in the zone of {subnet_id}")
        zones.add(zone)
    for group_id in call.inputs.get("securityGroupIds", []):
        group = call.require(GROUP, group_id, "InvalidSecurityGroupId.NotFound", "security group ID")
        if group.inputs.get("vpcId") != vpc.id:
            raise Refusal("InvalidGroup.NotFound", f"The security group {group_id} is not in the VPC {vpc.id}")
    if not call.inputs.get("privateDnsEnabled"):
        return
    if not (vpc.inputs.get("enableDnsSupport", True) and vpc.inputs.get("enableDnsHostnames", False)):
        raise Refusal(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true",
        )
    for other in call.others():
        if (
            other.inputs["vpcId"] == vpc.id
            and other.inputs["serviceName"] == call.inputs["serviceName"]
            and other.inputs.get("privateDnsEnabled")
        ):
            raise Refusal(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain in the VPC",
            )


def _check_gateway(call: Call, vpc: Thing) -> None:
    if not call.inputs["serviceName"].endswith(GATEWAYS):
        raise Refusal("InvalidServiceName", f"The service {call.inputs['serviceName']} has no gateway endpoint")
    for table_id in call.inputs.get("routeTableIds", []):
        table = call.require(ROUTE_TABLE, table_id, "InvalidRouteTableId.NotFound", "routeTable ID")
        if table.inputs["vpcId"] != vpc.id:
            raise Refusal("InvalidParameter", f"Route table {table_id} does not belong to VPC {vpc.id}")
        if any(
            table_id in other.inputs.get("routeTableIds", [])
            and other.inputs["serviceName"] == call.inputs["serviceName"]
            for other in call.others()
        ):
            raise Refusal(
                "RouteAlreadyExists", f"route table {table_id} already has a route with destination-prefix-list-id"
            )


def _endpoint(call: Call) -> Made:
    endpoint = call.fresh("vpce-")
    outputs: dict[str, object] = {
        "arn": call.arn("ec2", f"vpc-endpoint/{endpoint}"),
        "ownerId": call.account,
        "state": "available",
    }
    if call.inputs.get("vpcEndpointType") == "Interface":
        subnets = call.inputs.get("subnetIds", [])
        outputs["networkInterfaceIds"] = [f"eni-{endpoint[5:-2]}{index:02x}" for index, _ in enumerate(subnets)]
        outputs["dnsEntries"] = [
            {
                "dnsName": f"{endpoint}.{call.inputs['serviceName']}.vpce.amazonaws.com",
                "hostedZoneId": "Z" + endpoint[5:18].upper(),
            }
        ]
    else:
        outputs["prefixListId"] = prefix_list(call.inputs["serviceName"])
    return Made(id=endpoint, outputs=outputs)


def prefix_list(service_name: str) -> str:
    """The prefix list of a gateway service; AWS's is the same in all accounts of a region."""
    return "pl-" + format(sum(ord(letter) * 131**index for index, letter in enumerate(service_name)) % 16**8, "08x")


def _check_group(call: Call) -> None:
    vpc = call.inputs.get("vpcId")
    if vpc is not None:
        call.require(VPC, vpc, "InvalidVpcID.NotFound", "vpc ID")
    name = str(call.inputs.get("name", ""))
    if name.startswith("sg-"):
        raise Refusal("InvalidParameterValue", "Group names may not be in the format sg-*")
    if name.lower() == "default":
        raise Refusal("InvalidParameterValue", "Cannot use reserved security group name: default")
    if any(
        other.inputs.get("name") == call.inputs.get("name") and other.inputs.get("vpcId") == vpc
        for other in call.others()
    ):
        raise Refusal(
            "InvalidGroup.Duplicate", f"The security group '{call.inputs.get('name')}' already exists for VPC '{vpc}'"
        )


def _group(call: Call) -> Made:
    group = call.fresh("sg-")
    return Made(id=group, outputs={"arn": call.arn("ec2", f"security-group/{group}"), "ownerId": call.account})


def _check_default_group(call: Call) -> None:
    call.require(VPC, call.inputs["vpcId"], "InvalidVpcID.NotFound", "vpc ID")


def _default_group(call: Call) -> Made:
    vpc = str(call.inputs["vpcId"])
    group = f"sg-{vpc.removeprefix('vpc-')}"
    return Made(
        id=group,
        outputs={"arn": call.arn("ec2", f"security-group/{group}"), "ownerId": call.account, "name": "default"},
    )


def _check_rule(call: Call) -> None:
    inputs = call.inputs
    given = [key for key in _SOURCES if inputs.get(key)]
    if len(given) != 1:
        raise Refusal("InvalidParameterCombination", f"exactly one of {', '.join(_SOURCES)} must be given, not {given}")
    group = call.require(GROUP, inputs["securityGroupId"], "InvalidGroup.NotFound", "security group")
    if other := inputs.get("referencedSecurityGroupId"):
        referenced = call.require(GROUP, other, "InvalidGroup.NotFound", "security group")
        if referenced.inputs.get("vpcId") != group.inputs.get("vpcId"):
            raise Refusal(
                "InvalidGroup.NotFound",
                f"You have specified two resources that belong to different networks: {group.id}, {referenced.id}",
            )
    _check_ports(inputs)
    _check_source(call)
    same = ("securityGroupId", "ipProtocol", "fromPort", "toPort", *_SOURCES)
    if any(all(thing.inputs.get(key) == inputs.get(key) for key in same) for thing in call.others()):
        raise Refusal("InvalidPermission.Duplicate", "the specified rule already exists")


def _check_ports(inputs: Properties) -> None:
    first, last = inputs.get("fromPort"), inputs.get("toPort")
    if inputs["ipProtocol"] not in ("tcp", "udp"):
        return
    if first is None or last is None:
        raise Refusal("InvalidParameterValue", f"Invalid value for portRange: {inputs['ipProtocol']} needs ports")
    if not 0 <= first <= last <= _LAST_PORT:
        raise Refusal("InvalidParameterValue", f"Invalid value for portRange: {first}-{last}")


def _check_source(call: Call) -> None:
    for key, version in (("cidrIpv4", 4), ("cidrIpv6", 6)):
        block = call.inputs.get(key)
        try:
            valid = block is None or ip_network(block, strict=False).version == version
        except ValueError:
            valid = False
        if not valid:
            raise Refusal("InvalidParameterValue", f"CIDR block {block} is malformed")
    prefixes = call.inputs.get("prefixListId")
    if prefixes and prefixes not in {prefix_list(f"com.amazonaws.{call.region}{gateway}") for gateway in GATEWAYS}:
        raise Refusal("InvalidPrefixListID.NotFound", f"The prefix list ID '{prefixes}' does not exist")


def _rule(call: Call) -> Made:
    rule = call.fresh("sgr-")
    return Made(id=rule, outputs={"arn": call.arn("ec2", f"security-group-rule/{rule}"), "securityGroupRuleId": rule})


def _group_in_use(world: World, group: Thing) -> str | None:
    for token in (INGRESS, EGRESS):
        for rule in world.things(group.account, group.region, token):
            if rule.inputs.get("referencedSecurityGroupId") == group.id and rule.inputs["securityGroupId"] != group.id:
                return f"DependencyViolation: resource {group.id} has a dependent object ({rule.id})"
    return used_by((ENDPOINT_TOKEN, "securityGroupIds"))(world, group)


def _check_flow_log(call: Call) -> None:
    call.require(VPC, call.inputs["vpcId"], "InvalidVpcId.NotFound", "vpc ID")
    if call.inputs.get("logDestinationType", "cloud-watch-logs") == "cloud-watch-logs":
        if not call.inputs.get("iamRoleArn"):
            raise Refusal("InvalidParameter", "DeliverLogsPermissionArn must be given for CloudWatch Logs")
        call.pass_role(call.inputs["iamRoleArn"], "vpc-flow-logs.amazonaws.com")
        arn = str(call.inputs.get("logDestination")).removesuffix(":*")
        if not any(group.outputs["arn"] == arn for group in call.world.things(call.account, call.region, LOG_GROUP)):
            raise Refusal("InvalidParameter", f"LogDestination: {arn} is undefined")
    else:
        bucket = str(call.inputs.get("logDestination", "")).partition(":::")[2].partition("/")[0]
        if call.world.bucket(bucket) is None:
            raise Refusal("InvalidParameter", f"LogDestination: {call.inputs.get('logDestination')} does not exist")
    same = ("vpcId", "trafficType", "logDestination")
    if any(all(other.inputs.get(key) == call.inputs.get(key) for key in same) for other in call.others()):
        raise Refusal(
            "FlowLogAlreadyExists", "There is an existing Flow Log with the same configuration and destination"
        )


def _flow_log(call: Call) -> Made:
    flow_log = call.fresh("fl-")
    return Made(id=flow_log, outputs={"arn": call.arn("ec2", f"vpc-flow-log/{flow_log}")})


def _check_gateway_attachment(call: Call) -> None:
    vpc = call.inputs.get("vpcId")
    if vpc is None:
        return
    call.require(VPC, vpc, "InvalidVpcID.NotFound", "vpc ID")
    if any(other.inputs.get("vpcId") == vpc for other in call.others()):
        raise Refusal("Resource.AlreadyAssociated", f"resource {vpc} is already attached to an internet gateway")


def _gateway_in_use(world: World, gateway: Thing) -> str | None:
    """Addresses of NAT gateways are mapped into the VPC as long as they are there."""
    for nat in world.things(gateway.account, gateway.region, NAT):
        subnet = world.find(gateway.account, gateway.region, SUBNET, str(nat.inputs["subnetId"]))
        if subnet is not None and subnet.inputs["vpcId"] == gateway.inputs.get("vpcId"):
            return f"DependencyViolation: Network {subnet.inputs['vpcId']} has some mapped public address(es)."
    return None


def _gateway(call: Call) -> Made:
    gateway = call.fresh("igw-")
    return Made(id=gateway, outputs={"arn": call.arn("ec2", f"internet-gateway/{gateway}"), "ownerId": call.account})


def _address(call: Call) -> Made:
    address = call.fresh("eipalloc-")
    number = int(call.world.fresh("addresses", 4), 16) if call.old is None else 0
    public = call.old.outputs["publicIp"] if call.old else f"203.0.113.{number % 254 + 1}"
    return Made(
        id=address,
        outputs={"allocationId": address, "publicIp": public, "arn": call.arn("ec2", f"elastic-ip/{address}")},
    )


def _check_nat(call: Call) -> None:
    subnet = call.require(SUBNET, call.inputs["subnetId"], "InvalidSubnetID.NotFound", "subnet ID")
    if call.inputs.get("connectivityType", "public") == "private":
        return
    address = call.require(ADDRESS, call.inputs.get("allocationId"), "InvalidAllocationID.NotFound", "allocation ID")
    if any(other.inputs.get("allocationId") == address.id for other in call.others()):
        raise Refusal("Resource.AlreadyAssociated", f"Elastic IP address [{address.id}] is already associated")
    if not any(
        gateway.inputs.get("vpcId") == subnet.inputs["vpcId"]
        for gateway in call.world.things(call.account, call.region, GATEWAY)
    ):
        raise Refusal("Gateway.NotAttached", f"Network {subnet.inputs['vpcId']} has no Internet gateway attached")


def _nat(call: Call) -> Made:
    nat = call.fresh("nat-")
    return Made(id=nat, outputs={"networkInterfaceId": f"eni-{nat[4:]}"})


_VPC_USERS = (
    (SUBNET, "vpcId"),
    (ENDPOINT_TOKEN, "vpcId"),
    (GROUP, "vpcId"),
    (GATEWAY, "vpcId"),
    (ROUTE_TABLE, "vpcId"),
    (DOMAIN, "vpcId"),
)
_SUBNET_USERS = ((ENDPOINT_TOKEN, "subnetIds"), (NAT, "subnetId"), (DOMAIN, "subnetIds"))
_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"

KINDS = (
    Kind(
        token=VPC,
        make=_vpc,
        check=_check_vpc,
        replaces=replaces("cidrBlock"),
        in_use=used_by(*_VPC_USERS),
        required=("cidrBlock",),
        forms={"instanceTenancy": one_of("default", "dedicated", "host", code="InvalidParameterValue")},
    ),
    Kind(
        token=SUBNET,
        make=_subnet,
        check=_check_subnet,
        replaces=replaces("vpcId", "cidrBlock", "availabilityZone"),
        in_use=used_by(*_SUBNET_USERS),
        required=("cidrBlock",),
    ),
    Kind(
        token=ROUTE_TABLE, make=_route_table, replaces=replaces("vpcId"), in_use=used_by((_ASSOCIATION, "routeTableId"))
    ),
    Kind(
        token=_ASSOCIATION,
        make=lambda call: Made(id=call.fresh("rtbassoc-")),
        check=_check_association,
        replaces=replaces("subnetId"),
        tagged=False,
    ),
    Kind(
        token="aws:ec2/route:Route",  # noqa: S106 - a type token
        make=_route,
        check=_check_route,
        replaces=replaces("routeTableId", "destinationCidrBlock"),
        required=("destinationCidrBlock",),
        tagged=False,
    ),
    Kind(
        token=ENDPOINT_TOKEN,
        make=_endpoint,
        check=_check_endpoint,
        replaces=replaces("vpcId", "serviceName", "vpcEndpointType"),
        required=("serviceName",),
        forms={"vpcEndpointType": one_of("Interface", "Gateway", code="InvalidParameter")},
    ),
    Kind(
        token=GROUP,
        make=_group,
        check=_check_group,
        replaces=replaces("vpcId", "name", "description"),
        in_use=_group_in_use,
        named="name",
        forms={"name": _GROUP_TEXT, "description": _GROUP_TEXT},
    ),
    Kind(
        token="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",  # noqa: S106
        make=_default_group,
        check=_check_default_group,
        replaces=replaces("vpcId"),
    ),
    *(
        Kind(
            token=token,
            make=_rule,
            check=_check_rule,
            replaces=replaces("securityGroupId"),
            required=("ipProtocol",),
            forms={"description": _GROUP_TEXT},
        )
        for token in (INGRESS, EGRESS)
    ),
    Kind(
        token="aws:ec2/flowLog:FlowLog",  # noqa: S106
        make=_flow_log,
        check=_check_flow_log,
        replaces=replaces(
            "vpcId",
            "trafficType",
            "logDestination",
            "logDestinationType",
            "iamRoleArn",
            "maxAggregationInterval",
            "logFormat",
        ),
        required=("vpcId", "trafficType"),
        forms={
            "trafficType": one_of("ACCEPT", "ALL", "REJECT", code="InvalidParameter"),
            "logDestinationType": one_of("cloud-watch-logs", "s3", code="InvalidParameter"),
            "maxAggregationInterval": one_of(60, 600, code="InvalidParameter"),
        },
    ),
    Kind(token=GATEWAY, make=_gateway, check=_check_gateway_attachment, in_use=_gateway_in_use),
    Kind(
        token=ADDRESS,
        make=_address,
        replaces=replaces("domain"),
        in_use=used_by((NAT, "allocationId")),
        forms={"domain": one_of("vpc", code="InvalidParameterValue")},
    ),
    Kind(
        token=NAT,
        make=_nat,
        check=_check_nat,
        replaces=replaces("subnetId", "allocationId", "connectivityType"),
        required=("subnetId",),
        forms={"connectivityType": one_of("public", "private", code="InvalidParameter")},
    ),
)
