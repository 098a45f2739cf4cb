"""For each network rule one change of `dev` that it refuses."""

from collections.abc import Mapping
from typing import Any

from policy.rules.network import (
    DEFAULT_GROUP,
    EGRESS,
    ENDPOINT,
    FLOW_LOG,
    INGRESS,
    ROUTE_TABLE,
    SUBNET,
)
from tests.policy.changes import Change, State, editing, first, setting


def _one_zone(resources: list[State]) -> None:
    first(resources, SUBNET, "private-1")["inputs"]["availabilityZone"] = first(resources, SUBNET, "private-0")[
        "inputs"
    ]["availabilityZone"]


def _detach(resources: list[State]) -> None:
    gateway = first(resources, ENDPOINT, "-s3")
    gateway["inputs"]["routeTableIds"].pop()
    gateway["propertyDependencies"]["routeTableIds"].pop()


def _no_condition(statements: list[Any]) -> None:
    del statements[0]["Condition"]


CHANGES: Mapping[str, Change] = {
    "NET-01": setting(FLOW_LOG, trafficType="REJECT"),
    "NET-02": setting(DEFAULT_GROUP, ingress=[{"protocol": "-1", "fromPort": 0, "toPort": 0, "self": True}]),
    "NET-03": setting(INGRESS, "workload-tcp-in", cidrIpv4="0.0.0.0/1", referencedSecurityGroupId=None),
    "NET-04": setting(EGRESS, "workload-tcp-out", cidrIpv6="::/0", referencedSecurityGroupId=None),
    "NET-06": setting(SUBNET, mapPublicIpOnLaunch=True),
    "NET-07": setting(ROUTE_TABLE, routes=[{"cidrBlock": "0.0.0.0/0", "transitGatewayId": "tgw-0a1b2c3d"}]),
    "NET-08": _one_zone,
    "NET-09": setting(ENDPOINT, "-kms", privateDnsEnabled=False),
    "NET-10": editing(ENDPOINT, "-s3", "policy", _no_condition),
    "NET-12": setting(ENDPOINT, "-kms", serviceName="com.amazonaws.eu-west-1.xray"),
    "NET-13": _detach,
}
