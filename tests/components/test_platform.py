"""What the platform registers: types, providers, parents, protection, and every security property that a resource carries."""

import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pulumi
import pytest

import components
from components.dns_firewall import allowed_domains
from components.endpoints import DEVELOPMENT_USES, SERVICES, TARGET_USES, services_for
from components.names import BOUNDARY, DEVELOPMENT_ROLES, GUARDS, TARGET_ROLES, Names
from components.platform import OUTPUTS
from tests.components.registered import Resource, Stack, stack
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING
from tests.ops.variants import EXISTING_KEYS, EXISTING_NETWORK, EXISTING_ROLES

PROFILES = {
    "ada": {"persona": "DataScientist", "ssoUser": "ada@example.com"},
    "grace": {"persona": "MLEngineer", "ssoUser": "grace@example.com"},
}
# A stack costs a second or two, so each shows several things.
NAT: Mapping[str, object] = {"network": {"cidr": "10.0.0.0/12", "internet": "nat", "zones": 3}}
STUDIO: Mapping[str, object] = {
    "studio": {"auth": "sso", "profiles": PROFILES, "keepHome": False, "idleMinutes": 60, "experimentTracking": True}
}
VARIED: Mapping[str, object] = {
    "deployRole": {"externalId": "an-id"},
    "tags": {"owner": "ml"},
    "network": {
        "cidr": "10.0.0.0/12",
        "endpoints": ["kms", "lambda"],
        "dnsFirewall": "alert",
        "dnsAllow": ["*.example.com"],
    },
    "logs": {"retentionDays": 30},
    "protection": False,
}
EXISTING: Mapping[str, object] = {
    "network": {"cidr": "10.0.0.0/12", "existing": {STAGING: EXISTING_NETWORK}, "dnsFirewall": "off"},
    "keys": {"existing": EXISTING_KEYS},
    "logs": {"accountWide": False},
}
APPENDED: Mapping[str, object] = {
    "accounts": {"development": DEVELOPMENT, "staging": [STAGING, "444444444444"], "production": [PRODUCTION]}
}
PREFIX = "sm-mlops-dev-eu-west-1"
ACCOUNTS = (DEVELOPMENT, STAGING, PRODUCTION)

# Types of components are state: another token replaces everything below it.
TOKENS = {
    "AlarmForwarding": "mlops:events:AlarmForwarding",
    "Development": "mlops:account:Development",
    "DnsFirewall": "mlops:network:DnsFirewall",
    "EncryptionKey": "mlops:security:EncryptionKey",
    "EventBus": "mlops:events:EventBus",
    "Foundation": "mlops:account:Foundation",
    "Hook": "mlops:hook:Hook",
    "Identity": "mlops:identity:Identity",
    "Logs": "mlops:logs:Logs",
    "Network": "mlops:network:Network",
    "Parameters": "mlops:parameters:Parameters",
    "SecureBucket": "mlops:storage:SecureBucket",
    "Projects": "mlops:projects:Projects",
    "Serving": "mlops:account:Serving",
    "Studio": "mlops:studio:Studio",
}


@pytest.fixture
def small() -> Stack:
    """The small stack; made once."""
    return stack()


# --- components --------------------------------------------------------------------------------------------------------------------------


def test_every_component_has_its_pinned_type(small: Stack) -> None:
    classes = {
        name
        for module in pkgutil.walk_packages(components.__path__, "components.")
        for name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass)
        if issubclass(found, pulumi.ComponentResource) and found.__module__ == module.name
    }
    assert classes == set(TOKENS)
    registered = {each.token for each in small.resources if not each.custom} - {"pulumi:pulumi:Stack"}
    assert registered == set(TOKENS.values())


@pytest.mark.parametrize("changes", [{}, STUDIO, NAT, EXISTING], ids=["small", "studio", "nat", "existing"])
def test_everything_has_a_component_as_parent_and_an_explicit_provider(changes: Mapping[str, object]) -> None:
    for each in stack(**changes).aws:
        assert each.component in TOKENS.values(), each.urn
        assert re.search(r"::pulumi:providers:aws(-native)?::(development|target-\d{12})::", each.provider), each.urn
        label = "development" if each.account == DEVELOPMENT else f"target-{each.account}"
        # The event bus, which is development's, is the one component without an account in its name.
        assert each.name.startswith(label) or each.name == "alarms", each.urn
        assert each.account


def test_each_account_has_one_provider_bound_to_it() -> None:
    providers = stack(**VARIED).of("pulumi:providers:aws")
    assert [each.account for each in providers] == list(ACCOUNTS)
    for each in providers:
        assert each.inputs["region"] == "eu-west-1"
        assert json.loads(each.inputs["allowedAccountIds"]) == [each.account]
        assert json.loads(each.inputs["assumeRoles"]) == [
            {
                "roleArn": f"arn:aws:iam::{each.account}:role/{PREFIX}-Deployer",
                "externalId": "an-id",
                "sessionName": "pulumi-mlops",
            }
        ]
        assert json.loads(each.inputs["defaultTags"]) == {"tags": {"mlops:environment": PREFIX, "owner": "ml"}}


def test_everything_with_tags_of_its_own_has_a_name(small: Stack) -> None:
    tagged = [each for each in small.aws if "tags" in each.inputs]
    assert {each.token for each in tagged} >= {"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet"}
    assert all(str(each.inputs["tags"]["Name"]).startswith(f"{PREFIX}-") for each in tagged)


def test_logical_names_hold_no_value_of_the_environment_but_account_ids() -> None:
    one, other = stack(), stack(name="other", type="test", region="us-east-1")
    assert _names(one) == _names(other)
    assert not [each.urn for each in one.aws if "sm-mlops" in each.name or "eu-west" in each.name]


def _names(made: Stack) -> set[str]:
    """Logical names; those of a product's versions without their hash, which is that of what they hold."""
    return {re.sub(r"(build-train|deploy)(-seed)?-[0-9a-f]{12}", r"\1\2", each.name) for each in made.aws}


def test_an_appended_account_changes_no_logical_name() -> None:
    """But a product's version: the accounts are in its template."""
    appended = stack(**APPENDED)
    added = {each.urn for each in appended.aws} - {each.urn for each in stack().aws}
    versions = {urn for urn in added if "-projects-" in urn}
    assert len(versions) == 2  # of the build template: its text, and the version of the product
    assert {each.account for each in appended.aws if each.urn in added - versions} == {"444444444444"}
    assert _names(stack()) <= _names(appended)


def test_outputs_are_those_that_are_described(small: Stack) -> None:
    assert set(small.outputs) == set(OUTPUTS)
    assert set(small.outputs["buckets"]) == set(ACCOUNTS)
    assert set(small.outputs["buckets"][DEVELOPMENT]) == {"data", "models", "artifacts", "templates", "capture", "logs"}
    assert set(small.outputs["roles"][STAGING]) == {role.value for role in TARGET_ROLES}


PROTECTED = {
    "aws:kms/key:Key": 9,
    "aws:s3/bucket:Bucket": 10,
    "aws:sagemaker/domain:Domain": 1,
}


@pytest.mark.parametrize("protection", [True, False])
def test_keys_buckets_and_the_domain_are_protected(protection: bool) -> None:
    found: dict[str, int] = {}
    for each in stack(**({} if protection else VARIED)).resources:
        if each.protect:
            found[each.token] = found.get(each.token, 0) + 1
    assert found == (PROTECTED if protection else {})


# --- network -----------------------------------------------------------------------------------------------------------------------------

# access-model: Network. (group, direction, other end, protocol, first port, last port)
TCP = ("tcp", 0, 65535)
HTTPS = ("tcp", 443, 443)
NFS = ("tcp", 2049, 2049)
APPS = ("tcp", 8192, 65535)
WORKLOAD_RULES = {
    *((("workload", way, "workload", *TCP)) for way in ("in", "out")),
    *((("workload", way, "workload", "udp", 500, 500)) for way in ("in", "out")),
    *((("workload", way, "workload", "50", None, None)) for way in ("in", "out")),
    ("workload", "out", "endpoints", *HTTPS),
    ("workload", "out", "s3", *HTTPS),
    ("endpoints", "in", "workload", *HTTPS),
}
STUDIO_RULES = {
    *((("studio-user-profile", way, "studio-user-profile", *APPS)) for way in ("in", "out")),
    ("studio-user-profile", "out", "studio", *NFS),
    ("studio", "in", "studio-user-profile", *NFS),
    ("studio-user-profile", "out", "endpoints", *HTTPS),
    ("studio-user-profile", "out", "s3", *HTTPS),
    ("endpoints", "in", "studio-user-profile", *HTTPS),
}
BUILDS_RULES = {
    ("builds", "out", "endpoints", *HTTPS),
    ("builds", "out", "s3", *HTTPS),
    ("endpoints", "in", "builds", *HTTPS),
    ("builds", "out", "0.0.0.0/0", *HTTPS),
}


def _rules(made: Stack, account: str) -> set[tuple[object, ...]]:
    groups = {
        each.id: str(each.inputs["name"]).removeprefix(f"{PREFIX}-") for each in made.of("SecurityGroup", account)
    }
    rules: set[tuple[object, ...]] = set()
    for way, kind in (("in", "SecurityGroupIngressRule"), ("out", "SecurityGroupEgressRule")):
        for each in made.of(kind, account):
            given = each.inputs
            other = given.get("referencedSecurityGroupId") or given.get("cidrIpv4")
            if "prefixListId" in given:
                assert str(given["prefixListId"]).startswith("pl-")
                other = "s3"
            rules.add(
                (
                    groups[given["securityGroupId"]],
                    way,
                    groups.get(str(other), other),
                    given["ipProtocol"],
                    given.get("fromPort"),
                    given.get("toPort"),
                )
            )
    return rules


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("internet", ["none", "nat"])
def test_security_groups_let_through_exactly_this(account: str, internet: str) -> None:
    expected = WORKLOAD_RULES | (STUDIO_RULES if account == DEVELOPMENT else set[Any]())
    if internet == "nat":
        expected |= BUILDS_RULES
    made = stack(**(NAT if internet == "nat" else {}))
    assert _rules(made, account) == expected
    # No rule hides in the group itself.
    assert all(not ({"ingress", "egress"} & set(each.inputs)) for each in made.of("SecurityGroup", account))


@pytest.mark.parametrize("internet", ["none", "nat"])
@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_has_its_own_private_network(account: str, internet: str) -> None:
    made = stack(**(NAT if internet == "nat" else {}))
    zones = 3 if internet == "nat" else 2
    (vpc,) = made.of("Vpc", account)
    assert (vpc.inputs["enableDnsSupport"], vpc.inputs["enableDnsHostnames"]) == (True, True)
    subnets = made.of("Subnet", account)
    private = [each for each in subnets if "-private-" in each.name]
    assert len({each.inputs["availabilityZone"] for each in private}) == len(private) == zones
    assert all(each.inputs["mapPublicIpOnLaunch"] is False for each in subnets)
    tables = {
        each.inputs["subnetId"]: each.inputs["routeTableId"] for each in made.of("RouteTableAssociation", account)
    }
    assert len(set(tables.values())) == len(subnets) == (6 if internet == "nat" else 2)
    (gateway,) = [each for each in made.of("VpcEndpoint", account) if each.inputs["vpcEndpointType"] == "Gateway"]
    assert gateway.inputs["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert set(gateway.inputs["routeTableIds"]) == {tables[each.id] for each in private}
    assert "policy" in gateway.inputs
    ways_out = [*made.of("InternetGateway", account), *made.of("NatGateway", account), *made.of("Route", account)]
    assert bool(ways_out) is (internet == "nat")


def test_blocks_of_accounts_do_not_overlap(small: Stack) -> None:
    blocks = [each.inputs["cidrBlock"] for each in small.of("Vpc")]
    assert len(set(blocks)) == len(blocks) == 3


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_default_group_is_closed(account: str, small: Stack) -> None:
    (group,) = small.of("DefaultSecurityGroup", account)
    assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def _endpoints(made: Stack, account: str) -> set[str]:
    """Short names of an account's interface endpoints."""
    found = {
        re.sub(r"^(com\.amazonaws|aws\.sagemaker)\.eu-west-1\.", "", each.inputs["serviceName"])
        for each in made.of("VpcEndpoint", account)
        if each.inputs["vpcEndpointType"] == "Interface"
    }
    assert found <= set(SERVICES)
    return found


def test_endpoints_are_what_an_account_uses() -> None:
    made = stack()
    assert _endpoints(made, DEVELOPMENT) == set(services_for(DEVELOPMENT_USES))
    for account in (STAGING, PRODUCTION):
        assert _endpoints(made, account) == set(services_for(TARGET_USES))
    assert _endpoints(stack(**STUDIO), DEVELOPMENT) == set(services_for(DEVELOPMENT_USES)) | {"mlflow"}
    given = stack(**VARIED)
    assert all(_endpoints(given, account) == {"kms", "lambda"} for account in ACCOUNTS)


def test_interface_endpoints_are_private_and_bounded(small: Stack) -> None:
    groups = {each.id: each.inputs["name"] for each in small.of("SecurityGroup")}
    without_policy: set[str] = set()
    for each in small.of("VpcEndpoint"):
        if each.inputs["vpcEndpointType"] != "Interface":
            continue
        assert each.inputs["privateDnsEnabled"] is True, each.urn
        assert [groups[group] for group in each.inputs["securityGroupIds"]] == [f"{PREFIX}-endpoints"], each.urn
        assert len(each.inputs["subnetIds"]) == 2, each.urn
        if "policy" in each.inputs:
            assert all("Condition" in statement for statement in json.loads(each.inputs["policy"])["Statement"]), (
                each.urn
            )
        else:
            without_policy.add(each.inputs["serviceName"])
    # Services whose endpoints take no policy (`DescribeVpcEndpointServices`).
    assert len(without_policy) < 6, without_policy


@pytest.mark.parametrize("mode", ["block", "alert"])
@pytest.mark.parametrize("account", ACCOUNTS)
def test_dns_answers_listed_names_only(account: str, mode: str) -> None:
    made = stack(**({} if mode == "block" else VARIED))
    lists = {each.id: each.inputs["domains"] for each in made.of("ResolverFirewallDomainList", account)}
    rules = sorted(made.of("ResolverFirewallRule", account), key=lambda each: each.inputs["priority"])
    allow, rest = (each.inputs for each in rules)
    assert (allow["action"], allow["firewallDomainRedirectionAction"]) == ("ALLOW", "TRUST_REDIRECTION_DOMAIN")
    known = {
        "*.amazonaws.com",
        "*.api.aws",
        "*.on.aws",
        "*.sagemaker.aws",
        "*.eu-west-1.compute.internal",
        "*.in-addr.arpa",
    }
    more = {"*.example.com"} if mode == "alert" else set[str]()
    assert set(lists[allow["firewallDomainListId"]]) == known | more
    assert lists[rest["firewallDomainListId"]] == ["*"]
    expected = ("BLOCK", "NXDOMAIN") if mode == "block" else ("ALERT", None)
    assert (rest["action"], rest.get("blockResponse")) == expected
    (vpc,) = made.of("Vpc", account)
    (association,) = made.of("ResolverFirewallRuleGroupAssociation", account)
    (group,) = made.of("ResolverFirewallRuleGroup", account)
    assert (association.inputs["vpcId"], association.inputs["firewallRuleGroupId"]) == (vpc.id, group.id)
    (config,) = made.of("ResolverFirewallConfig", account)
    assert (config.inputs["resourceId"], config.inputs["firewallFailOpen"]) == (vpc.id, "DISABLED")


def test_dns_firewall_may_be_off() -> None:
    assert not stack(**EXISTING).of("ResolverFirewallRule")


def test_internal_names_are_those_of_the_region() -> None:
    assert "*.ec2.internal" in allowed_domains(Names(name="n0", type="dev", region="us-east-1"), ())


def test_an_existing_network_gets_only_the_endpoints_that_it_lacks() -> None:
    made = stack(**EXISTING)
    kinds = {
        each.token.rpartition(":")[2]
        for each in made.aws
        if each.component == "mlops:network:Network" and each.account == STAGING
    }
    assert kinds == {"VpcEndpoint"}
    assert _endpoints(made, STAGING) == set(services_for(TARGET_USES)) - {"kms"}
    assert not made.of("FlowLog", STAGING)
    assert made.outputs["endpoints"][STAGING]["kms"] == EXISTING_NETWORK["endpoints"]["kms"]  # pyright: ignore[reportCallIssue, reportArgumentType, reportIndexIssue] - a table of JSON


# --- logs --------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ACCOUNTS)
def test_traffic_and_queries_of_a_network_are_logged(account: str, small: Stack) -> None:
    (vpc,) = small.of("Vpc", account)
    (flow,) = small.of("FlowLog", account)
    assert (flow.inputs["vpcId"], flow.inputs["trafficType"]) == (vpc.id, "ALL")
    assert flow.inputs["logDestination"].endswith(f":log-group:/{PREFIX}/flow-logs")
    assert flow.inputs["iamRoleArn"].endswith(f"{account}:role/{PREFIX}-FlowLogsRole")
    (config,) = small.of("ResolverQueryLogConfig", account)
    assert config.inputs["destinationArn"].endswith(f":log-group:/{PREFIX}/dns-queries")
    (association,) = small.of("ResolverQueryLogConfigAssociation", account)
    assert (association.inputs["resourceId"], association.inputs["resolverQueryLogConfigId"]) == (vpc.id, config.id)


def test_every_log_group_has_key_and_retention() -> None:
    made = stack(**VARIED)
    keys = {_key_arn(made, account, "logs"): account for account in ACCOUNTS}
    groups = made.of("LogGroup")
    assert len(groups) == 16
    for each in groups:
        assert keys[each.inputs["kmsKeyId"]] == each.account, each.urn
        assert each.inputs["retentionInDays"] == 30, each.urn
    assert not [each for each in stack(**EXISTING).of("LogGroup") if each.inputs["name"].startswith("/aws/sagemaker")]


def _key_arn(made: Stack, account: str, what: str) -> str:
    return cast("str", made.outputs["keys"][account][what])


# --- keys and buckets --------------------------------------------------------------------------------------------------------------------


def test_every_account_has_three_rotated_keys(small: Stack) -> None:
    for account in ACCOUNTS:
        keys = small.of("aws:kms/key:Key", account)
        assert len(keys) == 3
        for key in keys:
            assert key.inputs["enableKeyRotation"] is True, key.urn
            assert key.inputs["deletionWindowInDays"] == 30, key.urn
            assert json.loads(key.inputs["policy"])["Statement"], key.urn
        aliases = {each.inputs["name"]: each.inputs["targetKeyId"] for each in small.of("Alias", account)}
        assert set(aliases) == {f"alias/{PREFIX}-{what}" for what in ("data", "storage", "logs")}
        assert set(aliases.values()) == {key.id for key in keys}


def test_existing_keys_are_used_and_left_alone() -> None:
    made = stack(**EXISTING)
    assert not made.of("aws:kms/key:Key", DEVELOPMENT)
    assert len(made.of("aws:kms/key:Key", STAGING)) == 2
    encryption = made.one("development-data", "BucketServerSideEncryptionConfiguration").inputs["rules"][0]
    assert encryption["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == EXISTING_KEYS[DEVELOPMENT]["data"]


def _public_access_block(inputs: Mapping[str, Any]) -> bool:
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    return all(inputs[flag] is True for flag in flags)


def _owner_enforced(inputs: Mapping[str, Any]) -> bool:
    return inputs["rule"]["objectOwnership"] == "BucketOwnerEnforced"


def _versioned(inputs: Mapping[str, Any]) -> bool:
    return inputs["versioningConfiguration"]["status"] == "Enabled"


def _life_cycle(inputs: Mapping[str, Any]) -> bool:
    rule = inputs["rules"][0]
    return (
        rule["status"] == "Enabled"
        and rule["noncurrentVersionExpiration"]["noncurrentDays"] == 90
        and rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] == 7
        and rule["expiration"] == {"expiredObjectDeleteMarker": True}
    )


def _tls_only(inputs: Mapping[str, Any]) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == "s3:*"
        and statement["Condition"].get("Bool", {}).get("aws:SecureTransport") == "false"
        for statement in json.loads(inputs["policy"])["Statement"]
    )


BUCKET_SETTINGS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "BucketPublicAccessBlock": _public_access_block,
    "BucketOwnershipControls": _owner_enforced,
    "BucketVersioning": _versioned,
    "BucketLifecycleConfiguration": _life_cycle,
    "BucketPolicy": _tls_only,
}


@pytest.mark.parametrize("setting", BUCKET_SETTINGS)
def test_every_bucket_has_this_setting(setting: str, small: Stack) -> None:
    buckets = {each.id for each in small.of("aws:s3/bucket:Bucket")}
    assert len(buckets) == 10
    assert {each.inputs["bucket"] for each in small.of(setting)} == buckets
    assert [each.urn for each in small.of(setting) if not BUCKET_SETTINGS[setting](each.inputs)] == []


def test_no_bucket_is_emptied_when_it_is_deleted(small: Stack) -> None:
    assert all(each.inputs.get("forceDestroy", False) is False for each in small.of("aws:s3/bucket:Bucket"))


def test_buckets_are_encrypted_with_their_accounts_data_key(small: Stack) -> None:
    for each in small.of("BucketServerSideEncryptionConfiguration"):
        rule = each.inputs["rules"][0]
        default = rule["applyServerSideEncryptionByDefault"]
        # The browser reads templates, and S3 delivers no access logs to a bucket with a KMS key.
        if each.inputs["bucket"].endswith(("-templates", "-logs")):
            assert default == {"sseAlgorithm": "AES256"}, each.urn
        else:
            arn = _key_arn(small, each.account, "data")
            assert default == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": arn}, each.urn
            assert rule["bucketKeyEnabled"] is True, each.urn


def test_buckets_log_their_access_in_their_own_account(small: Stack) -> None:
    logged = {each.inputs["bucket"]: each.inputs for each in small.of("BucketLogging")}
    others = {each.id for each in small.of("aws:s3/bucket:Bucket") if not each.id.endswith("-logs")}
    assert set(logged) == others
    for name, inputs in logged.items():
        prefix, _, what = name.rpartition("-")
        assert (inputs["targetBucket"], inputs["targetPrefix"]) == (f"{prefix}-logs", f"{what}/")


def test_only_templates_are_for_browsers(small: Stack) -> None:
    (cors,) = small.of("BucketCorsConfiguration")
    assert cors.inputs["bucket"].endswith("-templates")
    (rule,) = cors.inputs["corsRules"]
    assert (rule["allowedMethods"], rule["allowedOrigins"]) == (["GET"], ["https://*.sagemaker.aws"])


PERIMETER = ("development-data", "development-models", "development-artifacts", "development-serving-capture")


@pytest.mark.parametrize("name", PERIMETER)
def test_data_is_reached_through_the_endpoints_of_all_accounts(name: str, small: Stack) -> None:
    ours = {small.outputs["endpoints"][account]["s3"] for account in ACCOUNTS}
    assert ours == _denied_unless(small.one(name, "BucketPolicy"))


def test_data_keys_are_used_through_the_endpoints_of_all_accounts(small: Stack) -> None:
    ours = {small.outputs["endpoints"][account]["kms"] for account in ACCOUNTS}
    for key in small.of("aws:kms/key:Key"):
        expected = ours if key.name.endswith("-data") else set[str]()
        assert _denied_unless(key) == expected, key.urn


def _denied_unless(each: Resource) -> set[str]:
    """The endpoints outside of which a policy denies."""
    found: set[str] = set()
    for statement in json.loads(each.inputs["policy"])["Statement"]:
        for operator, tests in statement.get("Condition", {}).items():
            if statement["Effect"] == "Deny" and operator.startswith("StringNotEquals") and "aws:SourceVpce" in tests:
                found |= set(cast("list[str]", tests["aws:SourceVpce"]))
    return found


# --- roles -------------------------------------------------------------------------------------------------------------------------------


def test_every_role_has_the_boundary_and_one_name_per_account(small: Stack) -> None:
    for account in ACCOUNTS:
        roles = small.of("aws:iam/role:Role", account)
        expected = {*TARGET_ROLES, *(DEVELOPMENT_ROLES if account == DEVELOPMENT else ())}
        assert {each.inputs["name"] for each in roles} == {f"{PREFIX}-{role.value}" for role in expected}
        for each in roles:
            assert each.inputs["permissionsBoundary"] == f"arn:aws:iam::{account}:policy/{PREFIX}-{BOUNDARY}", each.urn
            assert each.inputs["maxSessionDuration"] == 3600, each.urn


def test_every_role_that_makes_sagemaker_resources_has_both_guards(small: Stack) -> None:
    attached: dict[tuple[str, str], set[str]] = {}
    for each in small.of("RolePolicyAttachment"):
        policy = str(each.inputs["policyArn"]).rpartition(f"/{PREFIX}-")[2]
        attached.setdefault((each.account, each.inputs["role"]), set()).add(policy)
    guarded = {
        (each.account, str(each.inputs["role"]))
        for each in small.of("RolePolicy")
        for statement in json.loads(each.inputs["policy"])["Statement"]
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
        if re.fullmatch(
            r"sagemaker:Create(Processing|Training|Transform|AutoML|HyperParameterTuning)Job|sagemaker:Create(Model|EndpointConfig)",
            action,
        )
    }
    assert guarded
    assert {pair for pair in guarded if attached.get(pair) != set(GUARDS)} == set()
    for account in ACCOUNTS:
        names = {each.inputs["name"] for each in small.of("aws:iam/policy:Policy", account)}
        assert names == {f"{PREFIX}-{guard}" for guard in GUARDS}


def test_guards_hold_the_accounts_own_subnets_groups_and_keys(small: Stack) -> None:
    for account in ACCOUNTS:
        guards = {
            each.inputs["name"].removeprefix(f"{PREFIX}-"): each.inputs["policy"]
            for each in small.of("aws:iam/policy:Policy", account)
        }
        for subnet in small.of("Subnet", account):
            assert subnet.id in guards["guard-network"]
        (workload,) = [
            each for each in small.of("SecurityGroup", account) if each.inputs["name"] == f"{PREFIX}-workload"
        ]
        assert workload.id in guards["guard-network"]
        for what in ("data", "storage"):
            assert _key_arn(small, account, what) in guards["guard-keys"]


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def test_existing_roles_are_used_and_none_is_made() -> None:
    made = stack(roles={"create": False, "existing": EXISTING_ROLES})
    assert not [each.urn for each in made.aws if each.token.startswith("aws:iam/")]
    assert made.outputs["roles"][STAGING]["EventsRole"] == f"arn:aws:iam::{STAGING}:role/mlops/EventsRole"
    assert made.outputs["roles"][DEVELOPMENT]["JobRole"] == f"arn:aws:iam::{DEVELOPMENT}:role/data/{DEVELOPMENT}-jobs"


# --- Studio ------------------------------------------------------------------------------------------------------------------------------

# Property of the domain (a path) -> what it must be.
DOMAIN: Mapping[str, object] = {
    "appNetworkAccessType": "VpcOnly",
    "authMode": "IAM",
    "tagPropagation": "ENABLED",
    "domainSettings.executionRoleIdentityConfig": "USER_PROFILE_NAME",
    "domainSettings.dockerSettings.enableDockerAccess": "DISABLED",
    "defaultUserSettings.sharingSettings.notebookOutputOption": "Disabled",
    "defaultUserSettings.studioWebPortal": "ENABLED",
    "defaultUserSettings.jupyterLabAppSettings.appLifecycleManagement.idleSettings.lifecycleManagement": "ENABLED",
    "defaultUserSettings.jupyterLabAppSettings.appLifecycleManagement.idleSettings.idleTimeoutInMinutes": 120,
    "defaultUserSettings.jupyterLabAppSettings.appLifecycleManagement.idleSettings.maxIdleTimeoutInMinutes": 120,
    "defaultUserSettings.codeEditorAppSettings.appLifecycleManagement.idleSettings.lifecycleManagement": "ENABLED",
    "defaultUserSettings.codeEditorAppSettings.appLifecycleManagement.idleSettings.maxIdleTimeoutInMinutes": 120,
    "retentionPolicy.homeEfsFileSystem": "Retain",
}


@pytest.mark.parametrize("path", DOMAIN)
def test_the_domain_is_closed(path: str, small: Stack) -> None:
    (domain,) = small.of("aws:sagemaker/domain:Domain")
    value: Any = domain.inputs
    for part in path.split("."):
        value = value[part]
    assert value == DOMAIN[path]


def test_the_domain_is_in_our_network_under_our_key(small: Stack) -> None:
    (domain,) = small.of("aws:sagemaker/domain:Domain")
    (vpc,) = small.of("Vpc", DEVELOPMENT)
    assert domain.account == DEVELOPMENT
    assert domain.inputs["vpcId"] == vpc.id
    assert set(domain.inputs["subnetIds"]) == {each.id for each in small.of("Subnet", DEVELOPMENT)}
    assert domain.inputs["kmsKeyId"] == _key_arn(small, DEVELOPMENT, "storage")


def test_each_profile_has_its_own_group_and_its_personas_role() -> None:
    made = stack(**STUDIO)
    (domain,) = made.of("aws:sagemaker/domain:Domain")
    assert domain.inputs["authMode"] == "SSO"
    assert domain.inputs["retentionPolicy"]["homeEfsFileSystem"] == "Delete"
    users = {each.inputs["userProfileName"]: each.inputs for each in made.of("UserProfile")}
    assert set(users) == set(PROFILES)
    groups = [users[name]["userSettings"]["securityGroups"] for name in PROFILES]
    assert len({tuple(group) for group in groups}) == 2
    for name, given in PROFILES.items():
        assert users[name]["singleSignOnUserValue"] == given["ssoUser"]
        assert users[name]["userSettings"]["executionRole"].endswith(f"{PREFIX}-{given['persona']}StudioRole")


def test_projects_are_enabled_and_tracking_is_a_switch(small: Stack) -> None:
    (projects,) = small.of("ServicecatalogPortfolioStatus")
    assert projects.inputs["status"] == "Enabled"
    assert not small.of("MlflowApp")
    (app,) = stack(**STUDIO).of("MlflowApp")
    assert app.inputs["artifactStoreUri"] == f"s3://{PREFIX}-{DEVELOPMENT}-data/tracking"
    assert app.inputs["roleArn"].endswith(f"{PREFIX}-TrackingRole")


# --- parameters and events ---------------------------------------------------------------------------------------------------------------


def test_parameters_are_small_and_under_one_path() -> None:
    made = stack(**APPENDED)
    parameters = made.of("aws:ssm/parameter:Parameter")
    assert all(each.inputs["name"].startswith(f"/{PREFIX}/") for each in parameters)
    assert all(0 < len(each.inputs["value"]) <= 4096 for each in parameters)
    values = {
        (each.account, each.inputs["name"].removeprefix(f"/{PREFIX}/")): each.inputs["value"] for each in parameters
    }
    assert values[DEVELOPMENT, "accounts/staging"] == f"{STAGING},444444444444"
    for account in (*ACCOUNTS, "444444444444"):
        assert values[account, "buckets/capture"] == f"{PREFIX}-{account}-capture"
        assert values[account, "keys/data"] == _key_arn(made, account, "data")
        assert values[account, "endpoints/s3"] == made.outputs["endpoints"][account]["s3"]
        assert values[account, "roles/SageMakerModelExecutionRole"].endswith("SageMakerModelExecutionRole")
        names = {each.inputs["name"] for each in made.of("aws:ssm/parameter:Parameter", account)}
        assert names == set(made.outputs["parameters"][account])


def test_alarms_of_every_account_reach_developments_bus(small: Stack) -> None:
    (bus,) = small.of("aws:cloudwatch/eventBus:EventBus")
    (policy,) = small.of("EventBusPolicy")
    assert (bus.account, bus.inputs["name"]) == (DEVELOPMENT, f"{PREFIX}-alarms")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": list(ACCOUNTS)}
    assert "Condition" in statement
    for account in ACCOUNTS:
        (rule,) = small.of("EventRule", account)
        assert json.loads(rule.inputs["eventPattern"])["source"] == ["aws.cloudwatch"]
        (target,) = small.of("EventTarget", account)
        assert target.inputs["arn"] == f"arn:aws:events:eu-west-1:{DEVELOPMENT}:event-bus/{PREFIX}-alarms"
        assert target.inputs["roleArn"] == f"arn:aws:iam::{account}:role/{PREFIX}-EventsRole"


def test_main_is_protected_by_an_approval_rule(small: Stack) -> None:
    (rule,) = small.of("ApprovalRuleTemplate")
    assert json.loads(rule.inputs["content"])["DestinationReferences"] == ["refs/heads/main"]
