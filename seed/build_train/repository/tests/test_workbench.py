"""What the notebooks do with the project, told by stand-ins of the services."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import studio
import workbench
from botocore.exceptions import ClientError
from platform_settings import StopError
from project import Project


class Service:
    """Any service: operation -> its answer, or what it raises."""

    def __init__(self, **answers: Any) -> None:
        self.answers, self.asked = answers, dict[str, Any]()

    def __getattr__(self, operation: str) -> Any:
        def answer(**given: Any) -> Any:
            self.asked[operation] = given
            found = self.answers[operation]
            if isinstance(found, Exception):
                raise found
            return found

        return answer


class Session:
    """A session with these services."""

    region_name = "eu-west-1"

    def __init__(self, **services: Service) -> None:
        self._services = services

    def client(self, name: str) -> Service:
        return self._services[name]


def refused(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationException", "Message": "no such thing"}}, operation)


# Which project ----------------------------------------------------------------------------------------------------------------------------


def variables(*given: tuple[str, str, str]) -> Service:
    found = [{"name": name, "value": value, "type": kind} for name, value, kind in given]
    return Service(batch_get_projects={"projects": [{"environment": {"environmentVariables": found}}]})


def test_a_repository_knows_its_project_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "__file__", str(tmp_path / "sagemaker-rings-of-p-and-q-p-1a2b3c4d5e6f" / "studio.py"))
    monkeypatch.setenv("PROJECT_NAME", "another")
    builds = variables(("PROJECT_NAME", "rings", "PLAINTEXT"), ("PACKAGES", "/p/packages", "PARAMETER_STORE"))
    sagemaker = Service(describe_project={"ProjectId": "p-1a2b3c4d5e6f"})
    studio.enter(Session(sagemaker=sagemaker, codebuild=builds), "build")
    assert sagemaker.asked == {"describe_project": {"ProjectName": "rings-of-p-and-q"}}
    assert builds.asked["batch_get_projects"] == {"names": ["sagemaker-rings-of-p-and-q-p-1a2b3c4d5e6f-build"]}
    assert studio.os.environ["PROJECT_NAME"] == "rings"
    assert "PACKAGES" not in studio.os.environ


@pytest.mark.parametrize(
    ("name", "sagemaker", "codebuild", "said"),
    [
        ("", Service(), Service(), "does not say which project this is"),
        ("rings", Service(describe_project=refused("DescribeProject")), Service(), "There is no project rings"),
        (
            "rings",
            Service(describe_project={"ProjectId": "p-1"}),
            Service(batch_get_projects={"projects": []}),
            "has no build sagemaker-rings-p-1-build",
        ),
    ],
)
def test_a_project_that_cannot_be_told_is_one_message(
    name: str, sagemaker: Service, codebuild: Service, said: str
) -> None:
    with pytest.raises(StopError, match=said):
        studio.enter(Session(sagemaker=sagemaker, codebuild=codebuild), "build", name)


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"DomainId": "d", "SpaceName": "s"}, "ada"),
        ({"DomainId": "d", "SpaceName": "s", "UserProfileName": "default"}, "ada"),
        ({"DomainId": "d", "UserProfileName": "grace"}, "grace"),
    ],
)
def test_who_works_here_is_who_owns_the_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metadata: dict[str, str], name: str
) -> None:
    file = tmp_path / "resource-metadata.json"
    monkeypatch.setattr(studio, "METADATA", file)
    session = Session(sagemaker=Service(describe_space={"OwnershipSettings": {"OwnerUserProfileName": "ada"}}))
    with pytest.raises(StopError, match="run the notebook in Studio"):
        studio.person(session)
    file.write_text(json.dumps(metadata), encoding="utf-8")
    assert studio.person(session) == name


# Data and executions ------------------------------------------------------------------------------------------------------------------------


def test_data_go_where_the_pipeline_looks_under_the_data_key(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "any.csv"
    file.write_text("M,1\n", encoding="utf-8")
    s3 = Service(put_object={"VersionId": "v1"})
    assert workbench.upload_data(s3, project, file) == "v1"
    asked = s3.asked["put_object"]
    assert (asked["Bucket"], asked["Key"]) == (project.data_bucket, "rings/input/abalone.csv")
    assert (asked["ServerSideEncryption"], asked["SSEKMSKeyId"]) == ("aws:kms", project.data_key)


@pytest.mark.parametrize("url", ["s3://other/rings/input/abalone.csv", "s3://platform-data/others/input/abalone.csv"])
def test_data_that_others_provide_are_not_written(project: Project, tmp_path: Path, url: str) -> None:
    with pytest.raises(StopError, match="whoever provides them"):
        workbench.upload_data(Service(), replace(project, input_url=url), tmp_path / "any.csv")


def test_results_that_are_not_there_are_none(project: Project) -> None:
    s3 = Service(list_objects_v2={"KeyCount": 0})
    assert workbench.evaluation(s3, project, "arn:aws:sagemaker:eu-west-1:1:pipeline/p/execution/e1") == {}
    assert s3.asked["list_objects_v2"]["Prefix"] == "results/rings/e1/evaluation/evaluation.json"


def test_a_project_without_a_build_says_so() -> None:
    with pytest.raises(StopError, match="The first build makes it"):
        workbench._built(Service(describe_pipeline=refused("DescribePipeline")), "rings-p-1")


def test_what_goes_on_is_printed_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(studio, "EVERY", 0)
    looks = iter([({"a": "runs"}, False), ({"a": "runs"}, False), ({"a": "done", "b": "done"}, True)])
    studio.follow(lambda: next(looks))
    assert capsys.readouterr().out.split() == ["a", "runs", "a", "done", "b", "done"]
