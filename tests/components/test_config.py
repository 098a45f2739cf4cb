import json
from typing import cast

import pytest

from components.config import is_placeholder, load, parse
from components.mistakes import ConfigurationError, find_credential
from components.names import SIGN_IN_ROLES
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, configuration, settings

EXISTING = {
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "workloadSecurityGroup": "sg-0123456789abcdef0",
    "endpointSecurityGroup": "sg-0123456789abcdef1",
    "s3Endpoint": "vpce-0123456789abcdef0",
}

# Each mistake: the keys that are changed, and what its message must contain: key, value, remedy.
MISTAKES: dict[str, tuple[dict[str, object], list[str]]] = {
    "account id too short": (
        {"accounts": {"development": "1111"}},
        ["mlops:accounts.development", "'1111'", "12 digits"],
    ),
    "account id as number": (
        {"accounts": {"development": 12345678901}},
        ["mlops:accounts.development", "12345678901", "in quotes"],
    ),
    "documentation ids": ({"allowPlaceholderAccounts": None}, ["mlops:accounts", DEVELOPMENT, "your own account"]),
    "account twice": (
        {"accounts": {"development": DEVELOPMENT, "staging": [STAGING, STAGING]}},
        ["mlops:accounts.staging", STAGING, "Keep one"],
    ),
    "overlapping blocks": (
        {"network": {"cidr": "10.0.0.0/12", "blocks": {STAGING: "10.0.0.0/20"}}},
        ["mlops:network.blocks", "10.0.0.0/20", STAGING, "block of its own"],
    ),
    "block too small": ({"network": {"cidr": "10.0.0.0/19"}}, ["mlops:network.cidr", "10.0.0.0/19", "larger block"]),
    "block with host bits": ({"network": {"cidr": "10.0.0.1/12"}}, ["mlops:network.cidr", "10.0.0.1/12", "such as"]),
    "one zone": ({"network": {"zones": 1}}, ["mlops:network.zones", "1", "Set 2, 3 or 4"]),
    "five zones": ({"network": {"zones": 5}}, ["mlops:network.zones", "5", "Set 2, 3 or 4"]),
    "unknown region": ({"region": "eu-west-9"}, ["mlops:region", "'eu-west-9'", "eu-west-"]),
    "unknown endpoint": (
        {"network": {"endpoints": ["kms", "stss"]}},
        ["mlops:network.endpoints", "'stss'", "Did you mean sts?"],
    ),
    "no kms endpoint": ({"network": {"endpoints": ["sts"]}}, ["mlops:network.endpoints", "kms", "Add kms"]),
    "unknown persona": (
        {"personas": {"DataScentist": {"principals": []}}},
        ["mlops:personas", "'DataScentist'", "'DataScientist'"],
    ),
    "unknown profile persona": (
        {"studio": {"profiles": {"ada": {"persona": "Boss"}}}},
        ["studio.profiles.ada.persona", "'Boss'", "MLEngineer"],
    ),
    "unknown instance type": (
        {"instanceTypes": {"jobs": ["ml.m5.lage"]}},
        ["instanceTypes.jobs", "'ml.m5.lage'", "ml.m5.large"],
    ),
    "unknown hook": ({"projects": {"hook": True}}, ["mlops:projects.hook", "True", "warn"]),
    "no volume key possible": ({"instanceTypes": {"jobs": ["ml.g5.xlarge"]}}, ["ml.g5.xlarge", "localStorage"]),
    "list and unit": (
        {"accounts": {"development": DEVELOPMENT, "staging": [STAGING], "stagingUnit": "ou-abcd-12345678"}},
        ["mlops:accounts", "stagingUnit", "Keep"],
    ),
    "unit without organisation": (
        {"accounts": {"development": DEVELOPMENT, "stagingUnit": "ou-abcd-12345678"}},
        ["mlops:organization", "organization.account"],
    ),
    "perimeter without organisation": (
        {"perimeter": {"by": "organization"}},
        ["mlops:perimeter.by", "'organization'", "organization.id"],
    ),
    "existing VPC with a missing part": (
        {"network": {"existing": {STAGING: {key: value for key, value in EXISTING.items() if key != "s3Endpoint"}}}},
        ["mlops:network.existing.222222222222.s3Endpoint", "missing", "Add it"],
    ),
    "existing VPC with one subnet": (
        {"network": {"existing": {STAGING: EXISTING | {"subnets": ["subnet-0123456789abcdef0"]}}}},
        ["network.existing.222222222222.subnets", "two"],
    ),
    "existing VPC of a foreign account": (
        {"network": {"existing": {"999999999999": EXISTING}}},
        ["mlops:network.existing", "'999999999999'", DEVELOPMENT],
    ),
    "role missing": (
        {"roles": {"create": False, "existing": {"JobRole": "job"}}},
        ["mlops:roles", "PipelineRole", "roles.existing"],
    ),
    "roles made and existing": (
        {"roles": {"create": True, "existing": {"JobRole": "job"}}},
        ["mlops:roles", "create", "false"],
    ),
    "sso without user": (
        {"studio": {"auth": "sso", "profiles": {"ada": {"persona": "DataScientist"}}}},
        ["mlops:studio", "'ada'", "ssoUser"],
    ),
    "name too long": (
        {"name": "a-very-long-name-for-a-platform-indeed"},
        ["mlops:name", "SageMakerModelExecutionRole", "of 64", "Shorten"],
    ),
    "name with capitals": ({"name": "MLOps"}, ["mlops:name", "'MLOps'"]),
    "unknown key": ({"netwrk": {}}, ["mlops:netwrk", "unknown key", "network"]),
    "unknown nested key": ({"network": {"zonse": 2}}, ["mlops:network.zonse", "unknown key", "zones"]),
    "missing key": ({"name": None}, ["mlops:name", "missing", "Add it"]),
    "persona without principals in prod": ({"type": "prod"}, ["mlops:personas", "DataScientist", "principals"]),
    "access key": ({"tags": {"owner": "AKIAIOSFODNN7EXAMPLE"}}, ["mlops:tags", "access key id", "Remove it"]),
    "secret key": (
        {"tags": {"owner": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}},
        ["mlops:tags", "secret key", "Remove it"],
    ),
    "too many tags": ({"tags": {str(key): "a" for key in range(18)}}, ["mlops:tags", "has 18 tags", "takes 17"]),
    "reserved tag": ({"tags": {"sagemaker:x": "y"}}, ["mlops:tags", "'sagemaker:x'", "another key"]),
    "retention of no CloudWatch value": ({"logs": {"retentionDays": 17}}, ["mlops:logs.retentionDays", "17", "365"]),
    "malformed JSON": ({"network": "{zones"}, ["mlops:network", "not valid"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_that_names_key_value_and_remedy(mistake: str) -> None:
    changes, expected = MISTAKES[mistake]
    with pytest.raises(ConfigurationError) as caught:
        load(configuration(**changes))
    for part in expected:
        assert part in str(caught.value)


def test_a_credential_is_never_repeated() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(configuration(tags={"owner": "AKIAIOSFODNN7EXAMPLE"}))
    assert "AKIA" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("AKIAIOSFODNN7EXAMPLE", True),
        ("ASIAIOSFODNN7EXAMPLE", True),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", True),
        ("aws:secretKey", True),
        ("aws_secret_access_key", True),
        ("0123456789abcdef0123456789abcdef01234567", False),  # a commit's hash
        (
            "arn:aws:iam::444444444444:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_DataScientist_0123456789abcdef",
            False,
        ),
        ("keys", False),
    ],
)
def test_what_counts_as_a_credential(text: str, found: bool) -> None:
    assert (find_credential(text) is not None) is found


@pytest.mark.parametrize(
    ("account", "placeholder"),
    [("111122223333", True), ("123456789012", True), ("000000000000", True), ("112233445566", False)],
)
def test_documentation_accounts(account: str, placeholder: bool) -> None:
    assert is_placeholder(account) is placeholder


def test_an_empty_unit_is_refused() -> None:
    stack = settings(
        accounts={"development": DEVELOPMENT, "stagingUnit": "ou-abcd-12345678"},
        organization={"account": "999999999999"},
    )
    with pytest.raises(ConfigurationError, match=r"stagingUnit.*no active account"):
        stack.with_units(staging=[], production=None)


def test_units_become_accounts() -> None:
    stack = settings(
        accounts={"development": DEVELOPMENT, "stagingUnit": "ou-abcd-12345678", "production": [PRODUCTION]},
        organization={"account": "999999999999"},
    )
    assert stack.with_units(staging=[STAGING], production=None).target_accounts == (STAGING, PRODUCTION)


def test_settings_survive_a_round_trip() -> None:
    stack = settings(network={"existing": {STAGING: EXISTING}}, studio={"access": ["192.0.2.0/24"]})
    assert parse(cast("dict[str, object]", json.loads(stack.model_dump_json(by_alias=True)))) == stack


def test_an_account_may_serve_several_stages() -> None:
    stack = settings(accounts={"development": DEVELOPMENT, "staging": [DEVELOPMENT], "production": [PRODUCTION]})
    assert stack.all_accounts == (DEVELOPMENT, PRODUCTION)
    assert [purpose.value for purpose in stack.purposes(DEVELOPMENT)] == ["development", "staging"]


@pytest.mark.parametrize(
    ("hook", "kind", "mode"),
    [
        (None, "dev", "WARN"),
        (None, "prod", "FAIL"),
        ("auto", "prod", "FAIL"),
        ("warn", "prod", "WARN"),
        ("fail", "dev", "FAIL"),
        ("off", "prod", None),
        (False, "prod", None),  # how YAML reads a bare `off`
    ],
)
def test_what_a_hook_does(hook: object, kind: str, mode: str | None) -> None:
    projects = {} if hook is None else {"hook": hook}
    people = {role.value: {"principals": [f"arn:aws:iam::{DEVELOPMENT}:role/{role.value}"]} for role in SIGN_IN_ROLES}
    assert settings(projects=projects, type=kind, personas=people).hook == mode
