"""The whole environment: what is made in which account, in an order that is never circular.

Foundations of all accounts come first, because the perimeter of keys and buckets lists their endpoints; then what serves models, account by
account; then the development account's own part; parameters last. Roles are named before they exist: by account and name.
"""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi import ResourceOptions

from components.account import Foundation, FoundationArgs, Serving, ServingArgs
from components.config import Purpose, Settings
from components.development import Development, DevelopmentArgs
from components.documents.catalog import check_sizes
from components.endpoints import DEVELOPMENT_USES, TARGET_USES, Use, services_for
from components.environment import Environment
from components.events import EventBus, EventBusArgs
from components.hook import Hook, HookArgs, HookCode
from components.lookups import EndpointService, Zone, choose_zones, endpoint_services, refuse_unreachable, zones
from components.names import Bucket, Key, Role
from components.parameters import Parameters, ParametersArgs
from components.projects import Projects, ProjectsArgs, Rules
from components.providers import account_provider, native_provider
from components.registries import MODEL_MONITOR, model_monitor_image

OUTPUTS: Mapping[str, str] = {
    "domain": "Id of the Studio domain.",
    "profiles": "User profile -> its ARN.",
    "buckets": "Account -> what for -> name of the bucket.",
    "keys": "Account -> `data`, `storage`, `logs` -> ARN of the key.",
    "endpoints": "Account -> service -> id of the VPC endpoint.",
    "roles": "Account -> role -> ARN.",
    "parameters": "Account -> names of its SSM parameters, which projects read.",
    "developmentAccount": "Id of the development account.",
    "portfolio": "Id of the Service Catalog portfolio.",
    "products": "Project template -> id of its Service Catalog product.",
}
"""The stack's outputs, as the README lists them."""


class Platform:
    """One environment in all of its accounts.

    Attributes:
        settings: The configuration, organisational units resolved.
        environment: What documents need to know.
        foundations: Account -> its network and logs key.
        serving: Account -> its keys, roles, buckets and logs.
        development: The development account's own part.
        projects: What projects share, in the development account.
        parameters: Account -> its SSM parameters.

    Args:
        settings: The configuration, organisational units resolved.
        rules: The rules that deploy builds run; none are published without.
        hook: The hook's code; there is no hook without.
    """

    def __init__(self, settings: Settings, rules: Rules | None = None, hook: HookCode | None = None) -> None:
        self.settings = settings
        self.environment = Environment.of(settings)
        check_sizes(self.environment, {persona: given.principals for persona, given in settings.personas.items()})
        self._providers = {
            account: account_provider(settings, account, name=self._label(account)) for account in settings.all_accounts
        }
        # First: its look-ups may still find a mistake of the configuration, before anything is registered.
        self.foundations = self._foundations()
        bus = EventBus(
            "alarms", EventBusArgs(environment=self.environment), opts=self._in(settings.accounts.development)
        )
        # Once for all accounts: each account's policies wait for every account's endpoints.
        s3_endpoints = pulumi.Output.all(*self._s3_endpoints)
        kms_endpoints = pulumi.Output.all(*self._kms_endpoints)
        self.serving = self._serving(bus, s3_endpoints, kms_endpoints)
        development = settings.accounts.development
        self.development = Development(
            "development",
            DevelopmentArgs(
                settings=settings,
                environment=self.environment,
                foundation=self.foundations[development],
                serving=self.serving[development],
                s3_endpoints=s3_endpoints,
            ),
            opts=self._in(development),
        )
        self.projects = Projects(
            f"{self._label(development)}-projects", self._projects_args(rules), opts=self._in(development)
        )
        self._hooks(hook)
        self.parameters = {
            account: Parameters(
                f"{self._label(account)}-parameters",
                ParametersArgs(names=settings.names, values=self._values(account, bus)),
                opts=self._in(account),
            )
            for account in settings.all_accounts
        }

    def _projects_args(self, rules: Rules | None) -> ProjectsArgs:
        development = self.settings.accounts.development
        serving = self.serving[development]
        return ProjectsArgs(
            environment=self.environment,
            artifacts_bucket=self.development.bucket_names[Bucket.ARTIFACTS],
            templates_bucket=self.development.bucket_names[Bucket.TEMPLATES] if self.environment.s3_front else None,
            storage_key_arn=serving.storage_key.arn,
            logs_key_arn=self.foundations[development].logs_key.arn,
            retention_days=self.settings.logs.retention_days,
            role_arns=serving.identity.role_arns,
            packages=self.settings.packages,
            internet=self.settings.network.internet == "nat",
            rules=rules,
        )

    def _hooks(self, code: HookCode | None) -> None:
        """The hook of every account; CloudFormation hooks are what the classic provider lacks, so each has a native one beside it."""
        settings = self.settings
        if code is None or settings.hook is None:
            return
        for account, serving in self.serving.items():
            roles = serving.identity.role_arns
            Hook(
                f"{self._label(account)}-hook",
                HookArgs(
                    names=settings.names,
                    code=code,
                    mode=settings.hook,
                    logs_key_arn=self.foundations[account].logs_key.arn,
                    retention_days=settings.logs.retention_days,
                    role_arn=roles[Role.HOOK],
                    execution_role_arn=roles[Role.HOOK_EXECUTION],
                    native=native_provider(settings, account, name=self._label(account)),
                ),
                opts=self._in(account),
            )

    def outputs(self) -> Mapping[str, object]:
        """The stack's outputs: what `OUTPUTS` describes."""
        development = self.settings.accounts.development
        return {
            "domain": self.development.studio.domain_id,
            "profiles": self.development.studio.profile_arns,
            "buckets": {account: self._bucket_names(account) for account in self.serving},
            "keys": {account: self._key_arns(account) for account in self.serving},
            "endpoints": {
                account: {"s3": foundation.network.s3_endpoint_id, **foundation.network.endpoint_ids}
                for account, foundation in self.foundations.items()
            },
            "roles": {
                account: {role.value: arn for role, arn in part.identity.role_arns.items()}
                for account, part in self.serving.items()
            },
            "parameters": {account: made.paths for account, made in self.parameters.items()},
            "developmentAccount": development,
            "portfolio": self.projects.portfolio_id,
            "products": self.projects.product_ids,
        }

    def _foundations(self) -> dict[str, Foundation]:
        settings = self.settings
        available = {account: zones(provider) for account, provider in self._providers.items()}
        offered = self._services(available)
        services = {
            account: {key: offered[key] for key in self._service_keys(account)} for account in settings.all_accounts
        }
        chosen = {account: choose_zones(available[account], settings, account) for account in settings.all_accounts}
        for account in settings.all_accounts:
            refuse_unreachable(settings, account, chosen[account], services[account])
        return {
            account: Foundation(
                f"{self._label(account)}-foundation",
                FoundationArgs(
                    settings=settings,
                    environment=self.environment,
                    account=account,
                    zones=chosen[account],
                    services=services[account],
                ),
                opts=self._in(account),
            )
            for account in settings.all_accounts
        }

    def _services(self, available: Mapping[str, Sequence[Zone]]) -> Mapping[str, EndpointService]:
        development = self.settings.accounts.development
        needed = dict.fromkeys(key for account in self.settings.all_accounts for key in self._service_keys(account))
        return endpoint_services(self.settings, list(needed), self._providers[development], available[development])

    def _service_keys(self, account: str) -> tuple[str, ...]:
        """Short names of an account's interface endpoints: by what it does, or as configured."""
        if self.settings.network.endpoints != "auto":
            return self.settings.network.endpoints
        if Purpose.DEVELOPMENT not in self.settings.purposes(account):
            return services_for(TARGET_USES)
        tracking = (Use.TRACKING,) if self.settings.studio.experiment_tracking else ()
        return services_for((*DEVELOPMENT_USES, *tracking))

    def _serving(
        self, bus: EventBus, s3_endpoints: pulumi.Output[Sequence[str]], kms_endpoints: pulumi.Output[Sequence[str]]
    ) -> dict[str, Serving]:
        return {
            account: Serving(
                f"{self._label(account)}-serving",
                ServingArgs(
                    settings=self.settings,
                    environment=self.environment,
                    account=account,
                    foundation=foundation,
                    s3_endpoints=s3_endpoints,
                    kms_endpoints=kms_endpoints,
                    bus_arn=bus.arn,
                ),
                opts=self._in(account),
            )
            for account, foundation in self.foundations.items()
        }

    @property
    def _s3_endpoints(self) -> list[pulumi.Output[str]]:
        return [foundation.network.s3_endpoint_id for foundation in self.foundations.values()]

    @property
    def _kms_endpoints(self) -> list[pulumi.Output[str]]:
        return [foundation.network.endpoint_ids["kms"] for foundation in self.foundations.values()]

    def _values(self, account: str, bus: EventBus) -> dict[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]]:
        """What projects need to find in an account: path -> value."""
        settings, network = self.settings, self.foundations[account].network
        values: dict[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]] = {
            "accounts/development": settings.accounts.development,
            "network/vpc": network.vpc_id,
            "network/subnets": network.subnet_ids,
            "network/security-groups/workload": network.workload_security_group_id,
            "network/security-groups/endpoints": network.endpoint_security_group_id,
            "endpoints/s3": network.s3_endpoint_id,
            "endpoints/kms": network.endpoint_ids["kms"],
            "event-bus": bus.arn,
        }
        if network.builds_security_group_id is not None:
            values["network/security-groups/builds"] = network.builds_security_group_id
        values |= {f"keys/{key}": arn for key, arn in self._key_arns(account).items()}
        values |= {f"buckets/{bucket}": name for bucket, name in self._bucket_names(account).items()}
        values |= {f"roles/{role.value}": arn for role, arn in self.serving[account].identity.role_arns.items()}
        if account == settings.accounts.development:
            values |= {
                "accounts/staging": settings.accounts.staging,
                "accounts/production": settings.accounts.production,
                "endpoints/all/s3": self._s3_endpoints,
                "endpoints/all/kms": self._kms_endpoints,
                "studio/domain": self.development.studio.domain_id,
                "instance-types/jobs": settings.instance_types.jobs,
                "instance-types/endpoints": settings.instance_types.endpoints,
            }
            values |= self.projects.parameters
            if settings.region in MODEL_MONITOR:
                values["images/model-monitor"] = model_monitor_image(settings.names)
        return values

    def _key_arns(self, account: str) -> dict[str, pulumi.Output[str]]:
        serving = self.serving[account]
        return {
            Key.DATA.value: serving.data_key.arn,
            Key.STORAGE.value: serving.storage_key.arn,
            Key.LOGS.value: self.foundations[account].logs_key.arn,
        }

    def _bucket_names(self, account: str) -> dict[str, pulumi.Output[str]]:
        development = self.development.bucket_names if account == self.settings.accounts.development else {}
        return {
            bucket.value: name for bucket, name in (*self.serving[account].bucket_names.items(), *development.items())
        }

    def _label(self, account: str) -> str:
        """Logical name of an account: its id, so that reordering a list changes nothing."""
        return "development" if account == self.settings.accounts.development else f"target-{account}"

    def _in(self, account: str) -> ResourceOptions:
        return ResourceOptions(provider=self._providers[account])
