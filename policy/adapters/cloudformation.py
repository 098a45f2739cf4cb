"""CloudFormation templates, translated into the neutral model: types and properties get the classic provider's names.

What only a deployment knows (parameters, attributes, dynamic references) is `UNKNOWN`, and a reference to a resource of the same template joins
the two, as it does in a program. A type without a counterpart keeps its name, and only rules for everything look at it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

from policy.adapters.intrinsics import ABSENT, Scope, scopes
from policy.model import UNKNOWN, Provider, Resource, Stack, items, mapping

TYPES: Mapping[str, str] = {
    "AWS::CloudFormation::Stack": "aws:cloudformation/stack:Stack",
    "AWS::CodeBuild::Project": "aws:codebuild/project:Project",
    "AWS::CodePipeline::Pipeline": "aws:codepipeline/pipeline:Pipeline",
    "AWS::IAM::GroupPolicy": "aws:iam/groupPolicy:GroupPolicy",
    "AWS::IAM::ManagedPolicy": "aws:iam/policy:Policy",
    "AWS::IAM::Policy": "aws:iam/rolePolicy:RolePolicy",
    "AWS::IAM::Role": "aws:iam/role:Role",
    "AWS::IAM::RolePolicy": "aws:iam/rolePolicy:RolePolicy",
    "AWS::IAM::UserPolicy": "aws:iam/userPolicy:UserPolicy",
    "AWS::KMS::Alias": "aws:kms/alias:Alias",
    "AWS::KMS::Key": "aws:kms/key:Key",
    "AWS::KMS::ReplicaKey": "aws:kms/replicaKey:ReplicaKey",
    "AWS::Lambda::Function": "aws:lambda/function:Function",
    "AWS::Logs::LogGroup": "aws:cloudwatch/logGroup:LogGroup",
    "AWS::S3::Bucket": "aws:s3/bucket:Bucket",
    "AWS::S3::BucketPolicy": "aws:s3/bucketPolicy:BucketPolicy",
    "AWS::SSM::Parameter": "aws:ssm/parameter:Parameter",
    "AWS::SageMaker::DataQualityJobDefinition": "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    "AWS::SageMaker::Domain": "aws:sagemaker/domain:Domain",
    "AWS::SageMaker::Endpoint": "aws:sagemaker/endpoint:Endpoint",
    "AWS::SageMaker::EndpointConfig": "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "AWS::SageMaker::FeatureGroup": "aws:sagemaker/featureGroup:FeatureGroup",
    "AWS::SageMaker::Model": "aws:sagemaker/model:Model",
    "AWS::SageMaker::ModelBiasJobDefinition": "aws:sagemaker/modelBiasJobDefinition:ModelBiasJobDefinition",
    "AWS::SageMaker::ModelExplainabilityJobDefinition": "aws:sagemaker/modelExplainabilityJobDefinition:ModelExplainabilityJobDefinition",
    "AWS::SageMaker::ModelPackageGroup": "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
    "AWS::SageMaker::ModelQualityJobDefinition": "aws:sagemaker/modelQualityJobDefinition:ModelQualityJobDefinition",
    "AWS::SageMaker::MonitoringSchedule": "aws:sagemaker/monitoringSchedule:MonitoringSchedule",
    "AWS::SageMaker::UserProfile": "aws:sagemaker/userProfile:UserProfile",
    "AWS::ServiceCatalog::CloudFormationProduct": "aws:servicecatalog/product:Product",
    "AWS::ServiceCatalog::LaunchRoleConstraint": "aws:servicecatalog/constraint:Constraint",
    "AWS::ServiceCatalog::PortfolioProductAssociation": "aws:servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation",
    "AWS::ServiceCatalog::PortfolioShare": "aws:servicecatalog/portfolioShare:PortfolioShare",
}
"""CloudFormation type -> the classic provider's."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "AWS::IAM::GroupPolicy": {"PolicyDocument": "policy"},
    "AWS::IAM::ManagedPolicy": {"PolicyDocument": "policy"},
    "AWS::IAM::Policy": {"PolicyDocument": "policy"},
    "AWS::IAM::Role": {"AssumeRolePolicyDocument": "assumeRolePolicy", "RoleName": "name"},
    "AWS::IAM::RolePolicy": {"PolicyDocument": "policy", "RoleName": "role"},
    "AWS::IAM::UserPolicy": {"PolicyDocument": "policy"},
    "AWS::KMS::Key": {"KeyPolicy": "policy", "KeySpec": "customerMasterKeySpec"},
    "AWS::KMS::ReplicaKey": {"KeyPolicy": "policy"},
    "AWS::Lambda::Function": {"FunctionName": "name"},
    "AWS::Logs::LogGroup": {"LogGroupName": "name"},
    "AWS::S3::Bucket": {"BucketName": "bucket"},
    "AWS::S3::BucketPolicy": {"PolicyDocument": "policy"},
    "AWS::SageMaker::Endpoint": {"EndpointName": "name"},
    "AWS::SageMaker::EndpointConfig": {"EndpointConfigName": "name", "KmsKeyId": "kmsKeyArn"},
    "AWS::SageMaker::Model": {"ModelName": "name"},
    "AWS::ServiceCatalog::PortfolioShare": {"AccountId": "principalId"},
}
"""Properties whose names differ by more than the first letter."""

_LETTERS: Mapping[str, str] = {
    "CloudWatchLogs": "cloudwatchLogs",
    "EnableSSMAccess": "enableSsmAccess",
    "KMSMasterKeyID": "kmsMasterKeyId",
    "SSEAlgorithm": "sseAlgorithm",
    "ServerSideEncryptionByDefault": "applyServerSideEncryptionByDefault",
    "TemplateURL": "templateUrl",
}
"""Properties at any depth, likewise."""

_NUMBERS = ("RetentionInDays",)
"""Properties that are numbers, which CloudFormation takes as text too."""

DOCUMENTS = ("AssumeRolePolicyDocument", "KeyPolicy", "ModelPackageGroupPolicy", "PolicyDocument")
"""Properties that hold a policy, whose keys keep their letters."""

_OWN_NAMES: Mapping[str, tuple[str, str]] = {"AWS::S3::Bucket": ("BucketName", "arn:{partition}:s3:::{name}")}
"""Type -> the property that is its `Ref`, and its ARN: what a template's other resources say of it."""


def stacks(template: Mapping[str, object], known: Mapping[str, object], account: str = "") -> Iterator[Stack]:
    """The resources of a template, once for each way in which its conditions may come out.

    Args:
        template: The template, functions in their long form.
        known: Values of parameters and pseudo parameters that are known.
        account: The account that it is for; by default any of the environment.
    """
    declared = {name: mapping(each) for name, each in mapping(template.get("Resources")).items()}
    for scope in scopes(template, known):
        kept = {name: each for name, each in declared.items() if _is_made(each, scope)}
        named = replace(scope, known={**scope.known, **dict(_own_names(kept, scope))})
        yield Stack(
            made
            for name, each in kept.items()
            for made in _resources(name, each, named, frozenset(kept), _provider(account))
        )


def _is_made(each: Mapping[str, object], scope: Scope) -> bool:
    return "Condition" not in each or scope.holds(str(each["Condition"])) is not False


def _own_names(declared: Mapping[str, Mapping[str, object]], scope: Scope) -> Iterator[tuple[str, object]]:
    for logical, each in declared.items():
        if str(each.get("Type")) not in _OWN_NAMES:
            continue
        key, arn = _OWN_NAMES[str(each["Type"])]
        name = scope.value(mapping(each.get("Properties")).get(key))
        partition = scope.named("AWS::Partition")
        if isinstance(name, str):
            yield logical, name
            if isinstance(partition, str):
                yield f"{logical}.Arn", arn.format(partition=partition, name=name)


def _provider(account: str) -> Provider | None:
    return Provider(name="template", properties={"allowedAccountIds": [account]}) if account else None


def _resources(
    name: str, each: Mapping[str, object], scope: Scope, names: frozenset[str], provider: Provider | None
) -> Iterator[Resource]:
    kind = str(each.get("Type"))
    renamed = NAMES.get(kind, {})
    properties: dict[str, object] = {}
    references: dict[str, list[str]] = {}
    for key, value in mapping(each.get("Properties")).items():
        to, resolved = renamed.get(key) or _camel(key), scope.value(value)
        if resolved is ABSENT:
            continue
        properties[to] = resolved if key in DOCUMENTS else _translated(resolved, key)
        found = sorted(_referred(value, scope) & names)
        if found:
            references[to] = [_urn(other) for other in found]
    made = Resource(
        token=TYPES.get(kind, kind),
        name=name,
        urn=_urn(name),
        properties=properties,
        provider=provider,
        references=references,
        identity=frozenset(text for text in (properties.get("bucket"),) if isinstance(text, str)),
    )
    yield from _SHAPES.get(kind, _as_it_is)(made)


# Types whose shape differs ------------------------------------------------------------------------------------------------------------


def _as_it_is(made: Resource) -> Iterator[Resource]:
    yield made


def _with(made: Resource, taken: Sequence[str], **added: object) -> Resource:
    """A resource with some properties replaced by others."""
    kept = {key: value for key, value in made.properties.items() if key not in taken}
    return replace(made, properties={**kept, **added})


def _inner(value: object, *path: str) -> object:
    """What is inside a value; what is inside something that is not known is not known either."""
    for part in path:
        if value is UNKNOWN:
            return UNKNOWN
        value = mapping(value).get(part)
    return value


def _part(made: Resource, token: str, source: str, **properties: object) -> Resource:
    """A part that the classic provider keeps apart, as a resource that refers to the whole."""
    references = {to: made.references[source] for to in properties if source in made.references}
    return replace(
        made,
        token=token,
        name=f"{made.name}-{source}",
        urn=f"{made.urn}-{source}",
        properties={"bucket": made.properties.get("bucket", UNKNOWN), **properties},
        references={**references, "bucket": [made.urn]},
        identity=frozenset(),
    )


def _bucket(made: Resource) -> Iterator[Resource]:
    given = made.properties
    parts: Mapping[str, tuple[str, Callable[[object], Mapping[str, object]]]] = {
        "bucketEncryption": (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            lambda value: {"rules": _inner(value, "serverSideEncryptionConfiguration")},
        ),
        "versioningConfiguration": (
            "aws:s3/bucketVersioning:BucketVersioning",
            lambda value: {"versioningConfiguration": value},
        ),
        "publicAccessBlockConfiguration": (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            lambda value: {name: _inner(value, name) for name in _BLOCKS},
        ),
        "ownershipControls": (
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            lambda value: {"rule": UNKNOWN if value is UNKNOWN else (items(_inner(value, "rules")) or [{}])[0]},
        ),
    }
    yield _with(made, tuple(parts))
    for source, (token, read) in parts.items():
        if source in given:
            yield _part(made, token, source, **read(given[source]))
    if given.get("accessControl") not in (None, "Private"):
        yield _part(made, "aws:s3/bucketAcl:BucketAcl", "accessControl", acl=given["accessControl"])


_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _role(made: Resource) -> Iterator[Resource]:
    inline = [
        UNKNOWN
        if policy is UNKNOWN
        else {"name": _inner(policy, "policyName"), "policy": _inner(policy, "policyDocument")}
        for policy in items(made.properties.get("policies"))
    ]
    yield _with(made, ("policies",), inlinePolicies=inline)


_GROUP_POLICY = "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"


def _group(made: Resource) -> Iterator[Resource]:
    yield _with(made, ("modelPackageGroupPolicy",))
    if "modelPackageGroupPolicy" in made.properties:
        policy = made.properties["modelPackageGroupPolicy"]
        yield _part(made, _GROUP_POLICY, "modelPackageGroupPolicy", resourcePolicy=policy)


def _pipeline(made: Resource) -> Iterator[Resource]:
    """An action's type is a part of the action, and one store a list of it."""
    stages = [_stage(stage) for stage in items(made.properties.get("stages"))]
    stores = [*items(made.properties.get("artifactStore")), *items(made.properties.get("artifactStores"))]
    inner = [_inner(store, "artifactStore") or store for store in stores]
    yield _with(made, ("artifactStore",), stages=stages, artifactStores=inner)


def _stage(stage: object) -> object:
    if stage is UNKNOWN:
        return UNKNOWN
    return {**mapping(stage), "actions": [_action(action) for action in items(_inner(stage, "actions"))]}


def _action(action: object) -> object:
    kind = _inner(action, "actionTypeId")
    if UNKNOWN in (action, kind):
        return UNKNOWN
    return {**mapping(action), **mapping(kind)}


def _launch(made: Resource) -> Iterator[Resource]:
    roles = {
        key: made.properties[low]
        for key, low in (("RoleArn", "roleArn"), ("LocalRoleName", "localRoleName"))
        if low in made.properties
    }
    parameters = UNKNOWN if UNKNOWN in roles.values() else json.dumps(roles)
    yield _with(made, ("roleArn", "localRoleName"), type="LAUNCH", parameters=parameters)


def _product(made: Resource) -> Iterator[Resource]:
    """One product a version: each has its own template."""
    versions = items(made.properties.get("provisioningArtifactParameters")) or [{}]
    for index, version in enumerate(versions):
        info = _inner(version, "info")
        address = {"templateUrl": _inner(info, "loadTemplateFromURL")}
        named = made if not index else replace(made, name=f"{made.name}-{index}", urn=f"{made.urn}-{index}")
        yield _with(named, (), provisioningArtifactParameters=UNKNOWN if info is UNKNOWN else address)


def _share(made: Resource) -> Iterator[Resource]:
    yield _with(made, (), type="ACCOUNT")


_SHAPES: Mapping[str, Callable[[Resource], Iterator[Resource]]] = {
    "AWS::CodePipeline::Pipeline": _pipeline,
    "AWS::IAM::Role": _role,
    "AWS::S3::Bucket": _bucket,
    "AWS::SageMaker::ModelPackageGroup": _group,
    "AWS::ServiceCatalog::CloudFormationProduct": _product,
    "AWS::ServiceCatalog::LaunchRoleConstraint": _launch,
    "AWS::ServiceCatalog::PortfolioShare": _share,
}


# Names and references -----------------------------------------------------------------------------------------------------------------


def _translated(value: object, key: str = "") -> object:
    """A value as the classic provider writes it: keys, and what CloudFormation takes as text for a flag or a number."""
    match value:
        case list():
            return [_translated(item, key) for item in cast("list[object]", value)]
        case Mapping():
            return {
                _camel(name): item if name in DOCUMENTS else _translated(item, name)
                for name, item in mapping(cast("object", value)).items()
            }
        case str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case str() if key in _NUMBERS and value.isdigit():
            return int(value)
        case _:
            return value


def _referred(value: object, scope: Scope) -> set[str]:
    """Logical ids that a value refers to, the way the conditions come out."""
    if isinstance(value, list):
        return {name for item in cast("list[object]", value) for name in _referred(item, scope)}
    found: set[str] = set()
    for key, argument in mapping(value).items():
        parts = items(argument)
        match key:
            case "Ref" | "Fn::GetAtt":
                found.add(str(next(iter(parts), "")).partition(".")[0])
                continue
            case "Fn::If" if len(parts) == 3 and (holds := scope.holds(parts[0])) is not None:  # noqa: PLR2004 - Fn::If has three parts
                found |= _referred(parts[1 if holds else 2], scope)
                continue
            case "Fn::Sub":
                found |= {name.partition(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", str(next(iter(parts), "")))}
            case _:
                pass
        found |= _referred(argument, scope)
    return found


def _camel(key: str) -> str:
    return _LETTERS.get(key) or f"{key[:1].lower()}{key[1:]}"


def _urn(name: str) -> str:
    return f"template::{name}"
