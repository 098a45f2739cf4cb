import dataclasses
from collections.abc import Mapping

import pytest

from policy.model import UNKNOWN, Resource
from policy.rule import Level
from policy.rules.kms import KEY
from policy.rules.network import DEFAULT_GROUP, GROUP, INTERNET_GATEWAY, ROUTE_TABLE, SUBNET, TABLE_ASSOCIATION, VPC
from policy.rules.sagemaker import DEFAULT_SUBNET, DOMAIN, USER_PROFILE
from tests.policy.cases import CONTEXT, DEVELOPMENT, REGION, Case, resource, rule, verify

KEY_ARN = f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/1234"
SPACE = "aws:sagemaker/space:Space"
GROUPS = {"securityGroups": ["sg-1"]}
OWN_GROUPS: Mapping[str, object] = {"defaultUserSettings": GROUPS, "defaultSpaceSettings": GROUPS}
DEV = dataclasses.replace(CONTEXT, stack_type="dev")


def domain(
    name: str = "thing", references: Mapping[str, tuple[str, ...]] | None = None, /, **properties: object
) -> Resource:
    """A domain; references name other resources."""
    return resource(DOMAIN, properties, name=name, references=references)


def subnet(name: str, zone: object) -> Resource:
    """A subnet."""
    return resource(SUBNET, {"availabilityZone": zone}, name=name, identity=(f"subnet-{name}",))


def between(*names: str, name: str = "thing") -> Resource:
    """A domain in subnets whose ids are known."""
    return domain(name, subnetIds=[f"subnet-{other}" for other in names])


def routed(*names: str) -> tuple[Resource, ...]:
    """A route table to the internet, for these subnets."""
    return (
        resource(INTERNET_GATEWAY, {}, name="gateway"),
        resource(
            ROUTE_TABLE,
            {"routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": UNKNOWN}]},
            name="table",
            references={"routes": ("gateway",)},
        ),
        *(
            resource(
                TABLE_ASSOCIATION,
                {"routeTableId": UNKNOWN, "subnetId": UNKNOWN},
                name=f"of-{other}",
                references={"routeTableId": ("table",), "subnetId": (other,)},
            )
            for other in names
        ),
    )


A, B, C, D = (subnet(name, f"{REGION}{zone}") for name, zone in ("aa", "bb", "ca", "db"))
R_SETTINGS: Mapping[str, Mapping[str, object]] = {
    "studio": {"domainSettings": {"rStudioServerProDomainSettings": {"domainExecutionRoleArn": "x"}}},
    "pro": {"defaultUserSettings": {**GROUPS, "rStudioServerProAppSettings": {"accessStatus": "ENABLED"}}},
    "session": {"defaultUserSettings": {**GROUPS, "rSessionAppSettings": {"customImages": [{"imageName": "x"}]}}},
}

CASES: dict[tuple[str, str], Case] = {
    ("SM-01", "violating"): Case(
        resources=(domain(appNetworkAccessType="PublicInternetOnly"), domain("default")),
        violated=("thing", "default"),
        says="past the VPC",
    ),
    ("SM-01", "passing"): Case(resources=(domain(appNetworkAccessType="VpcOnly"),)),
    ("SM-01", "not applicable"): Case(resources=(resource(USER_PROFILE, {}),)),
    ("SM-01", "unknown"): Case(resources=(domain(appNetworkAccessType=UNKNOWN),), undecided=("appNetworkAccessType",)),
    ("SM-02", "violating"): Case(
        resources=(
            domain(),
            domain("empty", kmsKeyId=""),
            domain("alias", kmsKeyId="alias/aws/elasticfilesystem"),
            domain("arn", kmsKeyId=f"arn:aws:kms:{REGION}:{DEVELOPMENT}:alias/aws/elasticfilesystem"),
        ),
        violated=("thing", "empty", "alias", "arn"),
        says="under a key of AWS's",
    ),
    ("SM-02", "passing"): Case(
        resources=(
            domain(kmsKeyId=KEY_ARN),
            resource(KEY, {}, name="key"),
            domain("new", {"kmsKeyId": ("key",)}, kmsKeyId=UNKNOWN),
        )
    ),
    ("SM-02", "not applicable"): Case(resources=(resource(USER_PROFILE, {}),)),
    ("SM-02", "unknown"): Case(resources=(domain(kmsKeyId=UNKNOWN),), undecided=("kmsKeyId",)),
    ("SM-03", "violating"): Case(
        resources=(
            A,
            B,
            C,
            between("a"),
            between("a", "c", name="zone"),
            between("a", "a", name="twice"),
            domain("none"),
        ),
        violated=("thing", "zone", "twice", "none"),
    ),
    ("SM-03", "violating: public"): Case(
        resources=(
            A,
            B,
            *routed("b"),
            between("a", "b"),
            resource(DEFAULT_SUBNET, {"availabilityZone": f"{REGION}b"}, name="default", identity=("subnet-default",)),
            D,
            between("a", "d", "default", name="of-default"),
        ),
        violated=("thing", "of-default"),
        says="the internet is reached",
    ),
    ("SM-03", "violating: before ids are known"): Case(
        resources=(A, C, domain("thing", {"subnetIds": ("a", "c")}, subnetIds=[UNKNOWN, UNKNOWN])),
        violated=("thing",),
        says="one zone",
    ),
    ("SM-03", "passing"): Case(
        resources=(
            A,
            B,
            C,
            *routed("c"),
            between("a", "b"),
            domain("new", {"subnetIds": ("a", "b")}, subnetIds=[UNKNOWN, UNKNOWN]),
            domain("whole", {"subnetIds": ("a", "b")}, subnetIds=UNKNOWN),
        )
    ),
    ("SM-03", "not applicable"): Case(resources=(A, *routed("a"))),
    ("SM-03", "unknown"): Case(
        resources=(
            A,
            subnet("later", UNKNOWN),
            between("a", "later"),
            # Subnets that others made.
            between("x", "y", name="existing"),
            domain("whole", {"subnetIds": ("a",)}, subnetIds=UNKNOWN),
        ),
        undecided=("subnetIds",),
    ),
    ("SM-03", "unknown: a public one is known"): Case(
        resources=(A, *routed("a"), between("a", "x")), violated=("thing",), undecided=("subnetIds",)
    ),
    ("SM-04", "violating"): Case(
        resources=(
            domain(defaultUserSettings={"executionRole": "x"}, defaultSpaceSettings=GROUPS),
            domain("spaces", defaultUserSettings=GROUPS, defaultSpaceSettings={"securityGroups": []}),
            resource(USER_PROFILE, {"userSettings": {"executionRole": "x"}}, name="profile"),
            resource(USER_PROFILE, {}, name="bare"),
        ),
        violated=("thing", "spaces", "profile", "bare"),
        says="is not set",
    ),
    ("SM-04", "violating: the default group"): Case(
        resources=(
            resource(VPC, {}, name="vpc"),
            resource(DEFAULT_GROUP, {}, name="default", identity=("sg-default",)),
            domain("thing", {"defaultUserSettings": ("vpc",)}, defaultUserSettings={"securityGroups": [UNKNOWN]}),
            resource(USER_PROFILE, {"userSettings": {"securityGroups": ["sg-1", "sg-default"]}}, name="profile"),
        ),
        violated=("thing", "profile"),
        says="default security group",
        # Where else the domain's groups come from is not known.
        undecided=("defaultUserSettings.securityGroups",),
    ),
    **{
        ("SM-04", f"violating: RStudio, {name}"): Case(
            resources=(
                domain(**{**OWN_GROUPS, **settings}),
                domain("by-sagemaker", appSecurityGroupManagement="Service", **{**OWN_GROUPS, **settings}),
            ),
            violated=("thing", "by-sagemaker"),
            says="RStudio",
        )
        for name, settings in R_SETTINGS.items()
    },
    ("SM-04", "passing"): Case(
        resources=(
            domain(**OWN_GROUPS),
            domain("no-shared-spaces", defaultUserSettings=GROUPS),
            domain("r", appSecurityGroupManagement="Customer", **{**OWN_GROUPS, **R_SETTINGS["studio"]}),
            resource(GROUP, {}, name="group"),
            resource(
                USER_PROFILE,
                {"userSettings": {"securityGroups": [UNKNOWN]}},
                name="profile",
                references={"userSettings": ("group",)},
            ),
        )
    ),
    ("SM-04", "not applicable"): Case(resources=(resource(SPACE, {"spaceSettings": {"appType": "JupyterLab"}}),)),
    ("SM-04", "unknown"): Case(
        resources=(
            domain(appSecurityGroupManagement=UNKNOWN, **OWN_GROUPS),
            resource(USER_PROFILE, {"userSettings": UNKNOWN}, name="profile"),
        ),
        undecided=("appSecurityGroupManagement", "userSettings.securityGroups"),
    ),
    ("SM-06", "violating"): Case(
        resources=(domain(), domain("off", domainSettings={"executionRoleIdentityConfig": "DISABLED"})),
        violated=("thing", "off"),
        says="whose profile",
    ),
    ("SM-06", "passing"): Case(
        resources=(domain(domainSettings={"executionRoleIdentityConfig": "USER_PROFILE_NAME"}),)
    ),
    ("SM-06", "not applicable"): Case(resources=(resource(USER_PROFILE, {}),)),
    ("SM-06", "unknown"): Case(resources=(domain(domainSettings=UNKNOWN),), undecided=("domainSettings",)),
}


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])


def test_the_profile_name_is_mandatory_where_models_are_approved() -> None:
    assert rule("SM-06").level_for(CONTEXT.stack_type) is Level.MANDATORY
    assert rule("SM-06").level_for(DEV.stack_type) is Level.ADVISORY
