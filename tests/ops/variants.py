"""Stacks of every kind that the configuration can say, each a few keys away from the small one."""

from collections.abc import Mapping

from components.names import DEVELOPMENT_ROLES, TARGET_ROLES
from tests.components.stacks import DEVELOPMENT, STAGING, configuration

NETWORK = {"cidr": "10.0.0.0/12"}
EXISTING_NETWORK = {
    "vpc": "vpc-0123456789abcdef0",
    "subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "workloadSecurityGroup": "sg-0123456789abcdef0",
    "endpointSecurityGroup": "sg-0123456789abcdef1",
    "s3Endpoint": "vpce-0123456789abcdef0",
    "endpoints": {"kms": "vpce-0123456789abcdef1"},
}
EXISTING_ROLES = {role.value: f"mlops/{role.value}" for role in (*DEVELOPMENT_ROLES, *TARGET_ROLES)} | {
    "JobRole": "arn:aws:iam::{account}:role/data/{account}-jobs"
}
EXISTING_KEYS = {
    DEVELOPMENT: {
        name: f"arn:aws:kms:eu-west-1:{DEVELOPMENT}:key/11111111-2222-3333-4444-55555555555{index}"
        for index, name in enumerate(("data", "storage", "logs"))
    },
    STAGING: {"data": f"arn:aws:kms:eu-west-1:{STAGING}:key/11111111-2222-3333-4444-555555555555"},
}
SSO = {
    "auth": "sso",
    "profiles": {
        "ada": {"persona": "DataScientist", "ssoUser": "ada@example.com"},
        "grace": {"persona": "MLEngineer", "ssoUser": "grace@example.com"},
    },
}
EMERGENCY = f"arn:aws:iam::{DEVELOPMENT}:role/emergency"
PRODUCER = "arn:aws:iam::777777777777:role/producer"

VARIANTS: Mapping[str, Mapping[str, object]] = {
    "four zones of us-east-1, NAT, sso": {
        "region": "us-east-1",
        "network": NETWORK | {"zones": 4, "internet": "nat"},
        "studio": SSO,
    },
    "existing VPC in staging, a zone left out": {
        "network": NETWORK | {"existing": {STAGING: EXISTING_NETWORK}, "excludeZoneIds": ["euw1-az1"]}
    },
    "existing VPC in development, experiment tracking": {
        "network": NETWORK | {"existing": {DEVELOPMENT: EXISTING_NETWORK}},
        "studio": {"experimentTracking": True},
    },
    "organisational units, a block given by hand": {
        "accounts": {
            "development": DEVELOPMENT,
            "stagingUnit": "ou-abcd-11111111",
            "productionUnit": "ou-abcd-22222222",
        },
        "organization": {"account": "999999999999"},
        "network": NETWORK | {"blocks": {DEVELOPMENT: "10.200.0.0/16"}},
    },
    "a unit beside a list, by role": {
        "accounts": {"development": DEVELOPMENT, "staging": [STAGING], "productionUnit": "ou-abcd-22222222"},
        "organization": {"role": "arn:aws:iam::999999999999:role/organisation-reader"},
    },
    "single account, Studio from address blocks": {
        "accounts": {"development": DEVELOPMENT},
        "studio": {"access": ["192.0.2.0/24", "198.51.100.0/24"]},
    },
    "one account for everything": {
        "accounts": {"development": DEVELOPMENT, "staging": [DEVELOPMENT], "production": [DEVELOPMENT]}
    },
    "one account for both stages, not protected": {
        "accounts": {"development": DEVELOPMENT, "staging": [STAGING], "production": [STAGING]},
        "protection": False,
    },
    "existing roles, another deploy role": {
        "roles": {"create": False, "existing": EXISTING_ROLES},
        "deployRole": {"name": "ci/deployer", "externalId": "some-id"},
    },
    "existing keys and buckets": {
        "keys": {"existing": EXISTING_KEYS},
        "buckets": {"existing": {"models": "our-models", "capture": "capture-{account}"}},
    },
    "an existing log bucket, log groups of another environment": {
        "buckets": {"existing": {"logs": "access-logs-{account}"}},
        "logs": {"accountWide": False, "retentionDays": 30},
    },
    "perimeter by organisation, DNS that alerts": {
        "perimeter": {"by": "organization"},
        "organization": {"id": "o-abcdefghij"},
        "network": NETWORK | {"dnsFirewall": "alert", "dnsAllow": ["*.example.com"]},
    },
    "endpoints given, no DNS firewall": {
        "network": NETWORK
        | {"endpoints": ["kms", "sts", "logs", "sagemaker.api", "lambda"], "dnsFirewall": "off", "zones": 3}
    },
    "hardly any endpoint, home deleted with the domain": {
        "network": NETWORK | {"endpoints": ["kms"]},
        "studio": {"keepHome": False, "idleMinutes": 60},
    },
    "emergency, producers, principals": {
        "breakGlassRoles": [EMERGENCY],
        "dataProducers": [PRODUCER],
        "groundTruthProducers": [PRODUCER],
        "personas": {
            "Auditor": {"principals": [f"arn:aws:iam::{DEVELOPMENT}:saml-provider/company"]},
            "MLEngineer": {"principals": [EMERGENCY, f"arn:aws:iam::{DEVELOPMENT}:role/team-*"]},
        },
        "tags": {"cost-centre": "machine-learning", "owner": "Ærø"},
    },
    "GovCloud": {"region": "us-gov-west-1"},
    "China": {"region": "cn-north-1"},
}


def variant(name: str) -> dict[str, str]:
    """The whole configuration of a variant, as the engine hands it over."""
    return configuration(**VARIANTS[name])
