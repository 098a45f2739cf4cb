"""Cases of the rules for serving, monitoring, feature groups, builds and pipelines: one good resource of each type, changed a little."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from policy.model import UNKNOWN, Resource
from policy.rules.builds import BUILD, PIPELINE
from policy.rules.serving import DATA_QUALITY, ENDPOINT_CONFIG, FEATURE_GROUP, MODEL, MODEL_QUALITY, SCHEDULE
from tests.policy.cases import CONTEXT, DEVELOPMENT, FOREIGN, REGION, Case, resource, verify

KEY = f"arn:aws:kms:{REGION}:{DEVELOPMENT}:key/1234"
VPC = {"subnets": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
NETWORK = {"enableNetworkIsolation": True, "enableInterContainerTrafficEncryption": True, "vpcConfig": VPC}
IMAGE = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost@sha256:0"
OURS = f"s3://{CONTEXT.prefix}-{DEVELOPMENT}"


def _action(category: str, owner: str = "AWS") -> dict[str, str]:
    return {"name": category, "category": category, "owner": owner}


def _stage(name: str, *actions: dict[str, str]) -> dict[str, object]:
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
    DATA_QUALITY: {
        "networkConfig": NETWORK,
        "jobResources": {"clusterConfig": {"volumeKmsKeyId": KEY}},
        "dataQualityJobOutputConfig": {"kmsKeyId": KEY},
    },
    MODEL_QUALITY: {
        "networkConfig": NETWORK,
        "jobResources": {"clusterConfig": {"volumeKmsKeyId": KEY}},
        "modelQualityJobOutputConfig": {"kmsKeyId": KEY},
    },
    SCHEDULE: {"monitoringScheduleConfig": {"monitoringJobDefinitionName": "definition"}},
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


INLINE = {"monitoringJobDefinition": {"networkConfig": NETWORK}}
VIOLATING: Mapping[str, tuple[tuple[str, str, object, str], ...]] = {
    "SM-16": ((MODEL, "vpcConfig", None, "vpcConfig"), (MODEL, "vpcConfig.securityGroupIds", [], "securityGroupIds")),
    "SM-17": (
        (MODEL, "enableNetworkIsolation", None, "not true"),
        (MODEL, "enableNetworkIsolation", False, "not true"),
    ),
    "SM-18": (
        (MODEL, "primaryContainer.image", f"{FOREIGN}.dkr.ecr.{REGION}.amazonaws.com/x", "registry"),
        (MODEL, "primaryContainer.image", "docker.io/x", "registry"),
        (MODEL, "primaryContainer.modelDataUrl", "s3://elsewhere/m.tar.gz", "archive"),
    ),
    "SM-19": ((ENDPOINT_CONFIG, "kmsKeyArn", None, "no key"), (ENDPOINT_CONFIG, "kmsKeyArn", "alias/aws/ebs", "AWS's")),
    "SM-21": (
        (ENDPOINT_CONFIG, "dataCaptureConfig.kmsKeyId", None, "no key"),
        (ENDPOINT_CONFIG, "dataCaptureConfig.destinationS3Uri", "s3://elsewhere/x", "no bucket"),
        (ENDPOINT_CONFIG, "asyncInferenceConfig", {"outputConfig": {"s3OutputPath": "x"}}, "no key"),
    ),
    "SM-22": (
        (ENDPOINT_CONFIG, "productionVariants", [{"enableSsmAccess": True}], "shell"),
        (ENDPOINT_CONFIG, "productionVariants", [{"coreDumpConfig": {"destinationS3Uri": "x"}}], "core dumps"),
    ),
    "SM-23": tuple(
        (token, f"networkConfig.{flag}", None, flag)
        for token in (DATA_QUALITY, MODEL_QUALITY)
        for flag in ("enableNetworkIsolation", "enableInterContainerTrafficEncryption", "vpcConfig")
    ),
    "SM-24": (
        (DATA_QUALITY, "jobResources.clusterConfig.volumeKmsKeyId", None, "volumeKmsKeyId"),
        (DATA_QUALITY, "dataQualityJobOutputConfig.kmsKeyId", None, "Output"),
        (MODEL_QUALITY, "modelQualityJobOutputConfig.kmsKeyId", None, "Output"),
    ),
    "SM-25": (
        (SCHEDULE, "monitoringScheduleConfig", {}, "no job definition"),
        (SCHEDULE, "monitoringScheduleConfig", {"monitoringJobDefinition": {"networkConfig": {}}}, "n"),
    ),
    "SM-26": (
        (FEATURE_GROUP, "offlineStoreConfig.s3StorageConfig.kmsKeyId", None, "offline"),
        (FEATURE_GROUP, "onlineStoreConfig.securityConfig", None, "online"),
    ),
    "CB-01": ((BUILD, "vpcConfig", None, "vpc"), (BUILD, "vpcConfig.subnets", [], "subnets")),
    "CB-02": ((BUILD, "encryptionKey", None, "no key"), (BUILD, "artifacts", {"encryptionDisabled": True}, "is true")),
    "CB-03": ((BUILD, "environment.privilegedMode", True, "machine"),),
    "CP-01": ((PIPELINE, "artifactStores", [{"location": "x"}], "AWS's"), (PIPELINE, "artifactStores", [], "no store")),
    "CP-02": (
        (
            PIPELINE,
            "stages",
            [_stage("Production", _action("Deploy")), _stage("Approve", _action("Approval"))],
            "nobody",
        ),
        (PIPELINE, "stages", [_stage("Source", _action("Source", "ThirdParty"))], "third party"),
    ),
}

UNDECIDED: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "SM-16": (MODEL, "vpcConfig", ()),
    "SM-17": (MODEL, "enableNetworkIsolation", ("enableNetworkIsolation",)),
    "SM-18": (MODEL, "primaryContainer.image", ("image",)),
    "SM-19": (ENDPOINT_CONFIG, "kmsKeyArn", ()),
    "SM-21": (ENDPOINT_CONFIG, "dataCaptureConfig.destinationS3Uri", ("dataCaptureConfig.destinationS3Uri",)),
    "SM-22": (ENDPOINT_CONFIG, "productionVariants", ("productionVariants",)),
    "SM-23": (
        DATA_QUALITY,
        "networkConfig.enableNetworkIsolation",
        ("networkConfig.enableNetworkIsolation",),
    ),
    "SM-24": (DATA_QUALITY, "dataQualityJobOutputConfig.kmsKeyId", ()),
    "SM-25": (SCHEDULE, "monitoringScheduleConfig", ()),
    "SM-26": (FEATURE_GROUP, "onlineStoreConfig.securityConfig.kmsKeyId", ()),
    "CB-01": (BUILD, "vpcConfig", ()),
    "CB-02": (BUILD, "artifacts", ("artifacts",)),
    "CB-03": (BUILD, "environment", ("environment",)),
    "CP-01": (PIPELINE, "artifactStores", ("artifactStores",)),
    "CP-02": (PIPELINE, "stages", ("stages",)),
}
"""Rule -> type, what is not known, and what cannot be decided then: a key or a network that is still to be made is named."""


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
    cases["SM-25", "passing: inline"] = Case(resources=(changed(SCHEDULE, "monitoringScheduleConfig", INLINE),))
    cases["SM-19", "passing: serverless"] = Case(
        resources=(resource(ENDPOINT_CONFIG, {"productionVariants": [{"serverlessConfig": {"maxConcurrency": 1}}]}),)
    )
    return cases


CASES = _cases()


@pytest.mark.parametrize(("rule_id", "case"), CASES)
def test_a_case(rule_id: str, case: str) -> None:
    verify(rule_id, CASES[rule_id, case])
