"""The program's look-ups (Pulumi invokes), answered from the world."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.endpoint_services import find_service
from sandbox.kinds.ec2 import ENDPOINT_TOKEN, prefix_list
from sandbox.refusal import Refusal, UnknownTypeError
from sandbox.world import Properties, Thing, World
from sandbox.zones import zone_ids, zone_names

ACCOUNT = "aws:organizations/account:Account"
UNIT = "aws:organizations/organizationalUnit:OrganizationalUnit"


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """One look-up: who asks, where, for what."""

    world: World
    account: str
    region: str
    arguments: Properties


def _zones(lookup: Lookup) -> Properties:
    excluded: list[str] = lookup.arguments.get("excludeZoneIds") or []
    pairs = [
        pair for pair in zip(zone_names(lookup.region), zone_ids(lookup.region), strict=True) if pair[1] not in excluded
    ]
    return {
        "id": lookup.region,
        "region": lookup.region,
        "names": [name for name, _ in pairs],
        "zoneIds": [zone for _, zone in pairs],
        "groupNames": [lookup.region],
    }


def _endpoint_service(lookup: Lookup) -> Properties:
    name = lookup.arguments["serviceName"]
    service = find_service(name, lookup.region)
    if service is None:
        raise Refusal("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    return {
        "id": name,
        "serviceName": name,
        "service": name,
        "serviceType": lookup.arguments.get("serviceType", "Interface"),
        "vpcEndpointPolicySupported": service.policy_supported,
        "availabilityZones": zone_names(lookup.region),
        "owner": "amazon",
        "region": lookup.region,
    }


def _vpc_endpoint(lookup: Lookup) -> Properties:
    wanted = lookup.arguments["id"]
    found = lookup.world.find(lookup.account, lookup.region, ENDPOINT_TOKEN, wanted)
    if found is None:
        raise Refusal("InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{wanted}' does not exist")
    if lookup.arguments.get("vpcId", found.inputs["vpcId"]) != found.inputs["vpcId"]:
        raise Refusal(
            "InvalidVpcEndpointId.NotFound", f"no matching EC2 VPC Endpoint found: '{wanted}' is in another VPC"
        )
    answer = {**found.inputs, **found.outputs, "id": found.id}
    if found.inputs.get("vpcEndpointType", "Gateway") == "Gateway":
        answer["prefixListId"] = prefix_list(str(found.inputs["serviceName"]))
    return answer


def _unit_accounts(lookup: Lookup) -> Properties:
    """Accounts of a unit and of the units below it, whatever their status: the caller filters."""
    parent = lookup.arguments["parentId"]
    units = list(_organization(lookup.world, UNIT))
    if parent not in {unit.id for unit in units}:
        raise Refusal("ParentNotFoundException", f"You specified a parent that doesn't exist: {parent}")
    below, waiting = {parent}, [parent]
    while waiting:
        current = waiting.pop()
        children = [unit.id for unit in units if unit.inputs["parentId"] == current]
        below.update(children)
        waiting.extend(children)
    accounts = [thing for thing in _organization(lookup.world, ACCOUNT) if thing.inputs["parentId"] in below]
    return {
        "id": parent,
        "parentId": parent,
        "accounts": [
            {
                "id": thing.id,
                "arn": thing.outputs.get("arn", ""),
                "name": str(thing.inputs.get("name", thing.id)),
                "email": str(thing.inputs.get("email", "")),
                "status": str(thing.inputs.get("status", "ACTIVE")),
                "state": str(thing.inputs.get("status", "ACTIVE")),
                "joinedMethod": "CREATED",
                "joinedTimestamp": "2024-01-01T00:00:00Z",
            }
            for thing in accounts
        ],
    }


def _organization(world: World, token: str) -> Iterator[Thing]:
    yield from world.things("organization", "", token)


LOOKUPS: Mapping[str, Callable[[Lookup], Mapping[str, Any]]] = {
    "aws:index/getAvailabilityZones:getAvailabilityZones": _zones,
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": _endpoint_service,
    "aws:ec2/getVpcEndpoint:getVpcEndpoint": _vpc_endpoint,
    "aws:organizations/getOrganizationalUnitDescendantAccounts:getOrganizationalUnitDescendantAccounts": _unit_accounts,
}


def answer(token: str, lookup: Lookup) -> Mapping[str, Any]:
    """The answer to a look-up.

    Raises:
        Refusal: AWS would refuse it.
        UnknownTypeError: The sandbox does not simulate it.
    """
    if token not in LOOKUPS:
        raise UnknownTypeError(
            f"the sandbox does not simulate the look-up {token}. Add it to sandbox/lookups.py, or remove it"
        )
    return LOOKUPS[token](lookup)
