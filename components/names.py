"""Physical names and ARNs: pure functions of partition, region, account and environment.

`P` = `<name>-<type>-<region>` prefixes every name (`sm-mlops-dev-eu-west-1`). Because nothing here asks AWS, policy documents are
known in the first preview, and a target account needs nothing from the development account but its id.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Bucket(StrEnum):
    """What a bucket is for; the last part of its name."""

    DATA = "data"
    MODELS = "models"
    ARTIFACTS = "artifacts"
    TEMPLATES = "templates"
    CAPTURE = "capture"
    LOGS = "logs"


class Key(StrEnum):
    """What a KMS key encrypts; the last part of its alias."""

    DATA = "data"
    STORAGE = "storage"
    LOGS = "logs"


class Role(StrEnum):
    """The roles of an environment; the last part of their names."""

    DEPLOYER = "Deployer"
    DATA_SCIENTIST = "DataScientist"
    ML_ENGINEER = "MLEngineer"
    MODEL_APPROVER = "ModelApprover"
    PLATFORM_ADMINISTRATOR = "PlatformAdministrator"
    AUDITOR = "Auditor"
    DATA_SCIENTIST_STUDIO = "DataScientistStudioRole"
    ML_ENGINEER_STUDIO = "MLEngineerStudioRole"
    PIPELINE = "PipelineRole"
    JOB = "JobRole"
    INGESTION_PIPELINE = "IngestionPipelineRole"
    INGESTION = "IngestionRole"
    FEATURE_STORE = "FeatureStoreRole"
    MONITORING = "MonitoringRole"
    STACK_SET_ADMINISTRATION = "StackSetAdministrationRole"
    STACK_SET_EXECUTION = "StackSetExecutionRole"
    MODEL_EXECUTION = "SageMakerModelExecutionRole"
    ENDPOINT_TEST = "EndpointTestRole"
    DEPLOYMENT_CHECK = "DeploymentCheckRole"
    EVENTS = "EventsRole"
    FLOW_LOGS = "FlowLogsRole"
    TRACKING = "TrackingRole"
    PRODUCTS_LAUNCH = "ProductsLaunchRole"
    S3_FRONT_LAUNCH = "S3FrontLaunchRole"
    BUILD = "BuildRole"
    BUILD_PIPELINE = "BuildPipelineRole"
    RELEASE = "ReleaseRole"
    TEST = "TestRole"
    DEPLOY_PIPELINE = "DeployPipelineRole"
    PROJECT_FUNCTION = "ProjectFunctionRole"
    HOOK = "HookRole"
    HOOK_EXECUTION = "HookExecutionRole"


PROJECT_ROLES: tuple[Role, ...] = (
    Role.PRODUCTS_LAUNCH,
    Role.BUILD,
    Role.BUILD_PIPELINE,
    Role.RELEASE,
    Role.TEST,
    Role.DEPLOY_PIPELINE,
    Role.PROJECT_FUNCTION,
)
"""Roles of the development account that all projects share; their templates make none. Studio's S3 front has one more."""

HOOK_ROLES: tuple[Role, ...] = (Role.HOOK, Role.HOOK_EXECUTION)
"""Roles of every account that checks templates while CloudFormation deploys them."""

TARGET_ROLES: tuple[Role, ...] = (
    Role.MONITORING,
    Role.STACK_SET_EXECUTION,
    Role.MODEL_EXECUTION,
    Role.ENDPOINT_TEST,
    Role.DEPLOYMENT_CHECK,
    Role.EVENTS,
    Role.FLOW_LOGS,
    *HOOK_ROLES,
)
"""Roles of every account that serves a stage, the development account included."""

SIGN_IN_ROLES: tuple[Role, ...] = (
    Role.DATA_SCIENTIST,
    Role.ML_ENGINEER,
    Role.MODEL_APPROVER,
    Role.PLATFORM_ADMINISTRATOR,
    Role.AUDITOR,
)
"""Roles that people take: the personas."""

DEVELOPMENT_ROLES: tuple[Role, ...] = (
    *SIGN_IN_ROLES,
    Role.DATA_SCIENTIST_STUDIO,
    Role.ML_ENGINEER_STUDIO,
    Role.PIPELINE,
    Role.JOB,
    Role.INGESTION_PIPELINE,
    Role.INGESTION,
    Role.FEATURE_STORE,
    Role.STACK_SET_ADMINISTRATION,
    *PROJECT_ROLES,
)
"""Roles of the development account beside `TARGET_ROLES`."""

DEVELOPMENT_BUCKETS: tuple[Bucket, ...] = (Bucket.DATA, Bucket.MODELS, Bucket.ARTIFACTS, Bucket.TEMPLATES)
"""Buckets of the development account beside `TARGET_BUCKETS`."""

TARGET_BUCKETS: tuple[Bucket, ...] = (Bucket.CAPTURE, Bucket.LOGS)
"""Buckets of every account."""

GUARDS: tuple[str, ...] = ("guard-network", "guard-keys")
"""Managed policies of the program that hold the Deny statements with subnet, security group and key ids."""

BOUNDARY = "boundary"

ENVIRONMENT_TAG = "mlops:environment"
"""Key of the tag that everything of an environment carries, with `P` as value (`components/providers.py` sets it)."""

PROJECT_BUCKET_PREFIX = "sm-mlops-cp-"
"""Start of the name of a project's own bucket (`sm-mlops-cp-<project>-<id>`), from the text."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A service's limit on one physical name."""

    what: str
    name: str
    maximum: int

    @property
    def excess(self) -> int:
        """Characters beyond the limit; zero or less when the name fits."""
        return len(self.name) - self.maximum


def partition_of(region: str) -> str:
    """The partition of a region: the second field of every ARN there."""
    for start, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
        if region.startswith(start):
            return partition
    return "aws"


@dataclass(frozen=True, kw_only=True)
class Names:
    """Every physical name and ARN of one environment.

    Attributes:
        name: The platform's name, lower case.
        type: The environment's type, such as `dev` or `prod`.
        region: Where everything regional lives; part of the names of IAM roles too, because IAM is global.
        existing_roles: Role -> name or path/name of a role that somebody else made (`roles.create: false`), with `{account}` allowed.
        existing_buckets: Bucket -> name of a bucket that exists, with `{account}` allowed.
        deploy_role: Name (or path/name) of the role that deploys; `P-Deployer` unless configured.
    """

    name: str
    type: str
    region: str
    existing_roles: Mapping[str, str] = field(default_factory=dict[str, str])
    existing_buckets: Mapping[str, str] = field(default_factory=dict[str, str])
    deploy_role: str | None = None

    @property
    def prefix(self) -> str:
        """`P`: the start of every name."""
        return f"{self.name}-{self.type}-{self.region}"

    @property
    def partition(self) -> str:
        """The partition of the region."""
        return partition_of(self.region)

    @property
    def dns_suffix(self) -> str:
        """The domain of the partition's service endpoints (VPC endpoint names and image registries)."""
        return {"aws-cn": "amazonaws.com.cn", "aws-eusc": "amazonaws.eu"}.get(self.partition, "amazonaws.com")

    def arn(self, service: str, resource: str, *, account: str = "", region: str | None = None) -> str:
        """An ARN; `region=""` for global services."""
        return f"arn:{self.partition}:{service}:{self.region if region is None else region}:{account}:{resource}"

    def root(self, account: str) -> str:
        """The account itself as a principal."""
        return self.arn("iam", "root", account=account, region="")

    def role(self, role: Role, account: str = "*") -> str:
        """A role's name, with its path when it exists already."""
        if role is Role.DEPLOYER and self.deploy_role:
            return self.deploy_role.replace("{account}", account)
        existing = self.existing_roles.get(role.value)
        return existing.replace("{account}", account) if existing else f"{self.prefix}-{role.value}"

    def role_arn(self, role: Role, account: str) -> str:
        """A role's ARN; `account="*"` gives the pattern for `ArnLike aws:PrincipalArn`."""
        return self.arn("iam", f"role/{self.role(role, account)}", account=account, region="")

    def policy(self, name: str) -> str:
        """A managed policy's name: the boundary or a guard."""
        return f"{self.prefix}-{name}"

    def policy_arn(self, name: str, account: str) -> str:
        """A managed policy's ARN."""
        return self.arn("iam", f"policy/{self.policy(name)}", account=account, region="")

    def bucket(self, bucket: Bucket, account: str) -> str:
        """A bucket's name."""
        existing = self.existing_buckets.get(bucket.value)
        return existing.replace("{account}", account) if existing else f"{self.prefix}-{account}-{bucket.value}"

    def bucket_arn(self, bucket: Bucket, account: str) -> str:
        """A bucket's ARN; its objects are `/*` below it."""
        return f"arn:{self.partition}:s3:::{self.bucket(bucket, account)}"

    def key_alias(self, key: Key) -> str:
        """A key's alias, with AWS's own prefix."""
        return f"alias/{self.prefix}-{key.value}"

    def parameter(self, path: str) -> str:
        """An SSM parameter's name; all are under one path."""
        return f"/{self.prefix}/{path}"

    def log_group(self, what: str) -> str:
        """The name of one of our own log groups."""
        return f"/{self.prefix}/{what}"

    @property
    def event_bus(self) -> str:
        """The event bus of the development account that takes alarm changes."""
        return f"{self.prefix}-alarms"

    @property
    def domain(self) -> str:
        """The Studio domain's name."""
        return f"{self.prefix}-domain"

    @property
    def package_domain(self) -> str:
        """The CodeArtifact domain of the development account."""
        return self.prefix

    @property
    def package_repository(self) -> str:
        """The package repository that people, builds and jobs install from."""
        return f"{self.prefix}-packages"

    @property
    def package_store(self) -> str:
        """The repository upstream of `package_repository`: what comes from the public index, when that is allowed."""
        return f"{self.prefix}-pypi-store"

    @property
    def approvals_topic(self) -> str:
        """The SNS topic that asks for the approval of a deployment."""
        return f"{self.prefix}-approvals"

    @property
    def project_function(self) -> str:
        """The Lambda function behind the custom resources of the project templates."""
        return f"{self.prefix}-project"

    @property
    def hook_function(self) -> str:
        """The Lambda function that checks a template before CloudFormation deploys it."""
        return f"{self.prefix}-hook"

    @property
    def approval_rule_template(self) -> str:
        """The CodeCommit approval rule template of the projects' main branches."""
        return f"{self.prefix}-main"

    @property
    def approved_tag(self) -> str:
        """Key of the object tag that marks an approved artifact."""
        return f"{self.prefix}:approved"

    def limits(self, accounts: list[str]) -> Iterator[Limit]:
        """Every physical name with its service's limit (`sagemaker-facts.md` 2.11; the quotas pages of the other services)."""
        for role in Role:
            if role is not Role.DEPLOYER or self.deploy_role is None:
                yield Limit(what=f"IAM role {role.value}", name=self.role(role).rpartition("/")[2], maximum=64)
        for policy in (BOUNDARY, *GUARDS):
            yield Limit(what=f"IAM policy {policy}", name=self.policy(policy), maximum=128)
        for account in accounts:
            for bucket in Bucket:
                yield Limit(what=f"S3 bucket {bucket.value}", name=self.bucket(bucket, account), maximum=63)
        for key in Key:
            yield Limit(what=f"KMS alias {key.value}", name=self.key_alias(key), maximum=256)
        yield Limit(what="SageMaker domain", name=self.domain, maximum=63)
        yield Limit(what="EventBridge bus", name=self.event_bus, maximum=256)
        yield Limit(what="EventBridge rule", name=self.alarm_rule, maximum=64)
        yield Limit(what="CodeCommit approval rule template", name=self.approval_rule_template, maximum=100)
        yield Limit(what="CodeArtifact domain", name=self.package_domain, maximum=50)
        for repository in (self.package_repository, self.package_store):
            yield Limit(what="CodeArtifact repository", name=repository, maximum=100)
        yield Limit(what="SNS topic", name=self.approvals_topic, maximum=256)
        for function in (self.project_function, self.hook_function):
            yield Limit(what="Lambda function", name=function, maximum=64)

    @property
    def alarm_rule(self) -> str:
        """The rule of an account that forwards alarm changes to development."""
        return f"{self.prefix}-alarms"
