"""The configuration of a stack, validated at the edge: `mlops:*` keys in `Pulumi.<stack>.yaml` become one frozen `Settings`.

Every mistake is one `ConfigurationError` whose message names the key, the value and the remedy, raised before any resource is registered.
"""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, ClassVar, Literal, Self, cast

from pulumi.runtime.config import CONFIG, get_config_env
from pulumi_aws import Region
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from components.addresses import AddressError, allocate
from components.endpoints import SERVICES
from components.instance_types import has_local_storage, instance_types
from components.mistakes import NAMESPACE, ConfigurationError, explain, find_credential, mistakes, refuse_unknown
from components.names import DEVELOPMENT_ROLES, SIGN_IN_ROLES, TARGET_ROLES, Bucket, Names, Role


class Purpose(StrEnum):
    """A stage that an account serves."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


def _account_id(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        raise ValueError("is a number, and YAML drops the leading zeros of numbers. Put the 12 digits in quotes")  # noqa: TRY004
    if not isinstance(value, str) or not re.fullmatch(r"\d{12}", value):
        raise ValueError("is not an AWS account id. Give 12 digits in quotes")
    return value


def _address_block(value: object) -> str:
    try:
        return str(IPv4Network(str(value)))
    except ValueError as error:
        raise ValueError(f"is not an IPv4 address block ({error}). Give one such as 10.0.0.0/12") from None


def _whole_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is no number. Give a whole number")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


AccountId = Annotated[str, BeforeValidator(_account_id)]
WholeNumber = Annotated[int, BeforeValidator(_whole_number)]
AddressBlock = Annotated[str, BeforeValidator(_address_block)]
_IAM_PRINCIPAL = r"^arn:aws[a-z-]*:iam::\d{12}:(root|(role|user|saml-provider)/[\w+=,.@/*-]+)$"
RoleArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/*-]+$")]
PrincipalArn = Annotated[str, StringConstraints(pattern=_IAM_PRINCIPAL)]
KeyArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[a-zA-Z0-9-]+$")]
RoleName = Annotated[
    str,
    StringConstraints(
        pattern=r"^(arn:aws[a-z-]*:iam::(\d{12}|\{account\}):role/)?([\w+=,.@-]|\{account\}|/)*[\w+=,.@{}-]$"
    ),
]
Domain = Annotated[str, StringConstraints(pattern=r"^(\*\.)?[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$")]
UnitId = Annotated[str, StringConstraints(pattern=r"^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$")]


class _Model(BaseModel):
    """A part of the configuration: immutable, camelCase keys, unknown keys refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Accounts(_Model):
    """Which accounts take part, and as what."""

    development: AccountId = Field(
        description="The development (data science) account: Studio, projects, registry and data."
    )
    staging: tuple[AccountId, ...] = Field(
        default=(), description="Staging accounts. Append; the order gives each its address block."
    )
    production: tuple[AccountId, ...] = Field(default=(), description="Production accounts. Append, as for staging.")
    staging_unit: UnitId | None = Field(
        default=None, description="An organisational unit whose accounts, nested ones too, are staging."
    )
    production_unit: UnitId | None = Field(default=None, description="The same for production.")

    @field_validator("staging", "production")
    @classmethod
    def _once(cls, accounts: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((account for account in accounts if accounts.count(account) > 1), None)
        if twice:
            raise ValueError(f"names account {twice} twice. Keep one of them")
        return accounts

    @model_validator(mode="after")
    def _list_or_unit(self) -> Self:
        for stage in ("staging", "production"):
            if getattr(self, stage) and getattr(self, f"{stage}_unit"):
                raise ValueError(
                    f"has both {stage} and {stage}Unit. Keep the list of accounts or the organisational unit"
                )
        return self


class Organization(_Model):
    """Where organisational units are looked up."""

    account: AccountId | None = Field(
        default=None, description="The management or delegated administrator account of the organisation."
    )
    role: RoleArn | None = Field(
        default=None, description="Role to take there; by default the deploy role's name in that account."
    )
    id: Annotated[str, StringConstraints(pattern=r"^o-[a-z0-9]{10,32}$")] | None = Field(
        default=None, description="The organisation's id, for a perimeter by organisation."
    )


class DeployRole(_Model):
    """The role that deploys, made by `bootstrap/` in every account."""

    name: RoleName | None = Field(
        default=None, description="Its name, the same in all accounts; `P-Deployer` by default."
    )
    external_id: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@:/-]+$", min_length=2, max_length=1224)] | None = (
        Field(default=None, description="The external id that its trust asks for.")
    )


class ExistingNetwork(_Model):
    """An account's own VPC, used instead of a new one."""

    vpc: Annotated[str, StringConstraints(pattern=r"^vpc-[0-9a-f]{8,17}$")] = Field(description="The VPC.")
    subnets: tuple[Annotated[str, StringConstraints(pattern=r"^subnet-[0-9a-f]{8,17}$")], ...] = Field(
        description="Private subnets in at least two zones."
    )
    workload_security_group: Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")] = Field(
        description="Security group of jobs, builds and endpoints."
    )
    endpoint_security_group: Annotated[str, StringConstraints(pattern=r"^sg-[0-9a-f]{8,17}$")] = Field(
        description="Security group of the interface endpoints."
    )
    s3_endpoint: Annotated[str, StringConstraints(pattern=r"^vpce-[0-9a-f]{8,17}$")] = Field(
        description="The S3 gateway endpoint."
    )
    endpoints: Mapping[str, Annotated[str, StringConstraints(pattern=r"^vpce-[0-9a-f]{8,17}$")]] = Field(
        default_factory=dict[str, str],
        description="Interface endpoints that exist: service -> id. The others are made.",
    )

    @field_validator("subnets")
    @classmethod
    def _two_subnets(cls, subnets: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(subnets)) < 2:  # noqa: PLR2004 - SageMaker endpoints need two zones
            raise ValueError(
                "has fewer than two subnets. SageMaker endpoints need two zones: give private subnets in two or more"
            )
        return subnets

    @field_validator("endpoints")
    @classmethod
    def _known(cls, endpoints: Mapping[str, str]) -> Mapping[str, str]:
        refuse_unknown(endpoints, SERVICES, "endpoint")
        return endpoints


class Network(_Model):
    """The private network of every account."""

    cidr: AddressBlock = Field(
        default="10.0.0.0/12", description="Address block of the environment; every account gets a part of its own."
    )
    account_prefix: WholeNumber = Field(
        default=20, ge=16, le=24, description="Size of an account's part; an eighth of it is one subnet."
    )
    blocks: Mapping[AccountId, AddressBlock] = Field(
        default_factory=dict[str, str],
        description="Parts given by hand: account -> block; not moved when lists change.",
    )
    zones: WholeNumber = Field(default=2, description="Availability zones per account, 2 to 4.")
    exclude_zone_ids: tuple[str, ...] = Field(default=(), description="Zone ids to leave out, such as use1-az3.")
    internet: Literal["none", "nat"] = Field(
        default="none", description="`nat` adds public subnets and NAT gateways, for builds only."
    )
    endpoints: Literal["auto"] | tuple[str, ...] = Field(
        default="auto",
        description="Interface endpoints: what each account uses, or exactly these services in every account.",
    )
    existing: Mapping[AccountId, ExistingNetwork] = Field(
        default_factory=dict[str, ExistingNetwork], description="Accounts that bring their own VPC."
    )
    dns_firewall: Literal["block", "alert", "off"] = Field(
        default="block", description="What happens to a DNS query outside the allow-list."
    )
    dns_allow: tuple[Domain, ...] = Field(
        default=(), description="More domains that may be resolved, such as *.example.com."
    )

    @field_validator("zones")
    @classmethod
    def _two_to_four(cls, zones: int) -> int:
        if zones < 2:  # noqa: PLR2004
            raise ValueError("is too few zones: a SageMaker endpoint needs two. Set 2, 3 or 4")
        if zones > 4:  # noqa: PLR2004
            raise ValueError("is too many zones. Set 2, 3 or 4")
        return zones

    @field_validator("blocks")
    @classmethod
    def _sizes(cls, blocks: Mapping[str, str]) -> Mapping[str, str]:
        # A VPC is /16 at most, and an eighth of it, a subnet, /28 at least (VPC user guide, "VPC CIDR blocks", "Subnet sizing").
        wrong = next((block for block in blocks.values() if not 16 <= IPv4Network(block).prefixlen <= 25), None)  # noqa: PLR2004
        if wrong:
            raise ValueError(f"has {wrong!r}, whose size no VPC here can have. Give a block of /16 to /25")
        return blocks

    @field_validator("endpoints")
    @classmethod
    def _known_endpoints(cls, endpoints: Literal["auto"] | tuple[str, ...]) -> Literal["auto"] | tuple[str, ...]:
        if endpoints == "auto":
            return endpoints
        refuse_unknown(endpoints, SERVICES, "endpoint")
        if "kms" not in endpoints:
            raise ValueError("lacks kms, through which the data keys are used. Add kms or set auto")
        return endpoints


class Keys(_Model):
    """KMS keys, created or existing."""

    existing: Mapping[AccountId, Mapping[Literal["data", "storage", "logs"], KeyArn]] = Field(
        default_factory=dict[str, Mapping[Literal["data", "storage", "logs"], str]],
        description="Keys that exist: account -> data, storage, logs -> ARN. The others are made. Their policies stay with their owner.",
    )


class Buckets(_Model):
    """Buckets, created or existing."""

    existing: Mapping[Bucket, Annotated[str, StringConstraints(min_length=3)]] = Field(
        default_factory=dict[Bucket, str],
        description="Buckets that exist: what for -> name, `{account}` allowed. Policy and settings stay with their owner.",
    )
    noncurrent_days: WholeNumber = Field(
        default=90, ge=1, le=36500, description="Days that a replaced or deleted object version is kept."
    )


class Roles(_Model):
    """IAM roles, created or existing (`CreateEnvironmentIAMRoles` of the text)."""

    create: bool = Field(default=True, description="Whether this program makes the roles.")
    existing: Mapping[Role, RoleName] = Field(
        default_factory=dict[Role, str],
        description="With `create: false`: role -> name, or ARN with `{account}` in it.",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.create:
            if self.existing:
                raise ValueError("has existing roles and create: true. Set create to false, or remove existing")
            return self
        missing = [role.value for role in (*DEVELOPMENT_ROLES, *TARGET_ROLES) if role not in self.existing]
        if missing:
            raise ValueError(f"has create: false, but no role for {', '.join(missing)}. Name them under roles.existing")
        return self


class Profile(_Model):
    """A Studio user profile."""

    persona: Literal["DataScientist", "MLEngineer"] = Field(description="Whose Studio role the profile runs under.")
    sso_user: str | None = Field(default=None, description="The Identity Center user name; needed with auth `sso`.")


class Studio(_Model):
    """SageMaker Studio in the development account."""

    auth: Literal["iam", "sso"] = Field(default="iam", description="How people sign in to the domain.")
    access: Literal["vpc"] | Annotated[tuple[AddressBlock, ...], Field(min_length=1)] = Field(
        default="vpc", description="From where presigned URLs may be asked for: our endpoints only, or address blocks."
    )
    profiles: Mapping[Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")], Profile] = (
        Field(
            default_factory=dict[str, Profile],
            description="User profiles: name -> persona and SSO user. None given: `P-user-profile`.",
        )
    )
    idle_minutes: WholeNumber = Field(
        default=120, ge=60, le=525600, description="Minutes after which an idle application is shut down."
    )
    keep_home: bool = Field(default=True, description="Whether the home file system stays when the domain is deleted.")
    experiment_tracking: bool = Field(default=False, description="Whether there is a SageMaker MLflow App.")

    @model_validator(mode="after")
    def _sso_users(self) -> Self:
        if self.auth == "sso":
            without = [name for name, profile in self.profiles.items() if not profile.sso_user]
            if without or not self.profiles:
                who = f"profile {without[0]!r} has no SSO user" if without else "there is no profile with an SSO user"
                raise ValueError(f"has auth 'sso', but {who}. Give each profile its ssoUser, or set auth to iam")
        return self


class Persona(_Model):
    """Who may take a sign-in role."""

    principals: tuple[PrincipalArn, ...] = Field(
        min_length=1, description="ARNs of SAML providers, Identity Center roles (`*` allowed) or IAM roles."
    )


class InstanceTypes(_Model):
    """Instance types that may be used; the boundary and guards refuse others."""

    studio: tuple[str, ...] = Field(
        default=("ml.t3.medium", "ml.t3.large", "ml.m5.large", "ml.m5.xlarge"),
        min_length=1,
        description="Studio applications; the first is the default.",
    )
    jobs: tuple[str, ...] = Field(
        default=("ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge", "ml.c5.2xlarge"),
        min_length=1,
        description="Processing and training jobs.",
    )
    endpoints: tuple[str, ...] = Field(
        default=("ml.m5.large", "ml.m5.xlarge", "ml.c5.large", "ml.c5.xlarge"), min_length=1, description="Endpoints."
    )
    local_storage: tuple[str, ...] = Field(
        default=(),
        description="Types with local NVMe storage that are accepted although they cannot have a volume key.",
    )

    @field_validator("studio", "jobs", "endpoints")
    @classmethod
    def _known(cls, types: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        uses = {"studio": ("studio",), "jobs": ("processing", "training"), "endpoints": ("endpoint",)}[
            str(info.field_name)
        ]
        for use in uses:
            refuse_unknown(types, instance_types(use), f"instance type for {use}")
        return types

    @model_validator(mode="after")
    def _encryptable(self) -> Self:
        for name in (*self.jobs, *self.endpoints):
            if has_local_storage(name) and name not in self.local_storage:
                raise ValueError(
                    f"has {name}, whose local disk takes no volume key. Remove it, or list it under instanceTypes.localStorage"
                )
        return self


class Perimeter(_Model):
    """From where data may be reached."""

    by: Literal["endpoints", "organization"] = Field(
        default="endpoints",
        description="The ids of our endpoints, or every VPC endpoint of the organisation (more than about 300 accounts).",
    )
    also_open: tuple[Literal["capture", "buildSource", "modelData"], ...] = Field(
        default=(),
        description="Paths that AWS does not document, opened beside the one that is assumed (README, Paths that AWS does not document).",
    )


class Logs(_Model):
    """Log groups."""

    retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
    ] = Field(default=365, description="Days that logs are kept; one of CloudWatch's values.")
    account_wide: bool = Field(
        default=True,
        description="Whether this environment owns the account-wide log groups of SageMaker (one environment of an account does).",
    )


class Projects(_Model):
    """The projects' templates."""

    fronts: tuple[Literal["serviceCatalog", "s3"], ...] = Field(
        default=("serviceCatalog",),
        description="Where Studio finds the templates: Service Catalog always, and the build template in S3 too when it is asked for.",
    )

    hook: Literal["auto", "warn", "fail", "off"] = Field(
        default="auto",
        description="What happens to a project's or endpoint's stack that breaks a rule: a warning or a failure; "
        "`auto` fails in `prod` and warns elsewhere, `off` makes no hook.",
    )

    @field_validator("hook", mode="before")
    @classmethod
    def _off(cls, hook: object) -> object:
        # YAML 1.1 reads a bare `off` as false.
        return "off" if hook is False else hook

    @field_validator("fronts")
    @classmethod
    def _with_catalog(cls, fronts: tuple[str, ...]) -> tuple[str, ...]:
        if "serviceCatalog" not in fronts:
            raise ValueError("lacks serviceCatalog, which alone offers the deploy template. Add it")
        return fronts


class Settings(_Model):
    """Everything that a stack can say, `mlops:<key>` each."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*[a-z0-9]$")] = Field(
        description="Name of the platform: lower case."
    )
    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$")] = Field(
        description="Type of the environment, such as dev or prod."
    )
    region: str = Field(description="The AWS region of everything.")
    accounts: Accounts = Field(description="The accounts.")
    organization: Organization = Field(
        default=Organization(), description="The organisation, for units and a perimeter by organisation."
    )
    deploy_role: DeployRole = Field(default=DeployRole(), description="The role that deploys.")
    network: Network = Field(default=Network(), description="The network.")
    keys: Keys = Field(default=Keys(), description="KMS keys.")
    buckets: Buckets = Field(default=Buckets(), description="Buckets.")
    roles: Roles = Field(default=Roles(), description="IAM roles.")
    studio: Studio = Field(default=Studio(), description="SageMaker Studio.")
    personas: Mapping[
        Literal["DataScientist", "MLEngineer", "ModelApprover", "PlatformAdministrator", "Auditor"], Persona
    ] = Field(
        default_factory=dict[
            Literal["DataScientist", "MLEngineer", "ModelApprover", "PlatformAdministrator", "Auditor"], Persona
        ],
        description="Persona -> who may take its role. All five are needed in `prod`.",
    )
    data_producers: tuple[RoleArn, ...] = Field(
        default=(), description="Roles that may write to the data bucket, through our endpoints."
    )
    ground_truth_producers: tuple[RoleArn, ...] = Field(
        default=(), description="Roles that may write `ground-truth/` in capture buckets."
    )
    break_glass_roles: tuple[RoleArn, ...] = Field(
        default=(), description="Roles that an emergency may use past the perimeter."
    )
    instance_types: InstanceTypes = Field(default=InstanceTypes(), description="Instance types that may be used.")
    perimeter: Perimeter = Field(default=Perimeter(), description="The perimeter.")
    logs: Logs = Field(default=Logs(), description="Log groups.")
    packages: Literal["curated", "upstream"] = Field(
        default="curated",
        description="Packages of builds: only what is published here, or the public index too, through CodeArtifact's own connection.",
    )
    projects: Projects = Field(default=Projects(), description="The projects' templates.")
    protection: bool = Field(
        default=True, description="Whether data buckets, keys and the domain are protected from deletion."
    )
    tags: Mapping[str, str] = Field(
        default_factory=dict[str, str], description="Tags of everything that can be tagged."
    )
    allow_placeholder_accounts: bool = Field(
        default=False, description="Whether AWS's documentation account ids are accepted (rehearsals)."
    )

    @field_validator("region")
    @classmethod
    def _known_region(cls, region: str) -> str:
        refuse_unknown([region], {known.value for known in Region if "iso" not in known.value}, "region")
        return region

    @field_validator("tags")
    @classmethod
    def _own_tags(cls, tags: Mapping[str, str]) -> Mapping[str, str]:
        reserved = next((key for key in tags if key.lower().startswith(("aws:", "sagemaker:", "mlops:"))), None)
        if reserved:
            raise ValueError(f"has {reserved!r}, whose start is reserved. Choose another key")
        if len(tags) > _MOST_TAGS:
            raise ValueError(
                f"has {len(tags)} tags, and a Service Catalog product takes {_MOST_TAGS} beside ours. Remove some"
            )
        # What every service takes (IAM and SSM are the strictest): letters, digits, spaces and these signs.
        wrong = next(
            (
                text
                for pair in tags.items()
                for text, size in zip(pair, (128, 256), strict=True)
                if not _is_tag(text, size)
            ),
            None,
        )
        if wrong is not None:
            raise ValueError(
                f"has {wrong!r}. Use letters, digits, spaces and _.:/=+-@; 128 characters in a key, 256 in a value"
            )
        return tags

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._check_placeholders()
        self._check_units()
        self._check_personas()
        self._check_existing_accounts()
        self._check_existing_keys()
        self._check_addresses()
        self._check_names()
        return self

    @property
    def target_accounts(self) -> tuple[str, ...]:
        """Staging accounts, then production accounts, each once, the development account among them where it serves a stage."""
        return tuple(dict.fromkeys((*self.accounts.staging, *self.accounts.production)))

    @property
    def all_accounts(self) -> tuple[str, ...]:
        """Every account once, development first."""
        return tuple(dict.fromkeys((self.accounts.development, *self.target_accounts)))

    def purposes(self, account: str) -> tuple[Purpose, ...]:
        """The parts that an account plays."""
        parts = {
            Purpose.DEVELOPMENT: (self.accounts.development,),
            Purpose.STAGING: self.accounts.staging,
            Purpose.PRODUCTION: self.accounts.production,
        }
        return tuple(purpose for purpose, accounts in parts.items() if account in accounts)

    @property
    def hook(self) -> Literal["FAIL", "WARN"] | None:
        """What a hook does with a stack that breaks a rule; None: there is no hook."""
        match self.projects.hook:
            case "off":
                return None
            case "auto":
                return "FAIL" if self.type == "prod" else "WARN"
            case "fail":
                return "FAIL"
            case "warn":
                return "WARN"

    @property
    def names(self) -> Names:
        """Physical names of this environment."""
        return Names(
            name=self.name,
            type=self.type,
            region=self.region,
            existing_roles={role.value: _role_path(value) for role, value in self.roles.existing.items()},
            existing_buckets={bucket.value: name for bucket, name in self.buckets.existing.items()},
            deploy_role=self.deploy_role.name,
        )

    @property
    def blocks(self) -> Mapping[str, IPv4Network]:
        """Account -> its part of `network.cidr`."""
        return allocate(
            IPv4Network(self.network.cidr),
            prefix=self.network.account_prefix,
            development=self.accounts.development,
            staging=self.accounts.staging,
            production=self.accounts.production,
            pinned={account: IPv4Network(block) for account, block in self.network.blocks.items()},
        )

    def with_units(self, *, staging: Sequence[str] | None, production: Sequence[str] | None) -> "Settings":
        """The settings with organisational units replaced by the accounts found in them (None: no unit).

        Raises:
            ConfigurationError: A unit is empty, or the accounts break a rule.
        """
        found = {"staging": staging, "production": production}
        accounts = self.model_dump(by_alias=True)
        for stage, ids in found.items():
            if ids is None:
                continue
            unit = accounts["accounts"].pop(f"{stage}Unit")
            if not ids:
                raise ConfigurationError(
                    f"{NAMESPACE}:accounts.{stage}Unit: {unit!r} holds no active account. Move an account there, or list accounts instead"
                )
            accounts["accounts"][stage] = list(ids)
        return parse(accounts)

    def _check_placeholders(self) -> None:
        if self.allow_placeholder_accounts:
            return
        for account in self.all_accounts:
            if is_placeholder(account):
                raise ValueError(
                    f"accounts: {account} is one of AWS's documentation ids. Put in your own account's id (a rehearsal needs none; "
                    f"`{NAMESPACE}:allowPlaceholderAccounts: true` accepts these)"
                )

    def _check_units(self) -> None:
        if (self.accounts.staging_unit or self.accounts.production_unit) and not (
            self.organization.account or self.organization.role
        ):
            raise ValueError(
                "organization: an organisational unit needs the organisation's account or role. Set organization.account"
            )
        if self.perimeter.by == "organization" and not self.organization.id:
            raise ValueError("perimeter.by: 'organization' needs the organisation's id. Set organization.id (o-...)")

    def _check_personas(self) -> None:
        missing = [role.value for role in SIGN_IN_ROLES if role.value not in self.personas]
        if self.type == "prod" and self.roles.create and missing:
            raise ValueError(
                f"personas: nobody may take {missing[0]}. Give personas.{missing[0]}.principals: prod has no default"
            )

    def _check_existing_accounts(self) -> None:
        if self.accounts.staging_unit or self.accounts.production_unit:
            return
        for key, accounts in (
            ("network.existing", self.network.existing),
            ("network.blocks", self.network.blocks),
            ("keys.existing", self.keys.existing),
        ):
            refuse_unknown(accounts, self.all_accounts, "account", at=f"{key}: ")

    def _check_existing_keys(self) -> None:
        for account, keys in self.keys.existing.items():
            for what, arn in keys.items():
                if f":kms:{self.region}:{account}:" not in arn:
                    raise ValueError(
                        f"keys.existing.{account}.{what}: {arn!r} is a key of another account or region. "
                        f"Give one of account {account} in {self.region}"
                    )

    def _check_addresses(self) -> None:
        try:
            _ = self.blocks
        except AddressError as error:
            raise ValueError(f"network.{error}") from None

    def _check_names(self) -> None:
        worst = max(self.names.limits(list(self.all_accounts)), key=lambda limit: limit.excess)
        if worst.excess > 0:
            raise ValueError(
                f"name: {self.name!r} makes the {worst.what} too long: {worst.name} has {len(worst.name)} characters of {worst.maximum}. "
                f"Shorten name or type by {worst.excess}"
            )
        for account in self.all_accounts:
            for bucket in Bucket:
                name = self.names.bucket(bucket, account)
                if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
                    raise ValueError(
                        f"buckets.existing.{bucket.value}: {name!r} is no bucket name. Use 3 to 63 lower-case letters, digits and hyphens"
                    )


_MOST_TAGS = 17
"""Service Catalog takes 20 on a product (CreateProduct), and three are ours."""


def _is_tag(text: str, size: int) -> bool:
    return len(text) <= size and re.fullmatch(r"[\w\s.:/=+@-]*", text) is not None


def _role_path(value: str) -> str:
    """The name, with its path, of a role given by name or ARN."""
    return value.partition(":role/")[2] or value


_DOCUMENTATION_IDS = frozenset(["123456789012", "210987654321", "012345678901", "098765432109"])


def is_placeholder(account: str) -> bool:
    """Whether an account id is one that AWS's documentation uses (`111122223333`, `123456789012`, one digit twelve times)."""
    return account in _DOCUMENTATION_IDS or bool(re.fullmatch(r"(\d)\1{3}(\d)\2{3}(\d)\3{3}", account))


def stack_configuration() -> Mapping[str, str]:
    """The whole configuration of the stack, `namespace:key` -> text: what a test has set, or what the engine's language host hands over."""
    given = cast("Mapping[str, str]", CONFIG.get())
    return given or cast("Mapping[str, str]", get_config_env())


def load(config: Mapping[str, str]) -> Settings:
    """The settings in a stack's whole configuration, `namespace:key` -> text (objects and lists as JSON).

    Raises:
        ConfigurationError: Anything is wrong; nothing has been registered yet.
    """
    for key, value in config.items():
        kind = find_credential(key) or find_credential(value)
        if kind:
            raise ConfigurationError(
                f"{key}: holds {kind}. Remove it and let the deploy role be assumed; a key in a stack file is a leaked key"
            )
    start = f"{NAMESPACE}:"
    return parse(
        {key.removeprefix(start): _decode(key, value) for key, value in config.items() if key.startswith(start)}
    )


def parse(values: Mapping[str, object]) -> Settings:
    """Settings from plain values.

    Raises:
        ConfigurationError: Anything is wrong; one line a mistake.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(dict.fromkeys(explain(detail, Settings) for detail in mistakes(error)))
        ) from None


def _decode(key: str, value: str) -> object:
    if not value.startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ConfigurationError(
            f"{key}: {value[:60]!r} is not valid ({error}). Write it as YAML under {key}"
        ) from None
