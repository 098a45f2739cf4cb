"""What rules know of an environment, read from the stack's configuration: plain values, the same in every front."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import cast

from policy.model import mapping, texts

NAMESPACE = "mlops"
ENVIRONMENT_TAG = "mlops:environment"
"""The tag by which the environment's own networks and keys are told from others."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """An environment, as rules see it.

    Attributes:
        stack_type: `dev`, `prod`.
        prefix: `P` of the physical names (`sm-mlops-dev-eu-west-1`).
        region: The region of the environment.
        development: Id of the development account.
        accounts: Ids of every account of the environment.
        deployer: Name of the role that deploys.
        break_glass: ARNs of break-glass roles.
        producers: ARNs of roles outside the environment that write data or ground truth.
        internet: Whether builds may reach the internet through NAT.
        endpoints: Interface endpoints that the stack file lists; None for what each account needs.
        organization: The organisation's id, for a perimeter by organisation.
        own_networks: Accounts whose VPC the program does not make.
        personas: ARNs that may take a sign-in role.
        buckets: Names of existing buckets that stand for some of the environment's own, `{account}` for each account's.
        others: Accounts outside the environment that the configuration names: those of existing keys, and the organisation's.
        retention_days: Days that logs are kept.
        owns_log_groups: Whether the environment owns the account-wide log groups of SageMaker.
        tracking: Whether there is a SageMaker MLflow App.
        tags: Keys of tags that everything must carry.
        today: The day on which exceptions are judged.
    """

    stack_type: str
    prefix: str
    region: str
    development: str
    accounts: frozenset[str]
    deployer: str
    break_glass: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()
    internet: bool = False
    endpoints: tuple[str, ...] | None = None
    organization: str | None = None
    own_networks: frozenset[str] = frozenset()
    personas: tuple[str, ...] = ()
    buckets: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    retention_days: int = 365
    owns_log_groups: bool = True
    tracking: bool = False
    tags: tuple[str, ...] = (ENVIRONMENT_TAG,)
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def partition(self) -> str:
        """The partition of the region."""
        starts = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
        return next((partition for start, partition in starts.items() if self.region.startswith(start)), "aws")

    @cached_property
    def named_accounts(self) -> frozenset[str]:
        """Every account that the configuration names: the environment's own, and those of the roles that it lists."""
        return self.accounts | self.others | _accounts((*self.break_glass, *self.producers, *self.personas))

    @property
    def pseudo_parameters(self) -> Mapping[str, object]:
        """CloudFormation's own parameters, as far as they are the same in every account."""
        return {"AWS::Partition": self.partition, "AWS::Region": self.region}

    @property
    def iam_region(self) -> str:
        """The region in which IAM writes its events: the partition's own."""
        return {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws-eusc": "eusc-de-east-1"}.get(
            self.partition, "us-east-1"
        )

    def owns_bucket(self, name: str) -> bool:
        """Whether a bucket is the environment's by its name, or by the configuration."""
        existing = {each.replace("{account}", account) for each in self.buckets for account in self.accounts}
        return name.startswith(f"{self.prefix}-") or name in existing

    def deployer_arn(self, account: str) -> str:
        """ARN of the role that deploys in an account."""
        return f"arn:{self.partition}:iam::{account}:role/{self.deployer.replace('{account}', account)}"

    @classmethod
    def of(cls, config: Mapping[str, str], accounts: Sequence[str] = (), today: date | None = None) -> "Context":
        """The context of a stack.

        Args:
            config: The stack's configuration (`mlops:accounts` -> JSON text).
            accounts: Accounts that the stack works in, from its providers: an organisational unit's are in no configuration.
            today: The day; by default the present one (UTC).
        """

        def value(key: str) -> object:
            text = config.get(f"{NAMESPACE}:{key}", "")
            try:
                return cast("object", json.loads(text)) if text[:1] in ("{", "[") else text
            except ValueError:
                return text

        given, network, logs = mapping(value("accounts")), mapping(value("network")), mapping(value("logs"))
        organization = mapping(value("organization"))
        keys = [mapping(listed) for listed in mapping(mapping(value("keys")).get("existing")).values()]
        listed = {*texts(given.get("development")), *texts(given.get("staging")), *texts(given.get("production"))}
        units = given.get("stagingUnit") or given.get("productionUnit")
        endpoints = network.get("endpoints")
        prefix = f"{value('name')}-{value('type')}-{value('region')}"
        by = mapping(value("perimeter")).get("by")
        return cls(
            stack_type=str(value("type")),
            prefix=prefix,
            region=str(value("region")),
            development=str(given.get("development", "")),
            accounts=frozenset(listed | (set(accounts) if units else set())),
            # A name, or an ARN with `{account}` in it.
            deployer=str(mapping(value("deployRole")).get("name") or f"{prefix}-Deployer").rpartition(":role/")[2],
            break_glass=tuple(texts(value("breakGlassRoles"))),
            producers=(*texts(value("dataProducers")), *texts(value("groundTruthProducers"))),
            internet=network.get("internet") == "nat",
            endpoints=tuple(texts(cast("object", endpoints))) if isinstance(endpoints, list) else None,
            organization=str(organization.get("id")) if by == "organization" else None,
            own_networks=frozenset(mapping(network.get("existing"))),
            personas=tuple(
                arn
                for persona in mapping(value("personas")).values()
                for arn in texts(mapping(persona).get("principals"))
            ),
            buckets=frozenset(texts(list(mapping(mapping(value("buckets")).get("existing")).values()))),
            others=frozenset(texts(organization.get("account")))
            | _accounts(
                (*texts(organization.get("role")), *(arn for listed in keys for arn in texts(list(listed.values()))))
            ),
            retention_days=days if isinstance(days := logs.get("retentionDays"), int) else 365,
            owns_log_groups=logs.get("accountWide") is not False,
            tracking=mapping(value("studio")).get("experimentTracking") is True,
            tags=(ENVIRONMENT_TAG, *mapping(value("tags"))),
            today=today or datetime.now(UTC).date(),
        )


def published(text: str) -> Mapping[str, str]:
    """The stack's configuration from the JSON that the platform publishes for builds and hooks: `{"config": {"mlops:accounts": ...}}`.

    Raises:
        ValueError: It is no such JSON.
    """
    config = mapping(mapping(cast("object", json.loads(text))).get("config"))
    if not config:
        raise ValueError('is no configuration of the rules: {"config": {...}}, as the platform publishes it')
    return {key: str(value) for key, value in config.items()}


def _accounts(arns: Sequence[str]) -> frozenset[str]:
    """The accounts that ARNs name (`arn:partition:service:region:account:resource`)."""
    parts = [arn.split(":") for arn in arns]
    return frozenset(part[4] for part in parts if len(part) > 5)  # noqa: PLR2004
