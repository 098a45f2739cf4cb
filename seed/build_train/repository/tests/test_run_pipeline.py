"""What a build runs, against a simulated account."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import run_pipeline
from botocore.client import BaseClient
from moto import mock_aws
from project import Project

PREFIX = "mlops-dev-eu-west-1"
COMMITS = ("0" * 40, "f" * 40)


@pytest.fixture(scope="module")
def parameters(project: Project) -> dict[str, str]:
    found = {
        "buckets/data": project.data_bucket,
        "buckets/models": project.models_bucket,
        "buckets/artifacts": project.artifacts_bucket,
        "keys/data": project.data_key,
        "keys/storage": project.storage_key,
        "network/subnets": ",".join(project.subnets),
        "network/security-groups/workload": ",".join(project.security_groups),
        "instance-types/jobs": ",".join(project.instance_types),
        **{f"roles/{role}": arn for role, arn in project.roles.items()},
    }
    return {f"/{PREFIX}/{path}": value for path, value in found.items()}


@pytest.fixture(scope="module")
def account(project: Project, parameters: dict[str, str]) -> Iterator[boto3.Session]:
    """The platform's parameters and bucket, and a build's variables."""
    variables = {
        "PLATFORM_PREFIX": PREFIX,
        "PROJECT_NAME": project.name,
        "PROJECT_ID": project.id,
        "MODEL_PACKAGE_GROUP": project.group,
        "FEATURE_GROUP": project.feature_group,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": COMMITS[0],
        "COMMIT_AUTHOR": "ada@example.com",
        "CODEBUILD_INITIATOR": "codepipeline/rings",
    }
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        session = boto3.Session()
        for name, value in parameters.items():
            session.client("ssm").put_parameter(Name=name, Value=value, Type="String")
        place = {"LocationConstraint": "eu-west-1"}
        session.client("s3").create_bucket(Bucket=project.artifacts_bucket, CreateBucketConfiguration=place)
        yield session


def main(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["run_pipeline.py", *arguments])
        return run_pipeline.main()


@dataclass(frozen=True)
class Built:
    """What is there after a build."""

    status: int
    pipelines: dict[str, dict[str, Any]]
    executions: int
    keys: set[str]
    calls: set[str]

    def definition(self, name: str) -> dict[str, Any]:
        return json.loads(self.pipelines[name]["PipelineDefinition"])


@pytest.fixture(scope="module")
def builds(account: boto3.Session, project: Project) -> list[Built]:
    """Builds of one commit, of the same again, and of another one that starts nothing."""
    sagemaker, s3 = account.client("sagemaker"), account.client("s3")

    def build(commit: str, *arguments: str) -> Built:
        calls: set[str] = set()
        call = BaseClient._make_api_call

        def recorded(client: BaseClient, name: str, given: object) -> object:
            calls.add(f"{client.meta.service_model.signing_name}:{name}")
            return call(client, name, given)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(BaseClient, "_make_api_call", recorded)
            patch.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", commit)
            status = main(*arguments)
        names = [found["PipelineName"] for found in sagemaker.list_pipelines()["PipelineSummaries"]]
        started = sagemaker.list_pipeline_executions(PipelineName=project.group)["PipelineExecutionSummaries"]
        objects = s3.list_objects_v2(Bucket=project.artifacts_bucket)["Contents"]
        return Built(
            status=status,
            pipelines={name: sagemaker.describe_pipeline(PipelineName=name) for name in names},
            executions=len(started),
            keys={found["Key"] for found in objects},
            calls=calls,
        )

    return [build(COMMITS[0]), build(COMMITS[0]), build(COMMITS[1], "--no-start")]


def test_a_build_can_be_run_again(builds: list[Built], project: Project) -> None:
    first, again, _ = builds
    assert (first.status, again.status) == (0, 0)
    for name in (project.group, f"{project.group}-ingestion"):
        assert again.definition(name) == first.definition(name)
    assert again.keys == first.keys
    assert (first.executions, again.executions) == (1, 2)


def test_a_build_calls_what_its_role_may_and_nothing_else(builds: list[Built]) -> None:
    """No bucket is looked for or made, no role is simulated, and nobody is told."""
    needed = {"ssm:GetParametersByPath", "s3:PutObject", "sagemaker:CreatePipeline"}
    assert builds[0].calls == {*needed, "sagemaker:StartPipelineExecution"}
    tags = {"sagemaker:ListTags", "sagemaker:AddTags"}
    assert builds[-1].calls == {*needed, *tags, "sagemaker:UpdatePipeline"}


def test_each_pipeline_has_its_role(builds: list[Built], project: Project) -> None:
    assert {name: found["RoleArn"] for name, found in builds[0].pipelines.items()} == {
        project.group: project.roles["PipelineRole"],
        f"{project.group}-ingestion": project.roles["IngestionPipelineRole"],
    }


def test_a_run_that_nobody_started_says_whose_code_it_is(builds: list[Built], project: Project) -> None:
    last = builds[-1]
    defaults = {each["Name"]: each.get("DefaultValue") for each in last.definition(project.group)["Parameters"]}
    assert defaults["Commit"] == COMMITS[1]
    assert defaults["CommitAuthor"] == "ada@example.com"
    assert last.executions == builds[1].executions


def test_the_steps_run_what_was_uploaded(builds: list[Built], project: Project) -> None:
    last = builds[-1]
    jobs = [
        step["Arguments"]
        for name in last.pipelines
        for step in last.definition(name)["Steps"]
        if step["Type"] == "Processing"
    ]
    run = set()
    for job in jobs:
        [code] = [each["S3Input"] for each in job["ProcessingInputs"] if each["InputName"] == "code"]
        script = job["AppSpecification"]["ContainerEntrypoint"][-1].removeprefix(f"{code['LocalPath']}/")
        run.add(f"{code['S3Uri']}/{script}".removeprefix(f"s3://{project.artifacts_bucket}/"))
    scripts = ("process", "baseline", "evaluate", "ingest")
    assert run == {f"code/{project.name}/{COMMITS[1]}/{script}.py" for script in scripts}
    assert run <= last.keys


def test_a_project_without_a_feature_group_ingests_nothing(
    account: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Pipeline:
        name = "training"

        def upsert(self, **_: object) -> None:
            pass

    monkeypatch.setenv("FEATURE_GROUP", "")
    monkeypatch.setattr(run_pipeline, "training_pipeline", lambda _: Pipeline())
    monkeypatch.setattr(run_pipeline, "ingestion_pipeline", None)
    assert main("--no-start") == 0
    assert "pipeline training is up to date" in capsys.readouterr().out


@pytest.mark.parametrize("path", ["keys/data", "keys/storage", "buckets/artifacts", "roles/JobRole"])
def test_a_missing_parameter_is_one_message(
    account: boto3.Session, parameters: dict[str, str], capsys: pytest.CaptureFixture[str], path: str
) -> None:
    name = f"/{PREFIX}/{path}"
    ssm = account.client("ssm")
    ssm.delete_parameter(Name=name)
    status = main()
    ssm.put_parameter(Name=name, Value=parameters[name], Type="String")
    assert status == 1
    [error] = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: SSM parameter {name} is missing in this account. Ask")


@pytest.mark.parametrize("name", ["PLATFORM_PREFIX", "PROJECT_ID", "CODEBUILD_RESOLVED_SOURCE_VERSION"])
def test_a_missing_variable_is_one_message(
    account: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.delenv(name)
    assert main() == 1
    [error] = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: The environment variable {name} is not set")


def test_a_refusal_of_aws_is_one_message(
    account: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_pipeline, "upload", lambda s3, _: s3.head_bucket(Bucket="not-there"))
    assert main() == 1
    [error] = capsys.readouterr().err.splitlines()
    assert error.startswith("error: An error occurred (404)")


class Commits:
    """A repository whose commits all have one author."""

    def get_commit(self, *, repositoryName: str, commitId: str) -> dict[str, Any]:  # noqa: N803 (the API's names)
        assert (repositoryName, commitId) == ("sagemaker-rings", COMMITS[0])
        return {"commit": {"author": {"email": "eve@example.com"}}}


ORIGINS = {
    "a connection says who": (
        {"COMMIT_AUTHOR": "ada@example.com", "REPOSITORY_NAME": ""},
        {"commit_author": "ada@example.com"},
    ),
    "CodeCommit is asked": (
        {"COMMIT_AUTHOR": "", "REPOSITORY_NAME": "sagemaker-rings"},
        {"commit_author": "eve@example.com"},
    ),
    "nobody says": ({"COMMIT_AUTHOR": "", "REPOSITORY_NAME": ""}, {"commit_author": "unknown"}),
    "who started it": ({}, {"source_identity": "codepipeline/rings", "commit": COMMITS[0]}),
    # SageMaker API reference, CustomerMetadataProperties.
    "the registry's characters": (
        {"COMMIT_AUTHOR": "Ada <ada@example.com>, x"},
        {"commit_author": "Ada -ada@example.com-- x"},
    ),
    "the registry's length": ({"COMMIT_AUTHOR": "a" * 300}, {"commit_author": "a" * 256}),
}


@pytest.mark.parametrize("case", ORIGINS)
def test_the_origin_of_the_code(account: boto3.Session, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    variables, expected = ORIGINS[case]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert expected.items() <= run_pipeline.origin(Commits()).items()
