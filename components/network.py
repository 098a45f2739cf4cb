"""The private network of one account: subnets without internet, endpoints with policies, closed groups, DNS that does not leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import ec2, vpc

from components import addresses
from components.config import ExistingNetwork
from components.dns_firewall import DnsFirewall, DnsFirewallArgs
from components.documents import ENDPOINT_POLICY, endpoints, render
from components.endpoints import SERVICES
from components.environment import Environment
from components.lookups import EndpointService, Zone

HTTPS = 443


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """What a network needs.

    Attributes:
        environment: The environment.
        account: The account it is in.
        block: Its VPC's address block.
        zones: Its zones; one private subnet each.
        existing: A VPC to use instead of a new one.
        services: Interface endpoints: short name -> what the region offers.
        internet: `none`, or `nat` for public subnets, NAT gateways and a security group for builds.
        dns_firewall: `block`, `alert` or `off`.
        dns_allow: More domains that may be resolved.
    """

    environment: Environment
    account: str
    block: IPv4Network
    zones: Sequence[Zone]
    existing: ExistingNetwork | None
    services: Mapping[str, EndpointService]
    internet: str
    dns_firewall: str
    dns_allow: Sequence[str]


class Network(pulumi.ComponentResource):
    """The network of one account.

    Creates a VPC with a private subnet and a route table in each zone, the S3 gateway endpoint on all of them, interface endpoints with
    private DNS and policies, the workload and the endpoint security group, a closed default security group and the DNS firewall. With
    `internet: nat` also public subnets, NAT gateways and the builds' security group. With an existing VPC: only the interface endpoints
    that it lacks.

    Attributes:
        vpc_id: The VPC.
        subnet_ids: The private subnets, one a zone.
        workload_security_group_id: Group of jobs, builds and endpoints.
        endpoint_security_group_id: Group of the interface endpoints.
        builds_security_group_id: Group of builds that may reach the internet; None without NAT.
        s3_endpoint_id: The S3 gateway endpoint.
        s3_prefix_list_id: The prefix list of S3 in this region.
        endpoint_ids: Interface endpoints: short name -> id.
    """

    vpc_id: pulumi.Output[str]
    subnet_ids: list[pulumi.Output[str]]
    workload_security_group_id: pulumi.Output[str]
    endpoint_security_group_id: pulumi.Output[str]
    builds_security_group_id: pulumi.Output[str] | None
    s3_endpoint_id: pulumi.Output[str]
    s3_prefix_list_id: pulumi.Output[str]
    endpoint_ids: dict[str, pulumi.Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:network:Network", name, None, opts)
        self._name = name
        self._args = args
        self._tagged = f"{args.environment.names.prefix}"
        self.builds_security_group_id = None
        if args.existing:
            self._adopt(args.existing)
        else:
            self._create()
        self.endpoint_ids = self._interface_endpoints(args.existing)
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "subnetIds": self.subnet_ids,
                "s3EndpointId": self.s3_endpoint_id,
                "endpointIds": self.endpoint_ids,
                "workloadSecurityGroupId": self.workload_security_group_id,
                "endpointSecurityGroupId": self.endpoint_security_group_id,
            }
        )

    def _adopt(self, existing: ExistingNetwork) -> None:
        opts = pulumi.InvokeOptions(parent=self)
        self.vpc_id = pulumi.Output.from_input(existing.vpc)
        self.subnet_ids = [pulumi.Output.from_input(subnet) for subnet in existing.subnets]
        self.workload_security_group_id = pulumi.Output.from_input(existing.workload_security_group)
        self.endpoint_security_group_id = pulumi.Output.from_input(existing.endpoint_security_group)
        self.s3_endpoint_id = pulumi.Output.from_input(existing.s3_endpoint)
        gateway = ec2.get_vpc_endpoint(id=existing.s3_endpoint, vpc_id=existing.vpc, opts=opts)
        self.s3_prefix_list_id = pulumi.Output.from_input(gateway.prefix_list_id)

    def _create(self) -> None:
        args = self._args
        network = ec2.Vpc(
            f"{self._name}-vpc",
            cidr_block=str(args.block),
            # Private DNS of the endpoints needs both.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=self._child(),
        )
        self.vpc_id = network.id
        ec2.DefaultSecurityGroup(
            f"{self._name}-default",
            vpc_id=network.id,
            ingress=[],
            egress=[],
            tags=self._tags("default"),
            opts=self._child(),
        )
        plan = addresses.subnets(args.block, len(args.zones))
        self.subnet_ids, route_tables = self._subnets("private", network, plan.private)
        gateway = ec2.VpcEndpoint(
            f"{self._name}-s3",
            vpc_id=network.id,
            service_name=f"com.amazonaws.{args.environment.names.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in route_tables],
            policy=render(endpoints.s3(args.environment), ENDPOINT_POLICY, "the S3 gateway endpoint"),
            tags=self._tags("s3"),
            opts=self._child(),
        )
        self.s3_endpoint_id = gateway.id
        self.s3_prefix_list_id = gateway.prefix_list_id
        self.workload_security_group_id, self.endpoint_security_group_id = self._security_groups(network)
        if args.internet == "nat":
            self._internet(network, plan.public, route_tables)
        if args.dns_firewall != "off":
            DnsFirewall(
                f"{self._name}-dns",
                DnsFirewallArgs(
                    names=args.environment.names, vpc_id=network.id, mode=args.dns_firewall, allow=args.dns_allow
                ),
                opts=self._child(),
            )

    def _subnets(
        self, kind: str, network: ec2.Vpc, blocks: Sequence[IPv4Network]
    ) -> tuple[list[pulumi.Output[str]], list[ec2.RouteTable]]:
        """A subnet a zone, each with a route table of its own, without any route but the VPC's own."""
        ids: list[pulumi.Output[str]] = []
        tables: list[ec2.RouteTable] = []
        for index, (zone, block) in enumerate(zip(self._args.zones, blocks, strict=True)):
            label = f"{kind}-{index}"
            subnet = ec2.Subnet(
                f"{self._name}-{label}",
                vpc_id=network.id,
                cidr_block=str(block),
                availability_zone=zone.name,
                map_public_ip_on_launch=False,
                tags=self._tags(label),
                opts=self._child(),
            )
            table = ec2.RouteTable(
                f"{self._name}-{label}", vpc_id=network.id, tags=self._tags(label), opts=self._child()
            )
            ec2.RouteTableAssociation(
                f"{self._name}-{label}", subnet_id=subnet.id, route_table_id=table.id, opts=self._child()
            )
            ids.append(subnet.id)
            tables.append(table)
        return ids, tables

    def _security_groups(self, network: ec2.Vpc) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
        """The workload group talks to itself, the endpoints and S3; the endpoint group is talked to on 443."""
        workload = self._group("workload", network.id, "Jobs, builds and endpoints of the platform")
        endpoint = self._group("endpoints", network.id, "Interface endpoints of the platform")
        # Inter-container encryption: TCP, UDP 500 and ESP within the group (SageMaker developer guide, "Protect communications between ML
        # compute instances in a distributed training job").
        for label, protocol, first, last in (
            ("tcp", "tcp", 0, 65535),
            ("ike", "udp", 500, 500),
            ("esp", "50", None, None),
        ):
            vpc.SecurityGroupIngressRule(
                f"{self._name}-workload-{label}-in",
                security_group_id=workload.id,
                referenced_security_group_id=workload.id,
                ip_protocol=protocol,
                from_port=first,
                to_port=last,
                description="Within the group",
                opts=self._child(),
            )
            vpc.SecurityGroupEgressRule(
                f"{self._name}-workload-{label}-out",
                security_group_id=workload.id,
                referenced_security_group_id=workload.id,
                ip_protocol=protocol,
                from_port=first,
                to_port=last,
                description="Within the group",
                opts=self._child(),
            )
        allow_endpoints(f"{self._name}-workload", workload.id, endpoint.id, self.s3_prefix_list_id, self._child())
        return workload.id, endpoint.id

    def _internet(self, network: ec2.Vpc, blocks: Sequence[IPv4Network], private: Sequence[ec2.RouteTable]) -> None:
        """Public subnets with a NAT gateway a zone; only the builds' group may use it."""
        gateway = ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=network.id, tags=self._tags("internet"), opts=self._child()
        )
        subnet_ids, tables = self._subnets("public", network, blocks)
        for index, (subnet_id, public, table) in enumerate(zip(subnet_ids, tables, private, strict=True)):
            ec2.Route(
                f"{self._name}-public-{index}",
                route_table_id=public.id,
                destination_cidr_block="0.0.0.0/0",
                gateway_id=gateway.id,
                opts=self._child(),
            )
            address = ec2.Eip(
                f"{self._name}-nat-{index}", domain="vpc", tags=self._tags(f"nat-{index}"), opts=self._child(gateway)
            )
            nat = ec2.NatGateway(
                f"{self._name}-nat-{index}",
                allocation_id=address.id,
                subnet_id=subnet_id,
                tags=self._tags(f"nat-{index}"),
                opts=self._child(gateway),
            )
            ec2.Route(
                f"{self._name}-nat-{index}",
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=nat.id,
                opts=self._child(),
            )
        builds = self._group("builds", network.id, "Builds that may reach the internet")
        allow_endpoints(
            f"{self._name}-builds", builds.id, self.endpoint_security_group_id, self.s3_prefix_list_id, self._child()
        )
        vpc.SecurityGroupEgressRule(
            f"{self._name}-builds-internet",
            security_group_id=builds.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=HTTPS,
            to_port=HTTPS,
            description="Package indexes, through NAT",
            opts=self._child(),
        )
        self.builds_security_group_id = builds.id

    def _interface_endpoints(self, existing: ExistingNetwork | None) -> dict[str, pulumi.Output[str]]:
        ids: dict[str, pulumi.Output[str]] = {}
        environment = self._args.environment
        for key, offered in self._args.services.items():
            if existing and key in existing.endpoints:
                ids[key] = pulumi.Output.from_input(existing.endpoints[key])
                continue
            policy = endpoints.interface(environment, key, SERVICES[key].actions) if offered.policy_supported else None
            endpoint = ec2.VpcEndpoint(
                f"{self._name}-{key.replace('.', '-')}",
                vpc_id=self.vpc_id,
                service_name=offered.name,
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self._subnets_offered(offered),
                security_group_ids=[self.endpoint_security_group_id],
                policy=render(policy, ENDPOINT_POLICY, f"endpoint {key}") if policy else None,
                tags=self._tags(key),
                opts=self._child(),
            )
            ids[key] = endpoint.id
        return ids

    def _subnets_offered(self, offered: EndpointService) -> list[pulumi.Output[str]]:
        """Subnets in zones where the service is; an existing VPC's zones are not known, so all of its subnets."""
        if self._args.existing:
            return self.subnet_ids
        return [
            subnet
            for zone, subnet in zip(self._args.zones, self.subnet_ids, strict=True)
            if zone.id in offered.zone_ids
        ]

    def _group(self, label: str, vpc_id: pulumi.Input[str], description: str) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            f"{self._name}-{label}",
            name=f"{self._args.environment.names.prefix}-{label}",
            description=description,
            vpc_id=vpc_id,
            tags=self._tags(label),
            opts=self._child(),
        )

    def _tags(self, label: str) -> dict[str, str]:
        return {"Name": f"{self._args.environment.names.prefix}-{label}"}

    def _child(self, *depends_on: pulumi.Resource) -> ResourceOptions:
        return ResourceOptions(parent=self, depends_on=list(depends_on) or None)


def allow_endpoints(
    name: str,
    group: pulumi.Input[str],
    endpoint_group: pulumi.Input[str],
    s3_prefix_list: pulumi.Input[str],
    opts: ResourceOptions,
) -> None:
    """Rules that let a group reach the interface endpoints and S3 on 443, and nothing else."""
    vpc.SecurityGroupEgressRule(
        f"{name}-endpoints-out",
        security_group_id=group,
        referenced_security_group_id=endpoint_group,
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        description="Interface endpoints",
        opts=opts,
    )
    vpc.SecurityGroupEgressRule(
        f"{name}-s3-out",
        security_group_id=group,
        prefix_list_id=s3_prefix_list,
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        description="S3 gateway endpoint",
        opts=opts,
    )
    vpc.SecurityGroupIngressRule(
        f"{name}-endpoints-in",
        security_group_id=endpoint_group,
        referenced_security_group_id=group,
        ip_protocol="tcp",
        from_port=HTTPS,
        to_port=HTTPS,
        description="From a group of the platform",
        opts=opts,
    )
