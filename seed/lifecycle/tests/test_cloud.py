"""The simulated accounts: who changed a version, which events it sends, and a canary that fails."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from botocore.exceptions import ClientError

from lifecycle.cloud import Cloud

DEVELOPMENT, TARGET = "111111111111", "222222222222"
WORLD = {
    "prefix": "p-dev",
    "region": "eu-west-1",
    "development": DEVELOPMENT,
    "accounts": [DEVELOPMENT, TARGET],
    "resources": {
        DEVELOPMENT: {"parameters": {}, "buckets": ["models"], "objects": []},
        TARGET: {"parameters": {}, "buckets": ["capture"], "objects": []},
    },
}


@pytest.fixture
def events() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def cloud(tmp_path: Path, events: list[dict[str, Any]]) -> Iterator[Cloud]:
    with Cloud(WORLD, tmp_path, events.append) as made:
        yield made


def publish(cloud: Cloud, folder: Path, name: str, factor: float, *, approved: bool = True) -> str:
    """A model that answers `factor` times its only feature, as an archive; its address."""
    rows = np.linspace(0, 1, 40).reshape(-1, 1)
    data = xgboost.DMatrix(rows, label=rows[:, 0] * factor)
    xgboost.train({"objective": "reg:squarederror"}, data, 20).save_model(folder / "m.ubj")
    with tarfile.open(folder / name, "w:gz") as tar:
        tar.add(folder / "m.ubj", "xgboost-model")
    s3 = cloud.client("s3")
    s3.upload_file(str(folder / name), "models", name)
    if approved:
        tags = {"TagSet": [{"Key": cloud.approved_tag, "Value": "true"}]}
        s3.put_object_tagging(Bucket="models", Key=name, Tagging=tags)
    return f"s3://models/{name}"


def template(url: str) -> str:
    model = {
        "PrimaryContainer": {"Image": "i", "ModelDataUrl": url},
        "ExecutionRoleArn": f"arn:aws:iam::{TARGET}:role/r",
    }
    variant = {"ModelName": {"Fn::GetAtt": ["Model", "ModelName"]}, "VariantName": "AllTraffic"}
    config = {
        "ProductionVariants": [
            variant | {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "InitialVariantWeight": 1}
        ]
    }
    endpoint = {"EndpointName": "rings", "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}}
    return json.dumps(
        {
            "Resources": {
                "Model": {"Type": "AWS::SageMaker::Model", "Properties": model},
                "Config": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": config},
                "Endpoint": {"Type": "AWS::SageMaker::Endpoint", "Properties": endpoint},
            }
        }
    )


def deploy(cloud: Cloud, url: str) -> None:
    client = cloud.client("cloudformation")
    client.create_stack_set(StackSetName="s", TemplateBody=template(url))
    client.create_stack_instances(StackSetName="s", Accounts=[TARGET], Regions=["eu-west-1"])


def ask(cloud: Cloud) -> float:
    runtime = cloud.client("sagemaker-runtime", account=TARGET)
    return float(runtime.invoke_endpoint(EndpointName="rings", ContentType="text/csv", Body=b"1")["Body"].read())


def test_a_canary_that_fails_leaves_the_old_version_serving(cloud: Cloud, tmp_path: Path) -> None:
    old, new = publish(cloud, tmp_path, "old.tar.gz", 1), publish(cloud, tmp_path, "new.tar.gz", 10)
    deploy(cloud, old)
    assert ask(cloud) == pytest.approx(1, abs=0.1)
    client = cloud.client("cloudformation")
    cloud.canaries_fail = True
    with pytest.raises(ClientError):
        client.update_stack_set(StackSetName="s", TemplateBody=template(new))
    assert ask(cloud) == pytest.approx(1, abs=0.1)
    cloud.canaries_fail = False
    client.update_stack_set(StackSetName="s", TemplateBody=template(new))
    assert ask(cloud) == pytest.approx(10, abs=1)


def test_what_is_not_marked_as_approved_does_not_serve(cloud: Cloud, tmp_path: Path) -> None:
    url = publish(cloud, tmp_path, "unmarked.tar.gz", 1, approved=False)
    with pytest.raises(ClientError):
        deploy(cloud, url)
    with pytest.raises(ClientError, match="not found"):
        ask(cloud)


def test_the_registry_knows_who_decides_and_tells_what_changed(cloud: Cloud, events: list[dict[str, Any]]) -> None:
    pipeline = cloud.client("sagemaker", role="PipelineRole", session="SageMaker")
    pipeline.create_model_package_group(ModelPackageGroupName="g")
    arn = pipeline.create_model_package(
        ModelPackageGroupName="g", ModelApprovalStatus="PendingManualApproval", CustomerMetadataProperties={"a": "1"}
    )["ModelPackageArn"]
    cloud.client("sagemaker", role="ModelApprover", session="grace").update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved"
    )
    cloud.client("sagemaker", role="ReleaseRole", session="build").update_model_package(
        ModelPackageArn=arn, CustomerMetadataProperties={"b": "2"}
    )
    found = pipeline.describe_model_package(ModelPackageName=arn)
    assert found["ModelApprovalStatus"] == "Approved"
    assert found["CustomerMetadataProperties"] == {"a": "1", "b": "2"}
    assert found["LastModifiedBy"]["IamIdentity"]["Arn"].endswith("assumed-role/p-dev-ReleaseRole/build")
    told = [event["detail"]["UpdatedModelPackageFields"] for event in events]
    assert told == [[], ["ModelApprovalStatus"], ["CustomerMetadataProperties"]]
