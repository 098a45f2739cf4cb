"""What exists in the simulated accounts before the first `up`: what `bootstrap/` made, and what the configuration calls existing."""

from collections.abc import Mapping
from hashlib import sha256
from ipaddress import IPv4Network
from itertools import cycle

from bootstrap import deployer, pipeline
from components.config import ExistingNetwork, Settings, load
from components.documents import Document, boundary, dumps, trust
from components.documents.roles import ROLES
from components.environment import Environment
from components.identity import account_roles
from components.names import BOUNDARY, Bucket, Role
from sandbox.kinds.ec2 import ENDPOINT_TOKEN, GROUP, SUBNET, VPC
from sandbox.kinds.iam import POLICY
from sandbox.kinds.kms import KEY
from sandbox.lookups import ACCOUNT, UNIT
from sandbox.policies import ROLE
from sandbox.world import BUCKET, World
from sandbox.zones import zone_names

_ORGANIZATION = "organization"


def seed(world: World, config: Mapping[str, str]) -> None:
    """Seed the world of a stack; again changes nothing."""
    settings = load(config)
    seeded = _seed_units(world, settings)
    for account in (*settings.all_accounts, *seeded):
        _seed_bootstrap(world, settings, account)
    if settings.organization.role or settings.organization.account:
        _seed_organization_role(world, settings)
    for account, network in settings.network.existing.items():
        _seed_network(world, settings, account, network)
    _seed_keys(world, settings)
    _seed_buckets(world, settings)
    if not settings.roles.create:
        for account in (*settings.all_accounts, *seeded):
            _seed_roles(world, settings, account)


def _seed_bootstrap(world: World, settings: Settings, account: str) -> None:
    """The deploy role and the boundary."""
    names = settings.names
    world.seed(
        account=account,
        region=settings.region,
        token=ROLE,
        id=names.role(Role.DEPLOYER, account).rpartition("/")[2],
        inputs={"assumeRolePolicy": dumps(_deploy_trust(settings)), "externalId": settings.deploy_role.external_id},
        outputs={"arn": names.role_arn(Role.DEPLOYER, account)},
    )
    arn = names.policy_arn(BOUNDARY, account)
    world.seed(
        account=account,
        region=settings.region,
        token=POLICY,
        id=arn,
        inputs={"name": names.policy(BOUNDARY), "policy": dumps(boundary.boundary(Environment.of(settings)))},
        outputs={"arn": arn},
    )


def _deploy_trust(settings: Settings) -> Document:
    """The template's own trust, with the pipeline's roles as its parameters."""
    deploy, preview = (pipeline.role_arn(settings, what) for what in ("deploy", "preview"))
    return deployer.trust(deploy, settings.deploy_role.external_id or "", preview=preview)


def _seed_units(world: World, settings: Settings) -> list[str]:
    """Each configured unit holds an account of its own, one in a unit below it, and a suspended one, which does not count."""
    active: list[str] = []
    for unit in filter(None, (settings.accounts.staging_unit, settings.accounts.production_unit)):
        below = f"{unit}x"
        for identity, parent in ((unit, "r-root"), (below, unit)):
            world.seed(account=_ORGANIZATION, region="", token=UNIT, id=identity, inputs={"parentId": parent})
        for place, status in ((unit, "ACTIVE"), (below, "ACTIVE"), (unit, "SUSPENDED")):
            account = str(10**11 + int(sha256(f"{place}/{status}".encode()).hexdigest(), 16) % (9 * 10**11))
            world.seed(
                account=_ORGANIZATION,
                region="",
                token=ACCOUNT,
                id=account,
                inputs={"parentId": place, "status": status},
            )
            if status == "ACTIVE":
                active.append(account)
    return active


def _seed_organization_role(world: World, settings: Settings) -> None:
    account = settings.organization.account or str(settings.organization.role).split(":")[4]
    role = (settings.organization.role or settings.names.role_arn(Role.DEPLOYER, account)).rpartition("/")[2]
    world.seed(
        account=account, region="", token=ROLE, id=role, inputs={"assumeRolePolicy": dumps(_deploy_trust(settings))}
    )


def _seed_network(world: World, settings: Settings, account: str, network: ExistingNetwork) -> None:
    """An existing VPC with its parts, in the account's own block."""
    block = settings.blocks.get(account, IPv4Network("10.255.0.0/16"))
    region = settings.region

    def put(token: str, thing: str, inputs: Mapping[str, object], outputs: Mapping[str, object] | None = None) -> None:
        world.seed(account=account, region=region, token=token, id=thing, inputs=inputs, outputs=outputs)

    put(VPC, network.vpc, {"cidrBlock": str(block), "enableDnsSupport": True, "enableDnsHostnames": True})
    parts = zip(network.subnets, block.subnets(prefixlen_diff=3), cycle(zone_names(region)), strict=False)
    for subnet, part, zone in parts:
        put(SUBNET, subnet, {"vpcId": network.vpc, "cidrBlock": str(part), "availabilityZone": zone})
    for group in (network.workload_security_group, network.endpoint_security_group):
        put(GROUP, group, {"vpcId": network.vpc, "name": group})
    gateway = {"vpcId": network.vpc, "serviceName": f"com.amazonaws.{region}.s3", "vpcEndpointType": "Gateway"}
    put(ENDPOINT_TOKEN, network.s3_endpoint, gateway)
    for service, endpoint in network.endpoints.items():
        interface = {
            "vpcId": network.vpc,
            "serviceName": f"com.amazonaws.{region}.{service}",
            "vpcEndpointType": "Interface",
        }
        put(ENDPOINT_TOKEN, endpoint, interface)


def _seed_keys(world: World, settings: Settings) -> None:
    for account, keys in settings.keys.existing.items():
        for arn in keys.values():
            world.seed(
                account=account,
                region=settings.region,
                token=KEY,
                id=arn.rpartition("/")[2],
                inputs={},
                outputs={"arn": arn},
            )


def _seed_buckets(world: World, settings: Settings) -> None:
    for bucket in settings.buckets.existing:
        accounts = (
            settings.all_accounts if bucket in (Bucket.CAPTURE, Bucket.LOGS) else (settings.accounts.development,)
        )
        for account in accounts:
            name = settings.names.bucket(bucket, account)
            arn = settings.names.bucket_arn(bucket, account)
            world.seed(
                account=account,
                region=settings.region,
                token=BUCKET,
                id=name,
                inputs={"bucket": name},
                outputs={"arn": arn},
            )


def _seed_roles(world: World, settings: Settings, account: str) -> None:
    """Roles that somebody else made from the same documents."""
    environment = Environment.of(settings)
    for role in account_roles(environment, account):
        spec = ROLES[role]
        trusted = spec.trust(environment, account) if spec.trust else trust.person(environment, ())
        world.seed(
            account=account,
            region="",
            token=ROLE,
            id=settings.names.role(role, account).rpartition("/")[2],
            inputs={"assumeRolePolicy": dumps(trusted)},
            outputs={"arn": settings.names.role_arn(role, account)},
        )
