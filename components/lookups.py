"""What only AWS knows before anything is made: accounts of a unit, zones of an account, endpoint services of a region."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi_aws import ec2, organizations

from components.config import Settings
from components.endpoints import SERVICES
from components.mistakes import ConfigurationError
from components.providers import organization_provider


@dataclass(frozen=True, kw_only=True)
class Zone:
    """An availability zone: its name is the account's own, its id is the same in all accounts."""

    name: str
    id: str


@dataclass(frozen=True, kw_only=True)
class EndpointService:
    """What a region offers for a service: its endpoint service, whether endpoints take a policy, and in which zones they can be."""

    name: str
    policy_supported: bool
    zone_ids: frozenset[str]


def resolve_units(settings: Settings) -> Settings:
    """The settings with organisational units replaced by their active accounts, nested units included, oldest name order kept stable by id.

    Raises:
        ConfigurationError: A unit has no active account.
    """
    units = {"staging": settings.accounts.staging_unit, "production": settings.accounts.production_unit}
    if not any(units.values()):
        return settings
    opts = pulumi.InvokeOptions(provider=organization_provider(settings))
    found = {stage: _active_accounts(unit, opts) if unit else None for stage, unit in units.items()}
    return settings.with_units(staging=found["staging"], production=found["production"])


def zones(provider: aws.Provider) -> tuple[Zone, ...]:
    """All zones of an account's region that need no opt-in (no local or wavelength zones), in order of their names."""
    answer = aws.get_availability_zones(
        state="available",
        filters=[aws.GetAvailabilityZonesFilterArgs(name="opt-in-status", values=["opt-in-not-required"])],
        opts=pulumi.InvokeOptions(provider=provider),
    )
    return tuple(
        Zone(name=name, id=zone_id) for name, zone_id in sorted(zip(answer.names, answer.zone_ids, strict=True))
    )


def choose_zones(available: Sequence[Zone], settings: Settings, account: str) -> tuple[Zone, ...]:
    """The zones that an account's subnets are in.

    Raises:
        ConfigurationError: The region has too few.
    """
    usable = [zone for zone in available if zone.id not in settings.network.exclude_zone_ids]
    if len(usable) < settings.network.zones:
        raise ConfigurationError(
            f"mlops:network.zones: {settings.network.zones} zones are asked for, but account {account} has {len(usable)} in {settings.region} "
            "(excludeZoneIds left out). Set fewer zones or exclude fewer"
        )
    return tuple(usable[: settings.network.zones])


def endpoint_services(
    settings: Settings, services: Sequence[str], provider: aws.Provider, available: Sequence[Zone]
) -> Mapping[str, EndpointService]:
    """Facts about endpoint services, asked once a region: whether a policy is supported is nowhere else reliable.

    Args:
        settings: The configuration.
        services: Short names (`sagemaker.api`).
        provider: Any account's provider.
        available: That account's zones, by which its zone names become ids.
    """
    ids = {zone.name: zone.id for zone in available}
    facts: dict[str, EndpointService] = {}
    for key in services:
        name = SERVICES[key].endpoint_service(key, settings.region, settings.names.partition)
        try:
            answer = ec2.get_vpc_endpoint_service(
                service_name=name, service_type="Interface", opts=pulumi.InvokeOptions(provider=provider)
            )
        except Exception as error:
            raise ConfigurationError(
                f"mlops:network.endpoints: {key!r} cannot be read as {name} in {settings.region} ({error}). Check that the deploy role may "
                "describe endpoint services, or list the endpoints that the region has"
            ) from error
        facts[key] = EndpointService(
            name=name,
            policy_supported=answer.vpc_endpoint_policy_supported,
            zone_ids=frozenset(ids[zone] for zone in answer.availability_zones if zone in ids),
        )
    return facts


def refuse_unreachable(
    settings: Settings, account: str, chosen: Sequence[Zone], services: Mapping[str, EndpointService]
) -> None:
    """Refuse an endpoint that is in none of an account's zones.

    Raises:
        ConfigurationError: Such an endpoint, and what to do.
    """
    if account in settings.network.existing:
        return  # its zones are its owner's
    zone_ids = {zone.id for zone in chosen}
    for key, service in services.items():
        if not zone_ids & service.zone_ids:
            raise ConfigurationError(
                f"mlops:network: the endpoint {key!r} is in none of account {account}'s zones ({', '.join(sorted(zone_ids))}). "
                "Set more zones, or leave others out with excludeZoneIds"
            )


def _active_accounts(unit: str, opts: pulumi.InvokeOptions) -> list[str]:
    """Ids in ascending order, so that the answer's order does not matter."""
    try:
        answer = organizations.get_organizational_unit_descendant_accounts(parent_id=unit, opts=opts)
    except Exception as error:
        raise ConfigurationError(
            f"mlops:accounts: the organisational unit {unit!r} cannot be read ({error}). Check its id, and that organization.account or "
            "organization.role may list it"
        ) from error
    return sorted(account.id for account in answer.accounts if account.state == "ACTIVE")
