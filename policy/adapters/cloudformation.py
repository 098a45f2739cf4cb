"""CloudFormation templates, translated into the neutral model: types and properties get the classic provider's names.

What only a deployment knows (parameters, attributes, dynamic references) is `UNKNOWN`, and a reference to a resource of the same template joins
the two, as it does in a program. Both branches of a condition count. A type without a counterpart is left out: `cfn-lint` looks at it, no rule.
"""

import re
from collections.abc import Iterator, Mapping
from typing import cast

from policy.model import UNKNOWN, Resource, Stack, items, mapping

TYPES: Mapping[str, str] = {
    "AWS::CodeBuild::Project": "aws:codebuild/project:Project",
    "AWS::CodePipeline::Pipeline": "aws:codepipeline/pipeline:Pipeline",
    "AWS::KMS::Key": "aws:kms/key:Key",
    "AWS::Logs::LogGroup": "aws:cloudwatch/logGroup:LogGroup",
    "AWS::S3::Bucket": "aws:s3/bucket:Bucket",
    "AWS::S3::BucketPolicy": "aws:s3/bucketPolicy:BucketPolicy",
    "AWS::SageMaker::DataQualityJobDefinition": "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    "AWS::SageMaker::EndpointConfig": "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    "AWS::SageMaker::FeatureGroup": "aws:sagemaker/featureGroup:FeatureGroup",
    "AWS::SageMaker::Model": "aws:sagemaker/model:Model",
    "AWS::SageMaker::ModelQualityJobDefinition": "aws:sagemaker/modelQualityJobDefinition:ModelQualityJobDefinition",
    "AWS::SageMaker::MonitoringSchedule": "aws:sagemaker/monitoringSchedule:MonitoringSchedule",
}
"""CloudFormation type -> the classic provider's."""

NAMES: Mapping[str, Mapping[str, str]] = {
    "AWS::KMS::Key": {"KeyPolicy": "policy"},
    "AWS::S3::BucketPolicy": {"PolicyDocument": "policy"},
    "AWS::SageMaker::EndpointConfig": {"KmsKeyId": "kmsKeyArn"},
    "AWS::Logs::LogGroup": {"LogGroupName": "name"},
}
"""Properties whose names differ by more than the first letter."""

_LETTERS: Mapping[str, str] = {
    "EnableSSMAccess": "enableSsmAccess",
    "KMSMasterKeyID": "kmsMasterKeyId",
    "SSEAlgorithm": "sseAlgorithm",
    "ServerSideEncryptionByDefault": "applyServerSideEncryptionByDefault",
}
"""Properties at any depth, likewise."""

_POLICIES = ("policy",)
"""Documents, whose keys keep their letters."""

_PART = "aws:s3/bucket{0}:Bucket{0}"


def stack(template: Mapping[str, object], parameters: Mapping[str, object] | None = None) -> Stack:
    """The resources of a template.

    Args:
        template: The template, intrinsic functions in their long form.
        parameters: Values of parameters that are known.
    """
    known = dict(parameters or {})
    return Stack(
        made
        for name, each in mapping(template.get("Resources")).items()
        for made in _resources(name, mapping(each), known, set(mapping(template.get("Resources"))))
    )


def _resources(
    name: str, each: Mapping[str, object], known: Mapping[str, object], names: set[str]
) -> Iterator[Resource]:
    kind = str(each.get("Type"))
    if kind not in TYPES:
        return
    given = mapping(each.get("Properties"))
    renamed = NAMES.get(kind, {})
    properties: dict[str, object] = {}
    references: dict[str, list[str]] = {}
    for key, value in given.items():
        to = renamed.get(key) or _camel(key)
        document = to in _POLICIES
        properties[to] = _value(value, known, keep=document)
        found = sorted(_referred(value) & names)
        if found:
            references[to] = [_urn(other) for other in found]
    if kind == "AWS::S3::Bucket":
        yield from _bucket_parts(name, given, known, names)
        properties = {key: properties[key] for key in ("bucketName",) if key in properties}
    yield Resource(token=TYPES[kind], name=name, urn=_urn(name), properties=properties, references=references)


def _bucket_parts(
    name: str, given: Mapping[str, object], known: Mapping[str, object], names: set[str]
) -> Iterator[Resource]:
    """What the classic provider keeps apart from a bucket, as resources that refer to it."""
    encryption = mapping(_value(given.get("BucketEncryption"), known))
    rules = encryption.get("serverSideEncryptionConfiguration")
    versioning = _value(given.get("VersioningConfiguration"), known)
    ownership = items(mapping(_value(given.get("OwnershipControls"), known)).get("rules"))
    parts: Mapping[str, tuple[str, Mapping[str, object]]] = {
        "ServerSideEncryptionConfiguration": ("BucketEncryption", {"rules": rules}),
        "Versioning": ("VersioningConfiguration", {"versioningConfiguration": versioning}),
        "PublicAccessBlock": (
            "PublicAccessBlockConfiguration",
            mapping(_value(given.get("PublicAccessBlockConfiguration"), known)),
        ),
        "OwnershipControls": ("OwnershipControls", {"rule": ownership[0] if ownership else {}}),
    }
    for part, (source, properties) in parts.items():
        if source in given:
            references = {"bucket": [_urn(name)]}
            others = sorted(_referred(given[source]) & names)
            if others:
                references["rules"] = [_urn(other) for other in others]
            yield Resource(
                token=_PART.format(part),
                name=f"{name}-{part}",
                urn=_urn(f"{name}-{part}"),
                properties={"bucket": UNKNOWN, **properties},
                references=references,
            )


def _value(value: object, known: Mapping[str, object], *, keep: bool = False) -> object:
    """A value with its functions resolved as far as the template alone can; keys as the classic provider writes them, or kept."""
    if isinstance(value, list):
        return [_value(item, known, keep=keep) for item in cast("list[object]", value)]
    if not isinstance(value, Mapping):
        return UNKNOWN if isinstance(value, str) and "{{resolve:" in value else value
    given = cast("Mapping[str, object]", value)
    function = next((key for key in given if key in ("Ref", "Condition") or key.startswith("Fn::")), None)
    if function is None or len(given) != 1:
        return {(key if keep else _camel(key)): _value(item, known, keep=keep) for key, item in given.items()}
    argument = given[function]
    if function == "Ref":
        return known.get(str(argument), UNKNOWN)
    if function == "Fn::If":
        branches = [_value(branch, known, keep=keep) for branch in items(argument)[1:]]
        # A branch that is left out says nothing; two that differ are both possible, so neither is sure.
        real = [branch for branch in branches if branch != UNKNOWN]
        return real[0] if len(real) == 1 or (real and real[0] == real[-1]) else UNKNOWN
    if function == "Fn::Sub" and isinstance(argument, str):
        return _substituted(argument, known)
    return UNKNOWN


def _substituted(text: str, known: Mapping[str, object]) -> object:
    """A text whose variables are all known; else unknown."""
    names = re.findall(r"\$\{([^}!]+)\}", text)
    if not all(name in known for name in names):
        return UNKNOWN
    return re.sub(r"\$\{([^}!]+)\}", lambda found: str(known[found[1]]), text)


def _referred(value: object) -> set[str]:
    """Logical ids that a value refers to."""
    found: set[str] = set()
    if isinstance(value, list):
        return found.union(*map(_referred, cast("list[object]", value)))
    for key, argument in mapping(value).items():
        if key == "Ref":
            found.add(str(argument))
        elif key == "Fn::GetAtt":
            found.add(str(items(argument)[0]).partition(".")[0])
        elif key == "Fn::Sub" and isinstance(argument, str):
            found |= {name.partition(".")[0] for name in re.findall(r"\$\{([^}!]+)\}", argument)}
        else:
            found |= _referred(argument)
    return found


def _camel(key: str) -> str:
    return _LETTERS.get(key) or f"{key[:1].lower()}{key[1:]}"


def _urn(name: str) -> str:
    return f"template::{name}"
