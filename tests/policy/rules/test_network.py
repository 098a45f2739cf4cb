import dataclasses
import json
from collections.abc import Mapping

import pytest

from policy.model import UNKNOWN, Provider, Resource
from policy.rules.network import (
    CARRIER,
    DEFAULT_GROUP,
    DEFAULT_ROUTE_TABLE,
    DEFAULT_SUBNET,
    DEVELOPMENT_ENDPOINTS,
    EGRESS,
    EGRESS_ONLY,
    ENDPOINT,
    ENDPOINT_TABLE,
    FLOW_LOG,
    GROUP,
    GROUP_RULE,
    INGRESS,
    INTERNET_GATEWAY,
    NAT,
    PREFIX_LIST,
    PREFIX_LIST_ENTRY,
    ROUTE,
    ROUTE_TABLE,
    SUBNET,
    TABLE_ASSOCIATION,
    TARGET_ENDPOINTS,
    VPC,
)
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, REGION, STAGING, Case, resource, verify

WITH_NAT = dataclasses.replace(CONTEXT, internet=True)
NETWORK = resource(VPC, {"cidrBlock": "10.0.0.0/20"}, name="vpc")
TARGET = Provider(name="target", properties={"region": REGION, "allowedAccountIds": [STAGING]})


def of_vpc(token: str, properties: Mapping[str, object], name: str, **references: str) -> Resource:
    """A resource of the VPC; its references name other resources."""
    given = {key: (other,) for key, other in references.items()}
    unknown = dict.fromkeys(("vpcId", *references), UNKNOWN)
    return resource(token, {**unknown, **properties}, name=name, references={"vpcId": ("vpc",), **given})


def attached(token: str, properties: Mapping[str, object], name: str = "thing", **references: str) -> Resource:
    """A resource whose properties come from others."""
    given = {key: (other,) for key, other in references.items()}
    return resource(token, {**dict.fromkeys(references, UNKNOWN), **properties}, name=name, references=given)


def zone(letter: str) -> Resource:
    """A private subnet."""
    return of_vpc(SUBNET, {"availabilityZone": f"{REGION}{letter}"}, f"subnet-{letter}")


def endpoints(*services: str, properties: Mapping[str, object] | None = None) -> tuple[Resource, ...]:
    """The S3 gateway endpoint and interface endpoints of the VPC."""
    gateway = of_vpc(ENDPOINT, {"serviceName": f"com.amazonaws.{REGION}.s3"}, "s3")
    interfaces = (
        of_vpc(
            ENDPOINT,
            {
                "serviceName": f"aws.sagemaker.{REGION}.{service}"
                if service in ("studio", "mlflow")
                else f"com.amazonaws.{REGION}.{service}",
                "vpcEndpointType": "Interface",
                **(properties or {}),
            },
            service,
        )
        for service in services
    )
    return (gateway, *interfaces)


TABLE = of_vpc(ROUTE_TABLE, {}, "table")
GATEWAY = of_vpc(INTERNET_GATEWAY, {}, "gateway")
BUILDS = of_vpc(GROUP, {"name": f"{CONTEXT.prefix}-builds"}, "builds")
WORKLOAD = of_vpc(GROUP, {"name": f"{CONTEXT.prefix}-workload"}, "workload")
HTTPS_OUT = {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
PUBLIC = (
    NETWORK,
    GATEWAY,
    of_vpc(SUBNET, {"availabilityZone": f"{REGION}a"}, "public"),
    of_vpc(ROUTE_TABLE, {}, "public-table"),
    attached(TABLE_ASSOCIATION, {}, "public-association", subnetId="public", routeTableId="public-table"),
    attached(ROUTE, {"destinationCidrBlock": "0.0.0.0/0"}, "out", routeTableId="public-table", gatewayId="gateway"),
    attached(NAT, {}, "nat", subnetId="public"),
)

OWNERS = ("aws:PrincipalAccount", "aws:ResourceAccount")
ORGANIZATIONS = ("aws:PrincipalOrgID", "aws:ResourceOrgID")
OUR_PRINCIPALS = {"StringEquals": {"aws:PrincipalAccount": [DEVELOPMENT, STAGING]}}
LAYERS = "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"
IMAGE = f"arn:aws:ecr:{REGION}:141502667606:repository/sagemaker-xgboost"


def through(name: str = "thing", /, **changes: object) -> Resource:
    """An endpoint whose policy lets ours through, changed; as an object where a part is not known, else as text."""
    statement: dict[str, object] = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": dict.fromkeys(OWNERS, DEVELOPMENT)},
        **changes,
    }
    document = {"Statement": [{key: value for key, value in statement.items() if value is not None}]}
    try:
        return resource(ENDPOINT, {"policy": json.dumps(document)}, name=name)
    except TypeError:
        return resource(ENDPOINT, {"policy": document}, name=name)


CASES: dict[tuple[str, str], Case] = {
    ("NET-01", "violating"): Case(resources=(NETWORK,), violated=("vpc",), says="no flow log"),
    ("NET-01", "violating: accepted traffic only"): Case(
        resources=(NETWORK, of_vpc(FLOW_LOG, {"trafficType": "ACCEPT"}, "log")), violated=("log",), says="part of"
    ),
    ("NET-01", "violating: the other VPC"): Case(
        resources=(NETWORK, resource(VPC, {}, name="other"), of_vpc(FLOW_LOG, {"trafficType": "ALL"}, "log")),
        violated=("other",),
    ),
    ("NET-01", "unknown: whose, beside one that is not enough"): Case(
        resources=(
            NETWORK,
            of_vpc(FLOW_LOG, {"trafficType": "REJECT"}, "log"),
            resource(FLOW_LOG, {"vpcId": UNKNOWN}, name="other"),
        ),
        undecided=("vpcId",),
    ),
    ("NET-01", "passing"): Case(resources=(NETWORK, of_vpc(FLOW_LOG, {"trafficType": "ALL"}, "log"))),
    ("NET-01", "passing: by value"): Case(
        resources=(
            resource(VPC, {}, name="vpc", identity=("vpc-1",)),
            resource(FLOW_LOG, {"trafficType": "ALL", "vpcId": "vpc-1"}, name="log"),
        )
    ),
    ("NET-01", "not applicable"): Case(resources=(resource(SUBNET, {}),)),
    ("NET-01", "unknown"): Case(
        resources=(NETWORK, of_vpc(FLOW_LOG, {"trafficType": UNKNOWN}, "log")), undecided=("trafficType",)
    ),
    ("NET-01", "unknown: whose"): Case(
        resources=(NETWORK, resource(FLOW_LOG, {"vpcId": UNKNOWN, "trafficType": "ALL"}, name="log")),
        undecided=("vpcId",),
    ),
    ("NET-02", "violating"): Case(resources=(NETWORK,), violated=("vpc",), says="left as AWS made it"),
    ("NET-02", "violating: a rule in it"): Case(
        resources=(NETWORK, of_vpc(DEFAULT_GROUP, {"egress": [{"cidrBlocks": ["10.0.0.0/8"]}]}, "default")),
        violated=("default",),
        says="egress",
    ),
    ("NET-02", "violating: a rule put on it"): Case(
        resources=(
            NETWORK,
            of_vpc(DEFAULT_GROUP, {}, "default"),
            attached(INGRESS, {}, "by-group", securityGroupId="default"),
            attached(GROUP_RULE, {}, "by-vpc", securityGroupId="vpc"),
        ),
        violated=("by-group", "by-vpc"),
        says="opens a default security group",
    ),
    ("NET-02", "passing"): Case(resources=(NETWORK, of_vpc(DEFAULT_GROUP, {"ingress": [], "egress": []}, "default"))),
    ("NET-02", "passing: beside one of another VPC"): Case(
        resources=(
            NETWORK,
            of_vpc(DEFAULT_GROUP, {}, "default"),
            resource(DEFAULT_GROUP, {"vpcId": UNKNOWN}, name="other"),
        )
    ),
    ("NET-02", "not applicable"): Case(resources=(resource(GROUP, {"ingress": [{"self": True}]}),)),
    ("NET-02", "unknown"): Case(
        resources=(NETWORK, of_vpc(DEFAULT_GROUP, {"ingress": UNKNOWN}, "default")), undecided=("ingress",)
    ),
    ("NET-02", "unknown: whose"): Case(
        resources=(NETWORK, resource(DEFAULT_GROUP, {"vpcId": UNKNOWN}, name="default")), undecided=("vpcId",)
    ),
    ("NET-03", "violating"): Case(
        resources=(resource(INGRESS, {"cidrIpv4": "0.0.0.0/0"}),), violated=("thing",), says="everybody"
    ),
    ("NET-03", "violating: IPv6"): Case(resources=(resource(INGRESS, {"cidrIpv6": "::/0"}),), violated=("thing",)),
    ("NET-03", "violating: all addresses in other words"): Case(
        resources=(resource(INGRESS, {"cidrIpv6": "0::0/0"}),), violated=("thing",)
    ),
    ("NET-03", "violating: half of everywhere"): Case(
        resources=(
            resource(INGRESS, {"cidrIpv4": "0.0.0.0/1"}, name="low"),
            resource(INGRESS, {"cidrIpv4": "128.0.0.0/1"}, name="high"),
            resource(INGRESS, {"cidrIpv6": "2000::/3"}, name="global"),
        ),
        violated=("low", "high", "global"),
    ),
    ("NET-03", "violating: inline"): Case(
        resources=(
            resource(GROUP, {"ingress": [{"self": True}, {"cidrBlocks": ["10.0.0.0/8", "0.0.0.0/0"]}]}, name="group"),
            resource(DEFAULT_GROUP, {"ingress": [{"ipv6CidrBlocks": ["::/0"]}]}, name="default"),
        ),
        violated=("group", "default"),
    ),
    ("NET-03", "violating: the older rule type"): Case(
        resources=(resource(GROUP_RULE, {"type": "ingress", "cidrBlocks": ["0.0.0.0/0"]}),), violated=("thing",)
    ),
    ("NET-03", "violating: a prefix list"): Case(
        resources=(
            resource(PREFIX_LIST, {"entries": [{"cidr": "0.0.0.0/0"}]}, name="list"),
            resource(PREFIX_LIST_ENTRY, {"cidr": "0.0.0.0/1"}, name="entry"),
        ),
        violated=("list", "entry"),
    ),
    ("NET-03", "violating: no address block"): Case(
        resources=(resource(INGRESS, {"cidrIpv4": "everywhere"}),), violated=("thing",), says="no address block"
    ),
    ("NET-03", "violating: beside an unknown one"): Case(
        resources=(resource(GROUP_RULE, {"type": "ingress", "cidrBlocks": [UNKNOWN, "0.0.0.0/0"]}),),
        violated=("thing",),
        undecided=("cidrBlocks[0]",),
    ),
    ("NET-03", "passing"): Case(
        resources=(
            resource(INGRESS, {"referencedSecurityGroupId": "sg-1"}),
            resource(INGRESS, {"cidrIpv4": "10.0.0.0/8", "cidrIpv6": "fc00::/7"}),
            resource(
                GROUP,
                {"ingress": [{"self": True, "cidrBlocks": list[str]()}], "egress": [{"cidrBlocks": ["0.0.0.0/0"]}]},
            ),
        )
    ),
    ("NET-03", "passing: no wider than anybody is given"): Case(
        resources=(resource(INGRESS, {"cidrIpv4": "9.0.0.0/8", "cidrIpv6": "2001:db8::/32"}),)
    ),
    ("NET-03", "not applicable"): Case(
        resources=(
            resource(GROUP_RULE, {"type": "egress", "cidrBlocks": ["0.0.0.0/0"]}),
            resource(EGRESS, {"cidrIpv4": "0.0.0.0/0"}),
        )
    ),
    ("NET-03", "unknown"): Case(resources=(resource(INGRESS, {"cidrIpv4": UNKNOWN}),), undecided=("cidrIpv4",)),
    ("NET-03", "unknown: all rules"): Case(resources=(resource(GROUP, {"ingress": UNKNOWN}),), undecided=("ingress",)),
    ("NET-03", "unknown: one rule"): Case(resources=(resource(GROUP, {"ingress": [UNKNOWN]}),), undecided=("ingress",)),
    ("NET-03", "unknown: direction"): Case(
        resources=(resource(GROUP_RULE, {"type": UNKNOWN, "cidrBlocks": ["0.0.0.0/0"]}),), undecided=("type",)
    ),
    ("NET-04", "violating"): Case(
        resources=(resource(EGRESS, {"cidrIpv4": "0.0.0.0/0"}),), violated=("thing",), says="leave the VPC"
    ),
    ("NET-04", "violating: one public address"): Case(
        resources=(resource(EGRESS, {"cidrIpv4": "203.0.113.7/32"}),), violated=("thing",)
    ),
    ("NET-04", "violating: IPv6"): Case(resources=(resource(EGRESS, {"cidrIpv6": "::/0"}),), violated=("thing",)),
    ("NET-04", "violating: half of everywhere"): Case(
        resources=(resource(EGRESS, {"cidrIpv4": "128.0.0.0/1"}),), violated=("thing",)
    ),
    ("NET-04", "violating: inline"): Case(
        resources=(resource(GROUP, {"egress": [{"cidrBlocks": ["0.0.0.0/0"]}]}),), violated=("thing",)
    ),
    ("NET-04", "violating: the older rule type"): Case(
        resources=(resource(GROUP_RULE, {"type": "egress", "ipv6CidrBlocks": ["::/0"]}),), violated=("thing",)
    ),
    ("NET-04", "violating: a prefix list"): Case(
        resources=(resource(PREFIX_LIST, {"entries": [{"cidr": "0.0.0.0/0"}]}),), violated=("thing",)
    ),
    ("NET-04", "violating: another private network"): Case(
        resources=(NETWORK, WORKLOAD, attached(EGRESS, {"cidrIpv4": "10.99.0.0/16"}, securityGroupId="workload")),
        violated=("thing",),
    ),
    ("NET-04", "violating: builds without NAT"): Case(
        resources=(NETWORK, BUILDS, attached(EGRESS, HTTPS_OUT, securityGroupId="builds")), violated=("thing",)
    ),
    ("NET-04", "violating: another group with NAT"): Case(
        resources=(NETWORK, WORKLOAD, attached(EGRESS, HTTPS_OUT, securityGroupId="workload")),
        violated=("thing",),
        context=WITH_NAT,
    ),
    ("NET-04", "violating: more than HTTPS with NAT"): Case(
        resources=(NETWORK, BUILDS, attached(EGRESS, {**HTTPS_OUT, "fromPort": 0}, securityGroupId="builds")),
        violated=("thing",),
        context=WITH_NAT,
    ),
    ("NET-04", "violating: half of everywhere with NAT"): Case(
        resources=(
            NETWORK,
            BUILDS,
            attached(EGRESS, {**HTTPS_OUT, "cidrIpv4": "128.0.0.0/1"}, securityGroupId="builds"),
        ),
        violated=("thing",),
        context=WITH_NAT,
    ),
    ("NET-04", "violating: no address block"): Case(
        resources=(resource(EGRESS, {"cidrIpv4": "everywhere"}),), violated=("thing",), says="no address block"
    ),
    ("NET-04", "passing: a VPC whose block is not known"): Case(
        resources=(
            resource(VPC, {"cidrBlock": UNKNOWN}, name="vpc"),
            WORKLOAD,
            attached(EGRESS, {"cidrIpv4": "10.0.4.0/24"}, securityGroupId="workload"),
        )
    ),
    ("NET-04", "passing"): Case(
        resources=(
            NETWORK,
            WORKLOAD,
            attached(EGRESS, {"cidrIpv4": "10.0.4.0/24"}, "inside", securityGroupId="workload"),
            attached(EGRESS, {"prefixListId": "pl-1"}, "s3", securityGroupId="workload"),
            attached(EGRESS, {}, "group", securityGroupId="workload", referencedSecurityGroupId="workload"),
            resource(PREFIX_LIST, {"entries": [{"cidr": "203.0.113.0/24"}]}, name="list"),
        )
    ),
    ("NET-04", "passing: builds with NAT"): Case(
        resources=(NETWORK, BUILDS, attached(EGRESS, HTTPS_OUT, securityGroupId="builds")), context=WITH_NAT
    ),
    ("NET-04", "not applicable"): Case(
        resources=(
            resource(GROUP_RULE, {"type": "ingress", "cidrBlocks": ["0.0.0.0/0"]}),
            resource(INGRESS, {"cidrIpv4": "0.0.0.0/0"}),
        )
    ),
    ("NET-04", "unknown"): Case(resources=(resource(EGRESS, {"cidrIpv4": UNKNOWN}),), undecided=("cidrIpv4",)),
    ("NET-04", "unknown: beside a violation"): Case(
        resources=(resource(GROUP, {"egress": UNKNOWN}), resource(EGRESS, {"cidrIpv4": "0.0.0.0/0"}, name="other")),
        undecided=("egress",),
        violated=("other",),
    ),
    ("NET-06", "violating"): Case(
        resources=(resource(SUBNET, {"mapPublicIpOnLaunch": True}),), violated=("thing",), says="public"
    ),
    ("NET-06", "violating: a default subnet"): Case(resources=(resource(DEFAULT_SUBNET, {}),), violated=("thing",)),
    ("NET-06", "passing"): Case(
        resources=(
            resource(SUBNET, {}),
            resource(SUBNET, {"mapPublicIpOnLaunch": False}),
            resource(DEFAULT_SUBNET, {"mapPublicIpOnLaunch": False}),
        )
    ),
    ("NET-06", "not applicable"): Case(resources=(resource(VPC, {"mapPublicIpOnLaunch": True}),)),
    ("NET-06", "unknown"): Case(
        resources=(resource(SUBNET, {"mapPublicIpOnLaunch": UNKNOWN}),), undecided=("mapPublicIpOnLaunch",)
    ),
    ("NET-07", "violating"): Case(
        resources=(
            GATEWAY,
            resource(EGRESS_ONLY, {}, name="ipv6"),
            resource(CARRIER, {}, name="carrier"),
            resource(NAT, {}, name="nat"),
        ),
        violated=("gateway", "ipv6", "carrier", "nat"),
        says="way to the internet",
    ),
    ("NET-07", "violating: a route"): Case(
        resources=(
            resource(ROUTE, {"destinationCidrBlock": "0.0.0.0/0", "transitGatewayId": "tgw-1"}, name="transit"),
            resource(ROUTE, {"destinationIpv6CidrBlock": "::/0", "gatewayId": "igw-1"}, name="ipv6"),
            resource(ROUTE, {"destinationCidrBlock": "128.0.0.0/1", "natGatewayId": UNKNOWN}, name="half"),
        ),
        violated=("transit", "ipv6", "half"),
        says="route to everywhere",
    ),
    ("NET-07", "violating: an inline route"): Case(
        resources=(
            resource(ROUTE_TABLE, {"routes": [UNKNOWN, {"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]}, name="own"),
            resource(DEFAULT_ROUTE_TABLE, {"routes": [{"ipv6CidrBlock": "::/0"}]}, name="default"),
        ),
        violated=("own", "default"),
        undecided=("routes",),
    ),
    ("NET-07", "violating: NAT does not open the rest"): Case(
        resources=(
            *PUBLIC,
            resource(EGRESS_ONLY, {}, name="ipv6"),
            resource(ROUTE, {"destinationCidrBlock": "0.0.0.0/0", "transitGatewayId": "tgw-1"}, name="transit"),
        ),
        violated=("ipv6", "transit"),
        context=WITH_NAT,
    ),
    ("NET-07", "violating: a job in a public subnet"): Case(
        resources=(*PUBLIC, attached("aws:sagemaker/domain:Domain", {}, "domain", subnetIds="public")),
        violated=("domain",),
        says="subnetIds is in a public subnet",
        context=WITH_NAT,
    ),
    ("NET-07", "violating: a public subnet by value"): Case(
        resources=(
            resource(SUBNET, {}, name="subnet", identity=("subnet-1",)),
            resource(ROUTE_TABLE, {"routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}]}, name="table"),
            attached(TABLE_ASSOCIATION, {"subnetId": "subnet-1"}, "association", routeTableId="table"),
            resource("aws:lambda/function:Function", {"vpcConfig": {"subnetIds": ["subnet-1"]}}, name="function"),
        ),
        violated=("function",),
        context=WITH_NAT,
    ),
    ("NET-07", "passing"): Case(
        resources=(
            NETWORK,
            TABLE,
            resource(ROUTE, {"destinationCidrBlock": "10.16.0.0/12", "vpcPeeringConnectionId": "pcx-1"}),
            resource(NAT, {"connectivityType": "private"}),
        )
    ),
    ("NET-07", "passing: NAT by configuration"): Case(
        resources=(
            *PUBLIC,
            TABLE,
            attached(ROUTE, {"destinationCidrBlock": "0.0.0.0/0"}, routeTableId="table", natGatewayId="nat"),
        ),
        context=WITH_NAT,
    ),
    ("NET-07", "violating: a route to no address block"): Case(
        resources=(resource(ROUTE, {"destinationCidrBlock": "everywhere"}),), violated=("thing",)
    ),
    ("NET-07", "passing: a job in a private subnet beside NAT"): Case(
        resources=(
            *PUBLIC,
            TABLE,
            zone("a"),
            attached(TABLE_ASSOCIATION, {}, "association", subnetId="subnet-a", routeTableId="table"),
            attached("aws:sagemaker/domain:Domain", {}, "domain", subnetIds="subnet-a"),
        ),
        context=WITH_NAT,
    ),
    ("NET-07", "not applicable"): Case(resources=(resource(SUBNET, {"cidrBlock": "0.0.0.0/0"}),)),
    ("NET-07", "unknown"): Case(
        resources=(resource(ROUTE_TABLE, {"routes": UNKNOWN}), resource(ROUTE, {"destinationCidrBlock": UNKNOWN})),
        undecided=("routes", "destinationCidrBlock"),
    ),
    ("NET-07", "unknown: the kind of a NAT gateway"): Case(
        resources=(resource(NAT, {"connectivityType": UNKNOWN}), GATEWAY),
        violated=("gateway",),
        undecided=("connectivityType",),
    ),
    ("NET-08", "violating"): Case(
        resources=(NETWORK, zone("a"), of_vpc(SUBNET, {"availabilityZone": f"{REGION}a"}, "other")),
        violated=("vpc",),
        says="one zone",
    ),
    ("NET-08", "violating: not said"): Case(
        resources=(NETWORK, of_vpc(SUBNET, {}, "one"), of_vpc(SUBNET, {}, "two")), violated=("vpc",)
    ),
    ("NET-08", "violating: the second is public"): Case(
        resources=(*PUBLIC, zone("b")), violated=("vpc",), context=WITH_NAT
    ),
    ("NET-08", "violating: one subnet, wherever it is"): Case(
        resources=(NETWORK, of_vpc(SUBNET, {"availabilityZone": UNKNOWN}, "only")), violated=("vpc",)
    ),
    ("NET-08", "passing"): Case(resources=(NETWORK, zone("a"), zone("b"))),
    ("NET-08", "passing: by zone id"): Case(
        resources=(
            NETWORK,
            of_vpc(SUBNET, {"availabilityZoneId": "euw1-az1"}, "one"),
            of_vpc(SUBNET, {"availabilityZoneId": "euw1-az2"}, "two"),
        )
    ),
    ("NET-08", "not applicable"): Case(resources=(NETWORK,)),
    ("NET-08", "unknown"): Case(
        resources=(NETWORK, zone("a"), of_vpc(SUBNET, {"availabilityZone": UNKNOWN}, "other")),
        undecided=("availabilityZone",),
    ),
    ("NET-09", "violating"): Case(
        resources=(
            resource(ENDPOINT, {"vpcEndpointType": "Interface", "privateDnsEnabled": False}, name="off"),
            resource(ENDPOINT, {"vpcEndpointType": "Interface"}, name="not-set"),
        ),
        violated=("off", "not-set"),
        says="private DNS",
    ),
    ("NET-09", "passing"): Case(
        resources=(resource(ENDPOINT, {"vpcEndpointType": "Interface", "privateDnsEnabled": True}),)
    ),
    ("NET-09", "not applicable"): Case(
        resources=(resource(ENDPOINT, {}), resource(ENDPOINT, {"vpcEndpointType": "Gateway"}))
    ),
    ("NET-09", "unknown"): Case(
        resources=(resource(ENDPOINT, {"vpcEndpointType": "Interface", "privateDnsEnabled": UNKNOWN}),),
        undecided=("privateDnsEnabled",),
    ),
    ("NET-10", "violating"): Case(
        resources=(resource(ENDPOINT, {}, name="none"), resource(ENDPOINT, {"policy": ""}, name="empty")),
        violated=("none", "empty"),
        says="has no policy",
    ),
    ("NET-10", "violating: AWS's default policy"): Case(
        resources=(through(Condition=None),), violated=("thing",), says="lets anybody's"
    ),
    ("NET-10", "violating: anybody's principals"): Case(
        resources=(through(Condition={"StringEquals": {"aws:ResourceAccount": DEVELOPMENT}}),),
        violated=("thing",),
        says="principals",
    ),
    ("NET-10", "violating: anybody's resources"): Case(
        resources=(through(Condition={"StringEquals": {"aws:PrincipalAccount": DEVELOPMENT}}),),
        violated=("thing",),
        says="resources",
    ),
    ("NET-10", "violating: a bucket names no account"): Case(
        resources=(
            through(
                Condition={"StringEquals": {"aws:PrincipalAccount": DEVELOPMENT}}, Resource="arn:aws:s3:::theirs/*"
            ),
        ),
        violated=("thing",),
        says="resources",
    ),
    ("NET-10", "violating: another account among ours"): Case(
        resources=(
            through("list", Condition={"StringEquals": {key: [DEVELOPMENT, FOREIGN] for key in OWNERS}}, Sid="Both"),
            through("wildcard", Condition={"StringEquals": dict.fromkeys(OWNERS, "*")}),
        ),
        violated=(
            "list",
            "wildcard",
        ),
    ),
    ("NET-10", "violating: conditions that a request without the key passes"): Case(
        resources=(
            through("if-exists", Condition={"StringEqualsIfExists": dict.fromkeys(OWNERS, DEVELOPMENT)}),
            through("for-all", Condition={"ForAllValues:StringEquals": dict.fromkeys(OWNERS, DEVELOPMENT)}),
            through("negated", Condition={"StringNotEquals": dict.fromkeys(OWNERS, DEVELOPMENT)}),
        ),
        violated=(
            "if-exists",
            "for-all",
            "negated",
        ),
    ),
    ("NET-10", "violating: an organisation that is not ours"): Case(
        resources=(through(Condition={"StringEquals": dict.fromkeys(ORGANIZATIONS, "o-theirs")}),), violated=("thing",)
    ),
    ("NET-10", "violating: more than reading what AWS publishes"): Case(
        resources=(
            through("actions", Condition=None, Action="s3:*", Resource=LAYERS, Sid="Actions"),
            through(
                "bucket",
                Condition=None,
                Action="s3:GetObject",
                Resource=[LAYERS, "arn:aws:s3:::theirs/*"],
                Sid="Bucket",
            ),
            through(
                "account", Condition=None, Action="s3:GetObject", Resource=f"arn:aws:s3:::assets-{FOREIGN}-eu-west-1/*"
            ),
            through(
                "push",
                Condition={"StringEquals": {"aws:PrincipalAccount": DEVELOPMENT}},
                Action=["ecr:BatchGetImage", "ecr:PutImage"],
                Resource=IMAGE,
            ),
        ),
        violated=(
            "actions",
            "bucket",
            "account",
            "push",
        ),
    ),
    ("NET-10", "violating: malformed"): Case(
        resources=(
            resource(ENDPOINT, {"policy": "{not JSON"}, name="text"),
            resource(ENDPOINT, {"policy": "[1, 2]"}, name="list"),
            resource(ENDPOINT, {"policy": '{"Statement": ["Allow"]}'}, name="statement"),
        ),
        violated=("text", "list", "statement"),
        says="no policy document",
    ),
    ("NET-10", "violating: beside an unknown statement"): Case(
        resources=(resource(ENDPOINT, {"policy": {"Statement": [UNKNOWN, {"Effect": "Allow", "Action": "*"}]}}),),
        violated=("thing",),
        undecided=("policy.Statement[0].Effect",),
    ),
    ("NET-10", "violating: no AWS principal"): Case(
        resources=(
            through(
                Principal={"Service": "x.amazonaws.com"},
                Condition={"StringEquals": {"aws:ResourceAccount": DEVELOPMENT}},
            ),
        ),
        violated=("thing",),
        says="principals",
    ),
    ("NET-10", "violating: all but something"): Case(
        resources=(
            through("actions", Condition=OUR_PRINCIPALS, Action=None, NotAction="iam:*"),
            through("images", Condition=OUR_PRINCIPALS, Action=None, NotAction="iam:*", Resource=IMAGE),
            through("layers", Condition=None, Action=None, NotAction="iam:*", Resource=LAYERS),
            through("resources", Condition=None, Action="s3:GetObject", Resource=None, NotResource=LAYERS),
        ),
        violated=("actions", "images", "layers", "resources"),
    ),
    ("NET-10", "violating: not bound to the organisation"): Case(
        resources=(through(Condition=None),),
        violated=("thing",),
        context=dataclasses.replace(CONTEXT, organization="o-ours"),
    ),
    ("NET-10", "passing: all of ours"): Case(
        resources=(
            through(Condition={"StringEquals": {key: sorted(CONTEXT.accounts) for key in OWNERS}}),
            through(
                Principal={"AWS": [f"arn:aws:iam::{account}:root" for account in CONTEXT.accounts]},
                Resource=[f"arn:aws:kms:{REGION}:{account}:key/*" for account in CONTEXT.accounts],
                Condition=None,
            ),
            through(
                Condition=OUR_PRINCIPALS,
                Action=["ecr:GetAuthorizationToken", "sts:GetCallerIdentity", "sts:GetServiceBearerToken"],
            ),
            through(
                Condition=OUR_PRINCIPALS,
                Action=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                Resource=IMAGE,
            ),
            through(
                Condition=None,
                Action="s3:GetObject",
                Resource=[LAYERS, "arn:aws:s3:::assets-438097961670-eu-west-1/*"],
            ),
        )
    ),
    ("NET-10", "unknown: what else it names"): Case(
        resources=(
            through(
                Condition={"StringEquals": {"aws:ResourceAccount": DEVELOPMENT}},
                Principal={"AWS": [f"arn:aws:iam::{DEVELOPMENT}:root", UNKNOWN]},
            ),
            through(Condition=OUR_PRINCIPALS, Action=["ecr:BatchGetImage", UNKNOWN], Resource=IMAGE),
            through(Condition=OUR_PRINCIPALS, Resource=[f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/*", UNKNOWN]),
        ),
        undecided=(
            "policy.Statement[0].Action",
            "policy.Statement[0].Principal",
            "policy.Statement[0].Resource",
        ),
    ),
    ("NET-10", "unknown: whether it only reads"): Case(
        resources=(through(Condition=None, Action=["s3:GetObject", UNKNOWN], Resource=LAYERS),),
        undecided=("policy.Statement[0].Action",),
    ),
    ("NET-10", "unknown: what it reads"): Case(
        resources=(through(Condition=None, Action="s3:GetObject", Resource=[LAYERS, UNKNOWN]),),
        undecided=("policy.Statement[0].Resource",),
    ),
    ("NET-10", "passing"): Case(
        resources=(
            through(),
            through(Effect="Deny", Condition=None),
            through(Condition=None, Action="s3:GetObject", Resource=LAYERS),
            through(Condition=None, Action=["s3:GetObject"], Resource=["arn:aws:s3:::assets-438097961670-eu-west-1/*"]),
            through(Condition=OUR_PRINCIPALS, Action=["ecr:BatchGetImage"], Resource=IMAGE),
            through(Condition=OUR_PRINCIPALS, Action="sts:GetCallerIdentity"),
            through(Condition=OUR_PRINCIPALS, Resource=f"arn:aws:sagemaker:{REGION}:{DEVELOPMENT}:*"),
            through(
                Condition={
                    "StringEquals": {"AWS:resourceaccount": DEVELOPMENT},
                    "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{DEVELOPMENT}:role/x"},
                }
            ),
        )
    ),
    ("NET-10", "passing: by organisation"): Case(
        resources=(through(Condition={"StringEquals": dict.fromkeys(ORGANIZATIONS, "o-ours")}),),
        context=dataclasses.replace(CONTEXT, organization="o-ours"),
    ),
    ("NET-10", "not applicable"): Case(
        resources=(resource(ENDPOINT, {"vpcEndpointType": "GatewayLoadBalancer"}), resource(VPC, {}))
    ),
    ("NET-10", "unknown"): Case(resources=(resource(ENDPOINT, {"policy": UNKNOWN}),), undecided=("policy",)),
    ("NET-10", "unknown: a part"): Case(
        resources=(
            through(Condition={"StringEquals": dict.fromkeys(OWNERS, UNKNOWN)}),
            through(Effect=UNKNOWN),
            through(Condition=OUR_PRINCIPALS, Resource=UNKNOWN),
            through(Condition=UNKNOWN),
        ),
        undecided=(
            "policy.Statement[0].Condition",
            "policy.Statement[0].Effect",
            "policy.Statement[0].Resource",
        ),
    ),
    ("NET-12", "violating"): Case(
        resources=(NETWORK, *(made for made in endpoints(*DEVELOPMENT_ENDPOINTS) if made.name != "kms")),
        violated=("vpc",),
        says="has no endpoint for kms (Interface)",
    ),
    ("NET-12", "violating: no S3 gateway"): Case(
        resources=(NETWORK, *endpoints(*DEVELOPMENT_ENDPOINTS)[1:]), violated=("vpc",), says="for s3 (Gateway)"
    ),
    ("NET-12", "violating: a list of the configuration"): Case(
        resources=(NETWORK, *endpoints("kms")),
        violated=("vpc",),
        says="for lambda (Interface)",
        context=dataclasses.replace(CONTEXT, endpoints=("kms", "lambda")),
    ),
    ("NET-12", "violating: experiment tracking"): Case(
        resources=(NETWORK, *endpoints(*DEVELOPMENT_ENDPOINTS)),
        violated=("vpc",),
        says="for mlflow (Interface)",
        context=dataclasses.replace(CONTEXT, tracking=True),
    ),
    ("NET-12", "passing"): Case(resources=(NETWORK, *endpoints(*DEVELOPMENT_ENDPOINTS))),
    ("NET-12", "passing: a target account"): Case(
        resources=(dataclasses.replace(NETWORK, provider=TARGET), *endpoints(*TARGET_ENDPOINTS))
    ),
    ("NET-12", "passing: beside one of another VPC"): Case(
        resources=(NETWORK, *endpoints(*DEVELOPMENT_ENDPOINTS), resource(ENDPOINT, {"vpcId": UNKNOWN}))
    ),
    ("NET-12", "not applicable"): Case(resources=endpoints("kms")),
    ("NET-12", "unknown"): Case(
        resources=(NETWORK, *endpoints("kms", properties={"serviceName": UNKNOWN})), undecided=("serviceName",)
    ),
    ("NET-12", "unknown: whose"): Case(
        resources=(NETWORK, resource(ENDPOINT, {"vpcId": UNKNOWN})), undecided=("vpcId",)
    ),
    ("NET-13", "violating"): Case(
        resources=(NETWORK, *endpoints(), TABLE), violated=("table",), says="not attached to it"
    ),
    ("NET-13", "violating: an interface endpoint does not count"): Case(
        resources=(
            NETWORK,
            TABLE,
            of_vpc(
                ENDPOINT,
                {"serviceName": f"com.amazonaws.{REGION}.s3", "vpcEndpointType": "Interface"},
                "s3",
                routeTableIds="table",
            ),
        ),
        violated=("table",),
    ),
    ("NET-13", "violating: a subnet on the main table"): Case(
        resources=(NETWORK, *endpoints(), zone("a")), violated=("subnet-a",), says="main route table"
    ),
    ("NET-13", "violating: a gateway endpoint of another service"): Case(
        resources=(
            NETWORK,
            TABLE,
            of_vpc(ENDPOINT, {"serviceName": f"com.amazonaws.{REGION}.dynamodb"}, "other", routeTableIds="table"),
        ),
        violated=("table",),
    ),
    ("NET-13", "violating: a subnet on a main table that is not attached"): Case(
        resources=(
            NETWORK,
            *endpoints(),
            zone("a"),
            attached(DEFAULT_ROUTE_TABLE, {}, "main", defaultRouteTableId="vpc"),
        ),
        violated=("subnet-a",),
    ),
    ("NET-13", "passing"): Case(
        resources=(
            NETWORK,
            TABLE,
            zone("a"),
            attached(TABLE_ASSOCIATION, {}, "association", subnetId="subnet-a", routeTableId="table"),
            of_vpc(ENDPOINT, {"serviceName": f"com.amazonaws.{REGION}.s3"}, "s3", routeTableIds="table"),
        )
    ),
    ("NET-13", "passing: attached from outside, and the main table"): Case(
        resources=(
            NETWORK,
            TABLE,
            zone("a"),
            *endpoints(),
            attached(DEFAULT_ROUTE_TABLE, {}, "main", defaultRouteTableId="vpc"),
            attached(ENDPOINT_TABLE, {}, "one", vpcEndpointId="s3", routeTableId="table"),
            attached(ENDPOINT_TABLE, {}, "two", vpcEndpointId="s3", routeTableId="main"),
        )
    ),
    ("NET-13", "passing: public tables need none"): Case(resources=(*PUBLIC, *endpoints()), context=WITH_NAT),
    ("NET-13", "not applicable"): Case(resources=(NETWORK, *endpoints())),
    ("NET-13", "unknown"): Case(
        resources=(
            NETWORK,
            TABLE,
            of_vpc(ENDPOINT, {"serviceName": f"com.amazonaws.{REGION}.s3", "routeTableIds": UNKNOWN}, "s3"),
        ),
        undecided=("routeTableIds",),
    ),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
