"""Rules for what serves and watches models, and for feature groups: in our network, isolated, under our keys, from known registries.

Property names are those of the classic provider; `policy.adapters.cloudformation` brings a template's to them.
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from policy import nist
from policy.context import Context
from policy.grants import granted_accounts, names_anybody
from policy.instances import has_local_storage
from policy.model import UNKNOWN, Resource, Stack, UndecidedError, items, mapping
from policy.registries import AWS_REGISTRIES
from policy.rule import Finding, Outcome, ResourceRule, Rule, Severity, StackRule, Undecided
from policy.rules.kms import is_key_of_aws
from policy.statements import Statement, each_statement

MODEL = "aws:sagemaker/model:Model"
ENDPOINT_CONFIG = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
DATA_QUALITY = "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition"
MODEL_QUALITY = "aws:sagemaker/modelQualityJobDefinition:ModelQualityJobDefinition"
"""Of CloudFormation only, as those of bias and explainability: the classic provider has no such type."""

SCHEDULE = "aws:sagemaker/monitoringSchedule:MonitoringSchedule"
FEATURE_GROUP = "aws:sagemaker/featureGroup:FeatureGroup"

BIAS = "aws:sagemaker/modelBiasJobDefinition:ModelBiasJobDefinition"
EXPLAINABILITY = "aws:sagemaker/modelExplainabilityJobDefinition:ModelExplainabilityJobDefinition"
GROUP_POLICY = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"

_DEFINITIONS: Mapping[str, str] = {
    DATA_QUALITY: "dataQualityJobOutputConfig",
    MODEL_QUALITY: "modelQualityJobOutputConfig",
    BIAS: "modelBiasJobOutputConfig",
    EXPLAINABILITY: "modelExplainabilityJobOutputConfig",
}
"""Type of a monitoring job's definition -> its output."""

_INLINE = "monitoringScheduleConfig.monitoringJobDefinition"


def required(resource: Resource, *paths: str) -> Iterator[Finding]:
    """Properties that have to be there."""
    for path in paths:
        if not resource.is_set(path):
            yield Finding(message=f"{path} is not set", resource=resource)


def switched_on(resource: Resource, *paths: str) -> Iterator[Outcome]:
    """Flags that have to be true."""
    for path in paths:
        try:
            if resource.get(path) is not True:
                yield Finding(message=f"{path} is not true", resource=resource)
        except UndecidedError as unknown:
            yield Undecided(path=unknown.path, resource=resource)


def own_key(resource: Resource, *paths: str) -> Iterator[Outcome]:
    """Keys that have to be named, and not to be AWS's own."""
    for path in paths:
        try:
            key = resource.get(path)
        except UndecidedError as unknown:
            yield Undecided(path=unknown.path, resource=resource)
            continue
        if not key:
            yield Finding(message=f"{path} names no key", resource=resource)
        elif is_key_of_aws(key):
            yield Finding(message=f"{path} is a key of AWS's", resource=resource)


def _model_network(model: Resource, _: Context) -> Iterator[Outcome]:
    yield from required(model, "vpcConfig.subnets", "vpcConfig.securityGroupIds")


def _model_isolation(model: Resource, _: Context) -> Iterator[Outcome]:
    yield from switched_on(model, "enableNetworkIsolation")


def _model_source(model: Resource, context: Context) -> Iterator[Outcome]:
    containers = [*items(model.get("containers")), *items(model.get("primaryContainer"))]
    for container in containers:
        if container is UNKNOWN:
            yield Undecided(path="containers", resource=model)
            continue
        yield from _image(model, mapping(container).get("image"), context)
        for path, address in _archives(mapping(container)):
            yield from in_own_bucket(model, path, address, "its archive is in no bucket of this environment", context)


def _image(model: Resource, image: object, context: Context) -> Iterator[Outcome]:
    if image is UNKNOWN:
        yield Undecided(path="image", resource=model)
        return
    # The whole host: a model that fetches its image within the VPC may name a registry of any domain.
    registry = re.match(r"(\d{12})\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.(?:com|com\.cn|eu)/", str(image or ""))
    if registry is None or registry[1] not in AWS_REGISTRIES | context.accounts:
        yield Finding(message=f"its image is of no registry that is allowed: {image}", resource=model)


def _archives(container: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Every place that a container's data comes from: one archive, or data that is no archive, the first and what is added to it."""
    if "modelDataUrl" in container:
        yield "modelDataUrl", container["modelDataUrl"]
    sources = [*items(container.get("modelDataSource")), *items(container.get("additionalModelDataSources"))]
    for source in sources:
        stores = UNKNOWN if source is UNKNOWN else _either(mapping(source), "s3DataSource", "s3DataSources")
        for store in items(stores):
            yield "modelDataSource", UNKNOWN if store is UNKNOWN else mapping(store).get("s3Uri")


def _either(given: Mapping[str, object], *names: str) -> object:
    """CloudFormation has one where the classic provider has a list."""
    return next((given[name] for name in names if name in given), None)


def in_own_bucket(resource: Resource, path: str, address: object, message: str, context: Context) -> Iterator[Outcome]:
    """An address that has to be in a bucket of the environment."""
    if address is UNKNOWN:
        yield Undecided(path=path, resource=resource)
    elif address and not context.owns_bucket(str(address).removeprefix("s3://").partition("/")[0]):
        yield Finding(message=message, resource=resource)


def _variants(config: Resource) -> list[object]:
    """What serves, and what gets a copy of its requests."""
    properties = config.properties
    return [*items(properties.get("productionVariants")), *items(properties.get("shadowProductionVariants"))]


def _needs_no_key(variant: object) -> bool:
    """Whether a variant has no volume of its own, or one on local storage, for which SageMaker refuses a key."""
    given = mapping(variant)
    return bool(given.get("serverlessConfig")) or has_local_storage(str(given.get("instanceType")))


def _endpoint_key(config: Resource, _: Context) -> Iterator[Outcome]:
    variants = _variants(config)
    if not variants or not all(map(_needs_no_key, variants)):
        yield from own_key(config, "kmsKeyArn")


def _capture(config: Resource, context: Context) -> Iterator[Outcome]:
    for settings, addresses, message in (
        ("dataCaptureConfig", ("destinationS3Uri",), "what is captured goes to no bucket of this environment"),
        (
            "asyncInferenceConfig.outputConfig",
            ("s3OutputPath", "s3FailurePath"),
            "later answers go to no bucket of this environment",
        ),
    ):
        if config.is_set(settings):
            yield from own_key(config, f"{settings}.kmsKeyId")
            for address in (f"{settings}.{each}" for each in addresses):
                yield from in_own_bucket(config, address, _at(config, address), message, context)


def _at(resource: Resource, path: str) -> object:
    """The value at a path, `UNKNOWN` where it, or what holds it, is not known."""
    try:
        return resource.get(path)
    except UndecidedError:
        return UNKNOWN


def _no_shell(config: Resource, context: Context) -> Iterator[Outcome]:
    for variant in _variants(config):
        shell, core = (mapping(variant).get(name) for name in ("enableSsmAccess", "coreDumpConfig"))
        if UNKNOWN in (variant, shell, core):
            yield Undecided(path="productionVariants", resource=config)
        if shell not in (None, False, UNKNOWN):
            yield Finding(message="a variant opens a shell into its containers", resource=config)
        if isinstance(core, Mapping):
            yield from _core_dumps(config, mapping(cast("object", core)), context)


def _core_dumps(config: Resource, core: Mapping[str, object], context: Context) -> Iterator[Outcome]:
    """A core dump holds what the model held in memory."""
    if not core.get("kmsKeyId"):
        yield Finding(message="a variant's core dumps are under no key", resource=config)
    yield from in_own_bucket(
        config,
        "productionVariants",
        core.get("destinationS3Uri"),
        "a variant's core dumps go to no bucket of this environment",
        context,
    )


def _definition_network(definition: Resource, _: Context) -> Iterator[Outcome]:
    yield from switched_on(
        definition,
        "networkConfig.enableNetworkIsolation",
        "networkConfig.enableInterContainerTrafficEncryption",
    )
    yield from required(definition, "networkConfig.vpcConfig.subnets", "networkConfig.vpcConfig.securityGroupIds")


def _definition_keys(definition: Resource, _: Context) -> Iterator[Outcome]:
    output = _DEFINITIONS[definition.token]
    yield from own_key(definition, "jobResources.clusterConfig.volumeKmsKeyId", f"{output}.kmsKeyId")


def _schedules(stack: Stack, _: Context) -> Iterator[Outcome]:
    for schedule in stack.of(SCHEDULE):
        yield from _schedule(stack, schedule)


def _schedule(stack: Stack, schedule: Resource) -> Iterator[Outcome]:
    """A schedule names a definition, which has rules of its own, or brings a job, which must be as isolated."""
    named = _at(schedule, "monitoringScheduleConfig.monitoringJobDefinitionName")
    if named:
        defined = (
            stack.referred(schedule, "monitoringScheduleConfig", *_DEFINITIONS)
            if named is UNKNOWN
            else [
                other
                for other in stack.of(*_DEFINITIONS)
                if named in (other.properties.get("name"), other.properties.get("jobDefinitionName"))
            ]
        )
        if not defined and named is UNKNOWN:
            yield Undecided(path="monitoringScheduleConfig.monitoringJobDefinitionName", resource=schedule)
        elif not defined:
            yield Finding(message=f"its job definition is not of this stack: {named}", resource=schedule)
        return
    if not schedule.is_set(_INLINE):
        yield Finding(message="it names no job definition", resource=schedule)
        return
    yield from switched_on(
        schedule,
        f"{_INLINE}.networkConfig.enableNetworkIsolation",
        f"{_INLINE}.networkConfig.enableInterContainerTrafficEncryption",
    )
    yield from required(schedule, f"{_INLINE}.networkConfig.vpcConfig.subnets")
    yield from own_key(
        schedule,
        f"{_INLINE}.monitoringOutputConfig.kmsKeyId",
        f"{_INLINE}.monitoringResources.clusterConfig.volumeKmsKeyId",
    )


_READS = frozenset(
    f"sagemaker:{action}".lower()
    for action in (
        "BatchDescribeModelPackage",
        "CreateModel",  # a model of a version, in the reader's own account
        "DescribeModelPackage",
        "DescribeModelPackageGroup",
        "GetModelPackageGroupPolicy",
        "ListModelPackages",
        "ListTags",
    )
)
"""What another account needs to deploy a version; no pattern: what AWS adds tomorrow is not read-only by its name."""


def _group_policy(policy: Resource) -> Iterator[tuple[str, object]]:
    yield "resourcePolicy", policy.properties.get("resourcePolicy")


def _readers(statement: Statement, context: Context) -> Iterator[str]:
    """Whom a group's policy lets in, and to do what."""
    if not statement.allows:
        return
    statement.demand("Principal")
    foreign = granted_accounts(statement) - context.accounts
    if statement.principals("Service") or statement.principals("Federated") or names_anybody(statement) or foreign:
        yield "lets in others than accounts of the environment"
    if statement.has("NotAction"):
        yield "allows everything but some actions"
    statement.demand("Action")
    more = sorted(action for action in statement.known("Action") if action.lower() not in _READS)
    if more:
        yield f"allows more than to read versions: {', '.join(more)}"


def _feature_keys(group: Resource, _: Context) -> Iterator[Outcome]:
    if group.is_set("offlineStoreConfig"):
        yield from own_key(group, "offlineStoreConfig.s3StorageConfig.kmsKeyId")
    if group.is_set("onlineStoreConfig"):
        yield from own_key(group, "onlineStoreConfig.securityConfig.kmsKeyId")


RULES: tuple[Rule, ...] = (
    ResourceRule(
        id="SM-16",
        name="model-vpc",
        title="A model serves from subnets and security groups that are named.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.NETWORK},
        remediation="Give the model's vpc_config private subnets and the workload's security group.",
        types=(MODEL,),
        check=_model_network,
    ),
    ResourceRule(
        id="SM-17",
        name="model-isolation",
        title="A model's containers reach no network.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("SageMaker.5",), "NIST 800-53r5": nist.NETWORK},
        remediation="Set enable_network_isolation of the model.",
        types=(MODEL,),
        check=_model_isolation,
    ),
    ResourceRule(
        id="SM-18",
        name="model-source",
        title="A model's image is of AWS's or the environment's registries, its archive of the environment's buckets.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.NETWORK},
        remediation="Use an image that AWS publishes for SageMaker or one of an account of the environment, and an archive of its models bucket.",
        types=(MODEL,),
        check=_model_source,
    ),
    ResourceRule(
        id="SM-19",
        name="endpoint-key",
        title="An endpoint's volumes are under a key of ours.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ENCRYPTION},
        remediation="Set kms_key_arn of the endpoint configuration.",
        types=(ENDPOINT_CONFIG,),
        check=_endpoint_key,
    ),
    ResourceRule(
        id="SM-21",
        name="capture-key",
        title="What an endpoint captures or answers later is under a key of ours, in a bucket of ours.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ENCRYPTION},
        remediation="Set kms_key_id and a bucket of the environment in data_capture_config and async_inference_config.",
        types=(ENDPOINT_CONFIG,),
        check=_capture,
    ),
    ResourceRule(
        id="SM-22",
        name="endpoint-no-shell",
        title="No shell leads into an endpoint, and its core dumps are under a key, in a bucket of ours.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Leave enable_ssm_access out; give core_dump_config a kms_key_id and a bucket of the environment.",
        types=(ENDPOINT_CONFIG,),
        check=_no_shell,
    ),
    ResourceRule(
        id="SM-23",
        name="monitoring-network",
        title="Monitoring jobs run isolated, in subnets that are named, with encrypted traffic.",
        severity=Severity.HIGH,
        frameworks={
            "Security Hub": ("SageMaker.9", "SageMaker.11", "SageMaker.13", "SageMaker.25"),
            "NIST 800-53r5": nist.NETWORK,
        },
        remediation="Set isolation, traffic encryption and vpc_config in the job definition's network_config.",
        types=tuple(_DEFINITIONS),
        check=_definition_network,
    ),
    ResourceRule(
        id="SM-24",
        name="monitoring-keys",
        title="Monitoring jobs' volumes and reports are under keys of ours.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ENCRYPTION},
        remediation="Set volume_kms_key_id of the cluster and kms_key_id of the output.",
        types=tuple(_DEFINITIONS),
        check=_definition_keys,
    ),
    StackRule(
        id="SM-25",
        name="schedule-network",
        title="A monitoring schedule names a job definition, or its own job is as isolated and under keys of ours.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("SageMaker.14", "SageMaker.22"), "NIST 800-53r5": nist.NETWORK},
        remediation="Name a job definition of this stack in monitoring_job_definition_name.",
        check=_schedules,
    ),
    ResourceRule(
        id="SM-26",
        name="feature-group-keys",
        title="Both stores of a feature group are under keys of ours.",
        severity=Severity.HIGH,
        frameworks={"Security Hub": ("SageMaker.17", "SageMaker.18"), "NIST 800-53r5": nist.ENCRYPTION},
        remediation="Set kms_key_id of the offline store's S3 storage and of the online store's security configuration.",
        types=(FEATURE_GROUP,),
        check=_feature_keys,
    ),
    ResourceRule(
        id="SM-29",
        name="model-package-group-policy",
        title="A model package group's policy lets accounts of the environment read versions, and nobody do more.",
        severity=Severity.HIGH,
        frameworks={"NIST 800-53r5": nist.ACCESS},
        remediation="Name accounts of the environment as principals, and actions that read versions.",
        types=(GROUP_POLICY,),
        check=each_statement(_group_policy, _readers, malformed=True),
    ),
)
