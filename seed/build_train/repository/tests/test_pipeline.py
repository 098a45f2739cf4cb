"""The pipelines' definitions: readable golden files, no AWS call, and every guard on every step.

Written anew with: UPDATE_GOLDEN=1 python -m pytest tests/test_pipeline.py
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from pipeline import definition, ingestion_pipeline, training_pipeline
from project import Project

GOLDEN = Path(__file__).parent / "golden"
Steps = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def definitions(project: Project, no_network: list[object]) -> dict[str, dict[str, Any]]:
    calls: list[str] = []
    patch = pytest.MonkeyPatch()
    patch.setattr(BaseClient, "_make_api_call", lambda _self, name, _arguments: calls.append(name))
    built = {"training": definition(training_pipeline(project)), "ingestion": definition(ingestion_pipeline(project))}
    patch.undo()
    assert calls == []
    assert no_network == []
    return built


@pytest.fixture(scope="module")
def steps(definitions: dict[str, dict[str, Any]]) -> Steps:
    """Steps by name, those behind the gate too."""
    found: Steps = {}
    for each in definitions.values():
        for step in each["Steps"]:
            inner = (
                [*step["Arguments"].get("IfSteps", []), *step["Arguments"].get("ElseSteps", [])]
                if step["Type"] == "Condition"
                else []
            )
            found |= {one["Name"]: one for one in (step, *inner)}
    return found


@pytest.mark.parametrize("name", ["training", "ingestion"])
def test_definitions_are_the_golden_files(definitions: dict[str, dict[str, Any]], name: str) -> None:
    text = json.dumps(definitions[name], indent=2) + "\n"
    path = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


PROCESSING = ["Process", "Baseline", "Evaluate"]
NETWORK = {"Subnets": ["subnet-a", "subnet-b"], "SecurityGroupIds": ["sg-workload"]}


@pytest.mark.parametrize("name", [*PROCESSING, "Ingest"])
def test_processing_is_guarded(steps: Steps, project: Project, name: str) -> None:
    arguments = steps[name]["Arguments"]
    network = arguments["NetworkConfig"]
    assert network["VpcConfig"] == NETWORK
    assert network["EnableInterContainerTrafficEncryption"] is True
    assert network["EnableNetworkIsolation"] is (name != "Ingest")
    assert arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == project.storage_key
    assert arguments["ProcessingOutputConfig"]["KmsKeyId"] == project.data_key
    assert arguments["RoleArn"] == project.roles["IngestionRole" if name == "Ingest" else "JobRole"]
    assert arguments["Tags"] == project.tags


def test_training_is_guarded(steps: Steps, project: Project) -> None:
    arguments = steps["Train"]["Arguments"]
    assert arguments["VpcConfig"] == NETWORK
    assert arguments["EnableNetworkIsolation"] is True
    assert arguments["EnableInterContainerTrafficEncryption"] is True
    assert arguments["ResourceConfig"]["VolumeKmsKeyId"] == project.storage_key
    assert arguments["OutputDataConfig"]["KmsKeyId"] == project.data_key
    assert arguments["RoleArn"] == project.roles["JobRole"]
    assert arguments["Tags"] == project.tags


def test_a_version_is_registered_as_pending(steps: Steps, definitions: dict[str, dict[str, Any]]) -> None:
    arguments = steps["Register"]["Arguments"]
    assert arguments["ModelApprovalStatus"] == "PendingManualApproval"
    assert "ModelApprovalStatus" not in {one["Name"] for one in definitions["training"]["Parameters"]}
    [container] = arguments["InferenceSpecification"]["Containers"]
    assert container["Environment"] == {}
    assert set(arguments["CustomerMetadataProperties"]) == {
        *("data_url", "data_version", "data_sha256", "commit", "commit_author", "source_identity"),
        *("artifact_sha256", "project_id", "project_name", "pipeline_execution", "baseline"),
    }


def test_what_a_step_measured_is_registered(steps: Steps) -> None:
    metadata = steps["Register"]["Arguments"]["CustomerMetadataProperties"]
    measured = {name: value["Std:JsonGet"] for name, value in metadata.items() if "Std:JsonGet" in value}
    assert {name: value["Path"] for name, value in measured.items()} == {
        "data_sha256": "data.sha256",
        "artifact_sha256": "artifact_sha256",
    }
    assert {value["PropertyFile"]["Get"] for value in measured.values()} == {"Steps.Evaluate.PropertyFiles.Evaluation"}


def test_the_gate_lets_a_small_error_pass_and_says_why_a_large_one_does_not(steps: Steps) -> None:
    [condition] = steps["Gate"]["Arguments"]["Conditions"]
    error, threshold = condition["LeftValue"], condition["RightValue"]
    assert condition["Type"] == "LessThanOrEqualTo"
    assert error["Std:JsonGet"]["Path"] == "regression_metrics.rmse.value"
    assert threshold == {"Get": "Parameters.RmseThreshold"}
    assert [step["Name"] for step in steps["Gate"]["Arguments"]["IfSteps"]] == ["Register"]
    message = steps["Refuse"]["Arguments"]["ErrorMessage"]["Std:Join"]["Values"]
    assert error in message
    assert threshold in message


@pytest.mark.parametrize("name", [*PROCESSING, "Ingest", "Train"])
def test_a_job_without_a_machine_is_tried_again(steps: Steps, name: str) -> None:
    [policy] = steps[name]["RetryPolicies"]
    assert "SageMaker.CAPACITY_ERROR" in policy["ExceptionType"]
    assert policy["MaxAttempts"] > 1


def test_every_image_is_pinned(steps: Steps) -> None:
    images = {
        json.dumps(step).partition("sagemaker-xgboost:")[2].partition('"')[0]
        for step in steps.values()
        if "sagemaker-xgboost" in json.dumps(step)
    }
    assert images == {"3.0-5"}
