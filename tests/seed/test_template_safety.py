"""Both products' templates are tagged, and as safe as the platform's own buckets, keys and networks; whatever is taken away is missed."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from components.documents import buckets, registry
from policy.template import check
from tests.bootstrap.handlers import schema
from tests.components.stacks import configuration, environment
from tests.seed import test_deploy
from tests.seed.products import (
    ID,
    NAME,
    PREFIX,
    PRODUCTS,
    PROJECT,
    Json,
    body,
    complete,
    connected,
    value,
)

# Tags ---------------------------------------------------------------------------------------------------------------------------------

TAGS = {"sagemaker:project-id": ID, "sagemaker:project-name": NAME, "mlops:environment": PREFIX}

UNTAGGABLE = {
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::S3::BucketPolicy",
    "Custom::ApprovalRule",
    "Custom::ModelPackageGroup",
    "Custom::SeedBranch",
}
"""What no tag can be put on, of the products and of the endpoints in the targets."""


def taggable(kind: str) -> bool:
    """Whether a type takes tags, by its schema; the oldest schemas do not say so themselves."""
    if kind.startswith("Custom::"):
        return False
    return schema(kind).get("tagging", {}).get("taggable", "Tags" in schema(kind)["properties"])


def variants() -> Iterator[Json]:
    """Resources of the products, from either source."""
    for product in PRODUCTS:
        yield complete(product).resources
        yield connected(product).resources


def untagged(resources: Json, wanted: Mapping[str, str]) -> list[str]:
    """Logical ids of what could carry the tags and does not."""
    return [
        name
        for name, each in resources.items()
        if taggable(each["Type"])
        and {tag["Key"]: tag["Value"] for tag in each["Properties"].get("Tags", [])} != dict(wanted)
    ]


def test_what_cannot_be_tagged() -> None:
    kinds = {each["Type"] for resources in variants() for each in resources.values()}
    kinds |= test_deploy.resource_types()
    assert len(kinds) > 20
    assert {kind for kind in kinds if not taggable(kind)} == UNTAGGABLE


def test_everything_else_carries_the_projects_tags() -> None:
    assert [untagged(resources, TAGS) for resources in variants()] == [[], [], [], []]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_that_is_taken_away_is_missed(product: str, tag: str) -> None:
    resources = complete(product).resources
    tagged = [name for name, each in resources.items() if taggable(each["Type"])]
    assert len(tagged) > 7
    for name in tagged:
        changed = copy.deepcopy(resources)
        tags = changed[name]["Properties"]["Tags"]
        tags[:] = [each for each in tags if each["Key"] != tag]
        assert untagged(changed, TAGS) == [name]


@pytest.mark.parametrize("stage", test_deploy.STAGES)
def test_endpoints_in_the_targets_carry_them_too(stage: str) -> None:
    resources = test_deploy.template(stage)["Resources"]
    wanted = {*TAGS}
    missing = [
        name
        for name, each in resources.items()
        if taggable(each["Type"]) and not wanted <= {tag["Key"] for tag in each["Properties"].get("Tags", [])}
    ]
    assert missing == []


# Safety -------------------------------------------------------------------------------------------------------------------------------


def safe() -> Mapping[str, Mapping[str, object]]:
    """Type -> what each of its resources has to say, by path."""
    encryption = "BucketEncryption.ServerSideEncryptionConfiguration.0"
    by_default = f"{encryption}.ServerSideEncryptionByDefault"
    bucket = f"sm-mlops-cp-{PROJECT}"
    return {
        "AWS::CodeBuild::Project": {
            "EncryptionKey": value("keys/data"),
            "Environment.Image": "aws/codebuild/standard:8.0",
            "Environment.PrivilegedMode": False,
            "VpcConfig.VpcId": value("network/vpc"),
            "VpcConfig.Subnets": value("network/subnets").split(","),
            "VpcConfig.SecurityGroupIds": [value("network/security-groups/workload")],
            "LogsConfig.CloudWatchLogs.Status": "ENABLED",
        },
        "AWS::CodePipeline::Pipeline": {
            "PipelineType": "V2",
            "ArtifactStore.Location": bucket,
            "ArtifactStore.EncryptionKey": {"Type": "KMS", "Id": value("keys/data")},
            "RestartExecutionOnUpdate": False,
        },
        "AWS::Logs::LogGroup": {"KmsKeyId": value("keys/logs"), "RetentionInDays": 365},
        "AWS::S3::Bucket": {
            f"{encryption}.BucketKeyEnabled": True,
            f"{by_default}.SSEAlgorithm": "aws:kms",
            f"{by_default}.KMSMasterKeyID": value("keys/data"),
            "LoggingConfiguration.DestinationBucketName": value("buckets/logs"),
            "OwnershipControls.Rules.0.ObjectOwnership": "BucketOwnerEnforced",
            "PublicAccessBlockConfiguration.BlockPublicAcls": True,
            "PublicAccessBlockConfiguration.BlockPublicPolicy": True,
            "PublicAccessBlockConfiguration.IgnorePublicAcls": True,
            "PublicAccessBlockConfiguration.RestrictPublicBuckets": True,
            "VersioningConfiguration.Status": "Enabled",
        },
        "AWS::S3::BucketPolicy": {
            "Bucket": bucket,
            "PolicyDocument": buckets.project(environment(), bucket, [value("endpoints/s3")], value("keys/data")),
        },
        "AWS::SageMaker::FeatureGroup": {
            "OnlineStoreConfig.SecurityConfig.KmsKeyId": value("keys/storage"),
            "OfflineStoreConfig.DisableGlueTableCreation": True,
            "OfflineStoreConfig.S3StorageConfig.KmsKeyId": value("keys/data"),
            "OfflineStoreConfig.S3StorageConfig.S3Uri": f"s3://{value('buckets/data')}/offline/{NAME}",
            "RoleArn": value("roles/FeatureStoreRole"),
        },
        "AWS::SageMaker::ModelPackageGroup": {
            "ModelPackageGroupPolicy": registry.model_package_group(environment(), PROJECT),
        },
    }


ROLES: Mapping[str, Mapping[str, str]] = {
    "build_train": {"Build": "BuildRole", "Pipeline": "BuildPipelineRole", "PushRule": "EventsRole"},
    "deploy": {
        "Release": "ReleaseRole",
        "Test": "TestRole",
        "Pipeline": "DeployPipelineRole",
        "PushRule": "EventsRole",
        "DecisionRule": "EventsRole",
        "DriftRule": "EventsRole",
    },
}
"""Who runs as what."""


def at(properties: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    """What stands at a path; None where there is nothing."""
    found = properties
    for key in path.split("."):
        found = _below(found, key)
    return found


def _below(value: Any, key: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return next(iter(cast("list[Any]", value)[int(key) :]), None)
    return cast("Json", value or {}).get(key)


def unsafe(resources: Json) -> list[tuple[str, str]]:
    """Logical id and path of whatever is not as it has to be."""
    wanted = safe()
    return [
        (name, path)
        for name, each in resources.items()
        for path, right in wanted.get(each["Type"], {}).items()
        if at(each["Properties"], path) != right
    ]


@pytest.mark.parametrize("product", PRODUCTS)
def test_everything_is_encrypted_private_and_logged(product: str) -> None:
    assert unsafe(complete(product).resources) == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_whatever_is_taken_away_is_missed(product: str) -> None:
    resources = complete(product).resources
    wanted = [(name, path) for name, each in resources.items() for path in safe().get(each["Type"], {})]
    assert len(wanted) > 20
    for name, path in wanted:
        changed = copy.deepcopy(resources)
        above, _, key = path.rpartition(".")
        del (at(changed[name]["Properties"], above) if above else changed[name]["Properties"])[key]
        assert unsafe(changed) == [(name, path)]


@pytest.mark.parametrize("product", PRODUCTS)
def test_each_runs_under_its_own_role(product: str) -> None:
    found: dict[str, str] = {}
    for name, each in complete(product).resources.items():
        properties = each["Properties"]
        targets = properties.get("Targets", [])
        role = properties.get("ServiceRole") or next((target["RoleArn"] for target in targets), None)
        if each["Type"] == "AWS::CodePipeline::Pipeline":
            role = properties["RoleArn"]
        if role:
            found[name] = role
    assert found == {name: value(f"roles/{role}") for name, role in ROLES[product].items()}


@pytest.mark.parametrize("product", PRODUCTS)
def test_builds_log_into_groups_that_are_there_before(product: str) -> None:
    """One that CodeBuild makes itself has no key and keeps everything for ever."""
    template = complete(product)
    for build in template.of_type("AWS::CodeBuild::Project").values():
        assert build["LogsConfig"]["CloudWatchLogs"]["GroupName"] == f"/aws/codebuild/{build['Name']}"
        assert build["LogsConfig"]["CloudWatchLogs"]["GroupName"] in {
            group["LogGroupName"] for group in template.of_type("AWS::Logs::LogGroup").values()
        }


BROKEN: Mapping[str, tuple[str, str, str, object]] = {
    "CB-01": ("build_train", "Build", "VpcConfig", None),
    "CB-02": ("deploy", "Test", "EncryptionKey", None),
    "CB-03": ("deploy", "Release", "Environment.PrivilegedMode", True),
    "CP-01": ("build_train", "Pipeline", "ArtifactStore.EncryptionKey", None),
    "LOG-01": ("deploy", "TestLogs", "RetentionInDays", 1),
    "S3-01": ("deploy", "BucketPolicy", "", None),
    "S3-05": ("build_train", "Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", False),
    "S3-06": ("build_train", "Bucket", "BucketEncryption", None),
    "S3-07": ("deploy", "Bucket", "VersioningConfiguration", None),
    "S3-09": ("deploy", "Bucket", "OwnershipControls", None),
    "SM-26": ("build_train", "FeatureGroup", "OnlineStoreConfig.SecurityConfig", None),
}
"""Rule -> product, resource, path and the value that violates it; None for nothing."""


def violated(template: Json) -> set[str]:
    """Rules that stop a template."""
    return {verdict.rule.id for verdict in check(template, configuration()) if verdict.stops}


@pytest.mark.parametrize("rule", BROKEN)
def test_the_rules_see_it_too(rule: str) -> None:
    product, name, path, wrong = BROKEN[rule]
    template = body(product)
    assert violated(template) == set()
    if not path:
        del template["Resources"][name]
    else:
        above, _, key = path.rpartition(".")
        properties = template["Resources"][name]["Properties"]
        parent = at(properties, above) if above else properties
        if wrong is None:
            del parent[key]
        else:
            parent[key] = wrong
    assert rule in violated(template)
