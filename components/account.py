"""What every account of an environment gets: its foundation first, then what serves and monitors models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions

from components.buckets import SecureBucket, SecureBucketArgs
from components.config import Purpose, Settings
from components.documents import BUCKET_POLICY, KEY_POLICY, buckets, keys, render
from components.environment import Environment
from components.events import AlarmForwarding, AlarmForwardingArgs
from components.identity import Identity, IdentityArgs
from components.keys import EncryptionKey, EncryptionKeyArgs
from components.logs import DEVELOPMENT_LOG_GROUPS, TARGET_LOG_GROUPS, Logs, LogsArgs
from components.lookups import EndpointService, Zone
from components.names import Bucket, Key, Role
from components.network import Network, NetworkArgs


@dataclass(frozen=True, kw_only=True)
class FoundationArgs:
    """What a foundation needs.

    Attributes:
        settings: The configuration.
        environment: The environment.
        account: The account.
        zones: The zones of its subnets.
        services: Interface endpoints: short name -> what the region offers.
    """

    settings: Settings
    environment: Environment
    account: str
    zones: Sequence[Zone]
    services: Mapping[str, EndpointService]


class Foundation(pulumi.ComponentResource):
    """The part of an account that asks nothing of other accounts: its network and its logs key.

    The networks of all accounts come before any data key or bucket policy, which list their endpoints.

    Attributes:
        network: The network.
        logs_key: The key of log groups.
    """

    network: Network
    logs_key: EncryptionKey

    def __init__(self, name: str, args: FoundationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:account:Foundation", name, None, opts)
        child = ResourceOptions(parent=self)
        settings = args.settings.network
        self.logs_key = EncryptionKey(
            f"{name}-logs",
            EncryptionKeyArgs(
                names=args.environment.names,
                key=Key.LOGS,
                policy=render(keys.logs_key(args.environment, args.account), KEY_POLICY, "the logs key"),
                existing=args.settings.keys.existing.get(args.account, {}).get("logs"),
                protect=args.settings.protection,
            ),
            opts=child,
        )
        self.network = Network(
            f"{name}-network",
            NetworkArgs(
                environment=args.environment,
                account=args.account,
                block=args.settings.blocks[args.account],
                zones=args.zones,
                existing=settings.existing.get(args.account),
                services=args.services,
                internet=settings.internet,
                dns_firewall=settings.dns_firewall,
                dns_allow=settings.dns_allow,
            ),
            opts=child,
        )
        self.register_outputs({"vpcId": self.network.vpc_id, "logsKeyArn": self.logs_key.arn})


@dataclass(frozen=True, kw_only=True)
class ServingArgs:
    """What the serving part of an account needs.

    Attributes:
        settings: The configuration.
        environment: The environment.
        account: The account.
        foundation: Its foundation.
        s3_endpoints: Ids of the S3 gateway endpoints of all accounts.
        kms_endpoints: Ids of the KMS interface endpoints of all accounts.
        bus_arn: The development account's event bus.
    """

    settings: Settings
    environment: Environment
    account: str
    foundation: Foundation
    s3_endpoints: pulumi.Output[Sequence[str]]
    kms_endpoints: pulumi.Output[Sequence[str]]
    bus_arn: pulumi.Input[str]


class Serving(pulumi.ComponentResource):
    """Keys, roles, logs, capture bucket and alarm forwarding of one account.

    Every account has them: the development account serves models of single-account projects, and its own work needs keys, roles and logs.

    Attributes:
        data_key: The key of buckets.
        storage_key: The key of volumes, Studio home and online store.
        identity: The roles.
        log_bucket_name: The bucket of access logs.
        bucket_names: What for -> bucket name.
    """

    data_key: EncryptionKey
    storage_key: EncryptionKey
    identity: Identity
    log_bucket_name: pulumi.Output[str]
    bucket_names: dict[Bucket, pulumi.Output[str]]

    def __init__(self, name: str, args: ServingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:account:Serving", name, None, opts)
        self._name = name
        self._args = args
        self._child = ResourceOptions(parent=self)
        self._keys()
        self._identity()
        self._logs()
        self._buckets()
        AlarmForwarding(
            f"{name}-alarms",
            AlarmForwardingArgs(
                environment=args.environment, bus_arn=args.bus_arn, role_arn=self.identity.role_arns[Role.EVENTS]
            ),
            opts=self._child,
        )
        self.register_outputs({"dataKeyArn": self.data_key.arn, "storageKeyArn": self.storage_key.arn})

    def _keys(self) -> None:
        environment, account = self._args.environment, self._args.account
        policy = self._args.kms_endpoints.apply(
            lambda ids: render(keys.data_key(environment, account, ids), KEY_POLICY, f"the data key of {account}")
        )
        self.data_key = self._key(Key.DATA, policy)
        self.storage_key = self._key(
            Key.STORAGE, render(keys.storage_key(environment, account), KEY_POLICY, "the storage key")
        )

    def _key(self, key: Key, policy: pulumi.Input[str]) -> EncryptionKey:
        return EncryptionKey(
            f"{self._name}-{key.value}",
            EncryptionKeyArgs(
                names=self._args.environment.names,
                key=key,
                policy=policy,
                existing=self._args.settings.keys.existing.get(self._args.account, {}).get(key.value),
                protect=self._args.settings.protection,
            ),
            opts=self._child,
        )

    def _identity(self) -> None:
        args, network = self._args, self._args.foundation.network
        self.identity = Identity(
            f"{self._name}-identity",
            IdentityArgs(
                environment=args.environment,
                account=args.account,
                persona_principals={persona: given.principals for persona, given in args.settings.personas.items()},
                subnet_ids=network.subnet_ids,
                security_group_ids=[network.workload_security_group_id],
                key_arns={Key.DATA: self.data_key.arn, Key.STORAGE: self.storage_key.arn},
                studio_endpoint_ids=[network.endpoint_ids["sagemaker.api"]]
                if "sagemaker.api" in network.endpoint_ids
                else [],
                create=args.settings.roles.create,
            ),
            opts=self._child,
        )

    def _logs(self) -> None:
        args = self._args
        development = Purpose.DEVELOPMENT in args.settings.purposes(args.account)
        account_wide = DEVELOPMENT_LOG_GROUPS if development else TARGET_LOG_GROUPS
        Logs(
            f"{self._name}-logs",
            LogsArgs(
                environment=args.environment,
                account=args.account,
                vpc_id=None if args.account in args.settings.network.existing else args.foundation.network.vpc_id,
                key_arn=args.foundation.logs_key.arn,
                flow_logs_role_arn=self.identity.role_arns[Role.FLOW_LOGS],
                retention_days=args.settings.logs.retention_days,
                account_wide=account_wide if args.settings.logs.account_wide else (),
            ),
            opts=self._child,
        )

    def _buckets(self) -> None:
        environment, account = self._args.environment, self._args.account
        self.log_bucket_name = self.bucket(
            self._name,
            Bucket.LOGS,
            render(buckets.logs(environment, account), BUCKET_POLICY, "the log bucket"),
            encrypted=False,
        )
        policy = pulumi.Output.all(self.data_key.arn, self._args.s3_endpoints).apply(
            lambda ids: render(
                buckets.capture(environment, account, ids[1], ids[0]),
                BUCKET_POLICY,
                f"the capture bucket of {account}",
            )
        )
        self.bucket_names = {
            Bucket.LOGS: self.log_bucket_name,
            Bucket.CAPTURE: self.bucket(self._name, Bucket.CAPTURE, policy),
        }

    def bucket(
        self,
        name: str,
        bucket: Bucket,
        policy: pulumi.Input[str],
        *,
        encrypted: bool = True,
        parent: pulumi.Resource | None = None,
    ) -> pulumi.Output[str]:
        """A bucket of this account, or the one that exists; its name."""
        args = self._args
        physical = args.environment.names.bucket(bucket, args.account)
        if bucket in args.settings.buckets.existing:
            return pulumi.Output.from_input(physical)
        made = SecureBucket(
            f"{name}-{bucket.value}",
            SecureBucketArgs(
                names=args.environment.names,
                account=args.account,
                bucket=bucket,
                policy=policy,
                key_arn=self.data_key.arn if encrypted else None,
                log_bucket=None if bucket is Bucket.LOGS else self.log_bucket_name,
                noncurrent_days=args.settings.buckets.noncurrent_days,
                protect=args.settings.protection,
            ),
            opts=ResourceOptions(parent=parent or self),
        )
        return made.name
