"""Cases of the rules for serving, monitoring, feature groups, builds and pipelines: one good resource of each type, changed a little."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from components import instance_types
from policy.instances import has_local_storage
from policy.model import UNKNOWN, Resource
from policy.names import is_secret_name
from policy.rules.builds import BUILD, PIPELINE
from policy.rules.serving import (
    BIAS,
    DATA_QUALITY,
    ENDPOINT_CONFIG,
    EXPLAINABILITY,
    FEATURE_GROUP,
    GROUP_POLICY,
    MODEL,
    MODEL_QUALITY,
    SCHEDULE,
)
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, REGION, STAGING, Case, resource, verify

KEY = f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/1234"
VPC = {"subnets": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
NETWORK = {"enableNetworkIsolation": True, "enableInterContainerTrafficEncryption": True, "vpcConfig": VPC}
IMAGE = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost@sha256:0"
OURS = f"s3://{CONTEXT.prefix}-{DEVELOPMENT}"


INLINE = {
    "monitoringJobDefinition": {
        "networkConfig": NETWORK,
        "monitoringOutputConfig": {"kmsKeyId": KEY},
        "monitoringResources": {"clusterConfig": {"volumeKmsKeyId": KEY}},
    }
}


def _readable(
    principal: object, action: object = "sagemaker:DescribeModelPackage", /, **more: object
) -> dict[str, object]:
    """A group's policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}
    return {"Version": "2012-10-17", "Statement": [{key: value for key, value in statement.items() if value}]}


_STAGING = {"AWS": f"arn:aws:iam::{STAGING}:root"}


def _definition(output: str) -> Mapping[str, Any]:
    return {
        "networkConfig": NETWORK,
        "jobResources": {"clusterConfig": {"volumeKmsKeyId": KEY}},
        output: {"kmsKeyId": KEY},
    }


def _variable(name: str, **more: str) -> list[dict[str, str]]:
    return [{"name": name, "value": "x", **more}]


def _action(category: str, owner: str = "AWS") -> dict[str, str]:
    return {"name": category, "category": category, "owner": owner}


def _stage(name: str, *actions: Mapping[str, object]) -> dict[str, object]:
    return {"name": name, "actions": list(actions)}


GOOD: Mapping[str, Mapping[str, Any]] = {
    MODEL: {
        "vpcConfig": VPC,
        "enableNetworkIsolation": True,
        "primaryContainer": {"image": IMAGE, "modelDataUrl": f"{OURS}-models/m.tar.gz"},
    },
    ENDPOINT_CONFIG: {
        "kmsKeyArn": KEY,
        "productionVariants": [{"instanceType": "ml.m5.large"}],
        "dataCaptureConfig": {"kmsKeyId": KEY, "destinationS3Uri": f"{OURS}-capture/x"},
    },
    DATA_QUALITY: _definition("dataQualityJobOutputConfig"),
    MODEL_QUALITY: _definition("modelQualityJobOutputConfig"),
    BIAS: _definition("modelBiasJobOutputConfig"),
    EXPLAINABILITY: _definition("modelExplainabilityJobOutputConfig"),
    GROUP_POLICY: {"resourcePolicy": _readable(_STAGING)},
    SCHEDULE: {"monitoringScheduleConfig": INLINE},
    FEATURE_GROUP: {
        "offlineStoreConfig": {"s3StorageConfig": {"kmsKeyId": KEY}},
        "onlineStoreConfig": {"securityConfig": {"kmsKeyId": KEY}},
    },
    BUILD: {"vpcConfig": {**VPC, "vpcId": "vpc-1"}, "encryptionKey": KEY, "environment": {"privilegedMode": False}},
    PIPELINE: {
        "artifactStores": [{"encryptionKey": {"id": KEY}}],
        "stages": [
            _stage("Source", _action("Source")),
            _stage("Approve", _action("Approval")),
            _stage("Production", _action("Deploy")),
        ],
    },
}


def changed(token: str, path: str, value: object, name: str = "thing") -> Resource:
    """The good resource with another value at a path; None takes it away."""
    properties = copy.deepcopy(dict(GOOD[token]))
    *parents, last = path.split(".")
    holder = properties
    for part in parents:
        holder = holder[part]
    holder[last] = value
    return resource(token, properties, name=name)


VIOLATING: Mapping[str, tuple[tuple[str, str, object, str], ...]] = {
    "SM-16": ((MODEL, "vpcConfig", None, "vpcConfig"), (MODEL, "vpcConfig.securityGroupIds", [], "securityGroupIds")),
    "SM-17": (
        (MODEL, "enableNetworkIsolation", None, "not true"),
        (MODEL, "enableNetworkIsolation", False, "not true"),
    ),
    "SM-18": (
        (MODEL, "primaryContainer.image", f"{FOREIGN}.dkr.ecr.{REGION}.amazonaws.com/x", "registry"),
        (MODEL, "primaryContainer.image", "docker.io/x", "registry"),
        (MODEL, "primaryContainer.image", f"{DEVELOPMENT}.dkr.ecr.example.com/x", "registry"),
        (MODEL, "primaryContainer.image", f"{DEVELOPMENT}.dkr.ecr.{REGION}.amazonaws.com.example.com/x", "registry"),
        (MODEL, "primaryContainer.modelDataUrl", "s3://elsewhere/m.tar.gz", "archive"),
        (MODEL, "primaryContainer.modelDataSource", {"s3DataSource": {"s3Uri": "s3://elsewhere/m/"}}, "archive"),
        (MODEL, "primaryContainer.modelDataSource", {"s3DataSources": [{"s3Uri": "s3://elsewhere/m/"}]}, "archive"),
        (
            MODEL,
            "primaryContainer.additionalModelDataSources",
            [{"channelName": "x", "s3DataSource": {"s3Uri": "s3://elsewhere/m/"}}],
            "archive",
        ),
    ),
    "SM-19": (
        (ENDPOINT_CONFIG, "kmsKeyArn", None, "no key"),
        (ENDPOINT_CONFIG, "kmsKeyArn", "alias/aws/ebs", "AWS's"),
    ),
    "SM-21": (
        (ENDPOINT_CONFIG, "dataCaptureConfig.kmsKeyId", None, "no key"),
        (ENDPOINT_CONFIG, "dataCaptureConfig.destinationS3Uri", "s3://elsewhere/x", "no bucket"),
        (ENDPOINT_CONFIG, "asyncInferenceConfig", {"outputConfig": {"s3OutputPath": OURS}}, "no key"),
        (
            ENDPOINT_CONFIG,
            "asyncInferenceConfig",
            {"outputConfig": {"kmsKeyId": KEY, "s3OutputPath": "s3://elsewhere/x"}},
            "later answers",
        ),
        (
            ENDPOINT_CONFIG,
            "asyncInferenceConfig",
            {"outputConfig": {"kmsKeyId": KEY, "s3OutputPath": f"{OURS}-x", "s3FailurePath": "s3://elsewhere/x"}},
            "later answers",
        ),
    ),
    "SM-22": (
        (ENDPOINT_CONFIG, "productionVariants", [{"enableSsmAccess": True}], "shell"),
        (ENDPOINT_CONFIG, "shadowProductionVariants", [{"enableSsmAccess": True}], "shell"),
        (ENDPOINT_CONFIG, "productionVariants", [{"coreDumpConfig": {"destinationS3Uri": f"{OURS}-x"}}], "no key"),
        (
            ENDPOINT_CONFIG,
            "productionVariants",
            [{"coreDumpConfig": {"destinationS3Uri": "s3://elsewhere/x", "kmsKeyId": KEY}}],
            "core dumps go to no bucket",
        ),
    ),
    "SM-23": tuple(
        (token, f"networkConfig.{flag}", None, flag)
        for token in (DATA_QUALITY, MODEL_QUALITY, BIAS, EXPLAINABILITY)
        for flag in ("enableNetworkIsolation", "enableInterContainerTrafficEncryption", "vpcConfig")
    ),
    "SM-24": (
        (DATA_QUALITY, "jobResources.clusterConfig.volumeKmsKeyId", None, "volumeKmsKeyId"),
        (DATA_QUALITY, "dataQualityJobOutputConfig.kmsKeyId", None, "Output"),
        (MODEL_QUALITY, "modelQualityJobOutputConfig.kmsKeyId", None, "Output"),
        (BIAS, "modelBiasJobOutputConfig.kmsKeyId", None, "Output"),
        (EXPLAINABILITY, "modelExplainabilityJobOutputConfig.kmsKeyId", None, "Output"),
    ),
    "SM-25": (
        (SCHEDULE, "monitoringScheduleConfig", {}, "no job definition"),
        (SCHEDULE, "monitoringScheduleConfig", {"monitoringJobDefinition": {"networkConfig": {}}}, "n"),
        (SCHEDULE, "monitoringScheduleConfig", {"monitoringJobDefinitionName": "another"}, "not of this stack"),
        *(
            (SCHEDULE, f"monitoringScheduleConfig.monitoringJobDefinition.{path}", {}, path)
            for path in ("monitoringOutputConfig", "monitoringResources")
        ),
    ),
    "SM-26": (
        (FEATURE_GROUP, "offlineStoreConfig.s3StorageConfig.kmsKeyId", None, "offline"),
        (FEATURE_GROUP, "onlineStoreConfig.securityConfig", None, "online"),
    ),
    "SM-29": (
        (GROUP_POLICY, "resourcePolicy", _readable("*"), "others"),
        (GROUP_POLICY, "resourcePolicy", _readable({"AWS": f"arn:aws:iam::{FOREIGN}:root"}), "others"),
        (GROUP_POLICY, "resourcePolicy", _readable({"Service": "sagemaker.amazonaws.com"}), "others"),
        (GROUP_POLICY, "resourcePolicy", _readable(_STAGING, "sagemaker:UpdateModelPackage"), "more than to read"),
        (GROUP_POLICY, "resourcePolicy", _readable(_STAGING, "sagemaker:Describe*"), "more than to read"),
        (GROUP_POLICY, "resourcePolicy", _readable(_STAGING, None, NotAction="s3:*"), "everything but"),
        (GROUP_POLICY, "resourcePolicy", "{", "no policy document"),
    ),
    "CB-01": ((BUILD, "vpcConfig", None, "vpc"), (BUILD, "vpcConfig.subnets", [], "subnets")),
    "CB-02": (
        (BUILD, "encryptionKey", None, "no key"),
        (BUILD, "artifacts", {"encryptionDisabled": True}, "is true"),
        (BUILD, "secondaryArtifacts", [{}, {"encryptionDisabled": True}], "is true"),
        (BUILD, "logsConfig", {"s3Logs": {"encryptionDisabled": True}}, "is true"),
    ),
    "CB-03": ((BUILD, "environment.privilegedMode", True, "machine"),),
    "CB-04": (
        (BUILD, "environment.environmentVariables", _variable("DB_PASSWORD"), "DB_PASSWORD"),
        (BUILD, "environment.environmentVariables", _variable("apiKey", type="PLAINTEXT"), "everybody"),
        (
            BUILD,
            "environment.environmentVariables",
            _variable("AWS_SECRET_ACCESS_KEY", type="SECRETS_MANAGER"),
            "a build has a role",
        ),
    ),
    "CP-01": ((PIPELINE, "artifactStores", [{"location": "x"}], "AWS's"), (PIPELINE, "artifactStores", [], "no store")),
    "CP-02": (
        (
            PIPELINE,
            "stages",
            [_stage("Production", _action("Deploy")), _stage("Approve", _action("Approval"))],
            "nobody",
        ),
        *(
            (
                PIPELINE,
                "stages",
                [
                    _stage(
                        "Production", {**_action("Approval"), "runOrder": 2}, {**_action("Deploy"), "runOrder": order}
                    )
                ],
                "nobody",
            )
            for order in (1, 2, "2")
        ),
        (PIPELINE, "stages", [_stage("Source", _action("Source", "ThirdParty"))], "third party"),
        (PIPELINE, "stages", [_stage("Release", _action("Deploy"))], "nobody"),
        (PIPELINE, "stages", [_stage("DeployProd", _action("Deploy")), _stage("Docs", _action("Build"))], "nobody"),
        (
            PIPELINE,
            "stages",
            [_stage("Staging", {**_action("Deploy"), "configuration": {"StackSetName": "rings-prod"}})],
            "nobody",
        ),
    ),
}

UNDECIDED: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "SM-16": (MODEL, "vpcConfig", ()),
    "SM-17": (MODEL, "enableNetworkIsolation", ("enableNetworkIsolation",)),
    "SM-18": (MODEL, "primaryContainer.image", ("image",)),
    "SM-19": (ENDPOINT_CONFIG, "kmsKeyArn", ("kmsKeyArn",)),
    "SM-21": (ENDPOINT_CONFIG, "dataCaptureConfig.destinationS3Uri", ("dataCaptureConfig.destinationS3Uri",)),
    "SM-22": (ENDPOINT_CONFIG, "productionVariants", ("productionVariants",)),
    "SM-23": (
        DATA_QUALITY,
        "networkConfig.enableNetworkIsolation",
        ("networkConfig.enableNetworkIsolation",),
    ),
    "SM-24": (DATA_QUALITY, "dataQualityJobOutputConfig.kmsKeyId", ("dataQualityJobOutputConfig.kmsKeyId",)),
    "SM-25": (
        SCHEDULE,
        "monitoringScheduleConfig",
        ("monitoringScheduleConfig.monitoringJobDefinitionName",),
    ),
    "SM-26": (
        FEATURE_GROUP,
        "onlineStoreConfig.securityConfig.kmsKeyId",
        ("onlineStoreConfig.securityConfig.kmsKeyId",),
    ),
    "SM-29": (GROUP_POLICY, "resourcePolicy", ("resourcePolicy",)),
    "CB-01": (BUILD, "vpcConfig", ()),
    "CB-02": (BUILD, "artifacts", ("artifacts",)),
    "CB-03": (BUILD, "environment", ("environment",)),
    "CB-04": (
        BUILD,
        "environment.environmentVariables",
        ("environment.environmentVariables",),
    ),
    "CP-01": (PIPELINE, "artifactStores", ("artifactStores",)),
    "CP-02": (PIPELINE, "stages", ("stages",)),
}
"""Rule -> type, what is not known, and what cannot be decided then: a network that is still to be made is named."""


def _cases() -> Mapping[tuple[str, str], Case]:
    cases: dict[tuple[str, str], Case] = {}
    for rule_id, wrong in VIOLATING.items():
        for index, (token, path, value, says) in enumerate(wrong):
            cases[rule_id, f"violating: {index}"] = Case(
                resources=(changed(token, path, value),), violated=("thing",), says=says
            )
        cases[rule_id, "violating"] = cases[rule_id, "violating: 0"]
        token = wrong[0][0]
        cases[rule_id, "passing"] = Case(resources=(resource(token, GOOD[token]),))
        other = BUILD if token != BUILD else MODEL
        cases[rule_id, "not applicable"] = Case(resources=(resource(other, {}),))
        token, path, undecided = UNDECIDED[rule_id]
        cases[rule_id, "unknown"] = Case(resources=(changed(token, path, UNKNOWN),), undecided=undecided)
    for path, value in (
        ("coreDumpConfig", [{"coreDumpConfig": UNKNOWN}]),
        ("its bucket", [{"coreDumpConfig": {"destinationS3Uri": UNKNOWN, "kmsKeyId": KEY}}]),
    ):
        cases["SM-22", f"unknown: {path}"] = Case(
            resources=(changed(ENDPOINT_CONFIG, "productionVariants", value),), undecided=("productionVariants",)
        )
    for name in ("category", "owner"):
        stages = [_stage("Production", {**_action("Deploy"), name: UNKNOWN}), _stage("Approve", _action("Approval"))]
        cases["CP-02", f"unknown: {name}"] = Case(
            resources=(changed(PIPELINE, "stages", stages),),
            undecided=("stages",),
            violated=() if name == "category" else ("thing",),
        )
    cases["CP-02", "passing: in one stage"] = Case(
        resources=(
            changed(
                PIPELINE, "stages", [_stage("Production", {**_action("Deploy"), "runOrder": "2"}, _action("Approval"))]
            ),
        )
    )
    by_name = {"monitoringJobDefinitionName": "definition"}
    defined = resource(BIAS, {**GOOD[BIAS], "jobDefinitionName": "definition"}, name="definition")
    cases["SM-25", "passing: by name"] = Case(
        resources=(changed(SCHEDULE, "monitoringScheduleConfig", by_name), defined)
    )
    elsewhere = {"monitoringScheduleConfig": {"monitoringJobDefinitionName": "elsewhere"}}
    cases["SM-25", "violating: another, and a reference"] = Case(
        resources=(
            resource(SCHEDULE, elsewhere, references={"monitoringScheduleConfig": ("definition",)}),
            defined,
        ),
        violated=("thing",),
    )
    referring = {"monitoringScheduleConfig": {"monitoringJobDefinitionName": UNKNOWN}}
    cases["SM-25", "passing: by reference"] = Case(
        resources=(
            resource(SCHEDULE, referring, references={"monitoringScheduleConfig": ("definition",)}),
            defined,
        )
    )
    cases["CB-04", "passing: a reference to a secret, and a name of a key"] = Case(
        resources=(
            changed(BUILD, "environment.environmentVariables", _variable("DB_PASSWORD", type="SECRETS_MANAGER")),
            changed(BUILD, "environment.environmentVariables", _variable("DATA_KEY"), "key"),
        )
    )
    cases["CP-02", "passing: before production"] = Case(
        resources=(
            changed(PIPELINE, "stages", [_stage("Staging", _action("Deploy"))]),
            changed(PIPELINE, "stages", [_stage("DeployTest", _action("Deploy"))], "test"),
        )
    )
    cases["SM-19", "passing: local storage"] = Case(
        resources=(resource(ENDPOINT_CONFIG, {"productionVariants": [{"instanceType": "ml.g5.xlarge"}]}),)
    )
    cases["SM-19", "violating: a shadow with a volume"] = Case(
        resources=(
            resource(
                ENDPOINT_CONFIG,
                {
                    "productionVariants": [{"instanceType": "ml.g5.xlarge"}],
                    "shadowProductionVariants": [{"instanceType": "ml.m5.large"}],
                },
            ),
        ),
        violated=("thing",),
    )
    cases["SM-18", "unknown: archives"] = Case(
        resources=(
            changed(MODEL, "primaryContainer.modelDataUrl", UNKNOWN),
            changed(MODEL, "primaryContainer.modelDataSource", {"s3DataSource": UNKNOWN}, "source"),
        ),
        undecided=("modelDataSource", "modelDataUrl"),
    )
    cases["SM-19", "passing: serverless"] = Case(
        resources=(resource(ENDPOINT_CONFIG, {"productionVariants": [{"serverlessConfig": {"maxConcurrency": 1}}]}),)
    )
    return cases


CASES = _cases()


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])


def test_the_types_with_local_storage_are_those_of_the_program() -> None:
    for use in ("studio", "processing", "training", "endpoint"):
        for offered in instance_types.instance_types(use):
            assert has_local_storage(offered) == instance_types.has_local_storage(offered), offered
    assert not has_local_storage("")


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True),
        ("clientSecret", True),
        ("/app/api-key", True),
        ("GITHUB_TOKEN", True),
        ("/sm-mlops-dev-eu-west-1/keys/data", False),
        ("TOKENIZER", False),
        ("SECRETARY", False),
    ],
)
def test_names_of_secrets(name: str, *, secret: bool) -> None:
    assert is_secret_name(name) is secret
