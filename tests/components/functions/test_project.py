"""The function behind the custom resources: what it asks of AWS, and that CloudFormation always gets its answer."""

import hashlib
import importlib.util
import json
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from ops import seed

CODE = Path(seed.ROOT) / "components" / "functions" / "project.py"
PREFIX = "sm-mlops-dev-eu-west-1"
REPOSITORY = {"RepositoryName": "sagemaker-churn-p-1"}
GROUP = {"ModelPackageGroupName": "churn-p-1"}
GROUP_ARN = "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/churn-p-1"


class ClientError(Exception):
    """As botocore's."""

    def __init__(self, code: str) -> None:
        super().__init__(f"An error occurred ({code})")
        self.response = {"Error": {"Code": code}}


class Client:
    """Both clients that the function makes: it notes calls, and answers or fails."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, *, tags: Mapping[str, str], failure: Exception | None) -> None:
        self.calls: list[tuple[str, Mapping[str, str]]] = []
        self._tags, self._failure = tags, failure

    def __getattr__(self, name: str) -> Callable[..., Mapping[str, Any]]:
        def call(**arguments: str) -> Mapping[str, Any]:
            self.calls.append((name, arguments))
            if self._failure is not None:
                raise self._failure
            return {
                "ModelPackageGroupArn": GROUP_ARN,
                "Tags": [{"Key": key, "Value": value} for key, value in self._tags.items()],
            }

        return call


@contextmanager
def listening(status: int = 200) -> Generator[tuple[str, list[tuple[str, dict[str, Any]]]]]:
    """CloudFormation's address for an answer, and what was put there: content type and JSON."""
    received: list[tuple[str, dict[str, Any]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the library's names
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/answer?signature=x", received
        server.shutdown()


def load(monkeypatch: pytest.MonkeyPatch, client: Client) -> ModuleType:
    """The function's module as Lambda loads it, over a fake SDK."""

    def make(_service: str) -> Client:
        return client

    monkeypatch.setitem(sys.modules, "boto3", cast("ModuleType", SimpleNamespace(client=make)))
    monkeypatch.setenv("APPROVAL_RULE_TEMPLATE", f"{PREFIX}-main")
    monkeypatch.setenv("ENVIRONMENT", PREFIX)
    spec = importlib.util.spec_from_file_location("index", CODE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request(kind: str, properties: Mapping[str, str], **more: object) -> dict[str, Any]:
    """A request as CloudFormation sends it."""
    return {
        "RequestType": kind,
        "ResponseURL": "",
        "StackId": "arn:aws:cloudformation:eu-west-1:111111111111:stack/SC-1/x",
        "RequestId": "r-1",
        "LogicalResourceId": "ApprovalRule",
        "ResourceProperties": {"ServiceToken": "arn", **properties},
        **more,
    }


def handle(
    monkeypatch: pytest.MonkeyPatch,
    event: dict[str, Any],
    *,
    tags: Mapping[str, str] | None = None,
    failure: Exception | None = None,
) -> tuple[Client, dict[str, Any]]:
    """Handle one request; the client, and the one answer."""
    client = Client(tags={"mlops:environment": PREFIX} if tags is None else tags, failure=failure)
    module = load(monkeypatch, client)
    with listening() as (url, received):
        module.handler({**event, "ResponseURL": url}, SimpleNamespace(log_stream_name="2026/11/26/x"))
    ((content_type, answer),) = received
    assert content_type == ""  # what the address was signed with
    assert len(json.dumps(answer)) <= 4_096  # CloudFormation user guide, "Custom resource response objects"
    assert {key: answer[key] for key in ("StackId", "RequestId", "LogicalResourceId")} == {
        key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")
    }
    return client, answer


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_repository_gets_the_rule_of_main(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, answer = handle(monkeypatch, request(kind, REPOSITORY))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "sagemaker-churn-p-1")
    given = {"approvalRuleTemplateName": f"{PREFIX}-main", "repositoryName": "sagemaker-churn-p-1"}
    assert client.calls == [("associate_approval_rule_template_with_repository", given)]


def test_a_group_of_this_environment_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    client, answer = handle(monkeypatch, request("Create", GROUP))
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "churn-p-1")
    assert [name for name, _ in client.calls] == ["describe_model_package_group", "list_tags"]


@pytest.mark.parametrize("properties", [REPOSITORY, GROUP], ids=["repository", "group"])
def test_a_deletion_does_nothing_and_succeeds(properties: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of a thing that was never made, whose rollback asks for it."""
    event = request("Delete", properties, PhysicalResourceId="what-was-made")
    client, answer = handle(monkeypatch, event, failure=ClientError("AccessDenied"))
    assert (answer["Status"], answer["PhysicalResourceId"], client.calls) == ("SUCCESS", "what-was-made", [])


FOREIGN: dict[str, object] = {"tags": {"mlops:environment": "other-dev-eu-west-1"}}


# What is asked, what AWS holds -> words of the reason.
class MissingError(ClientError):
    """There is no such branch."""


class Repository(Client):
    """A repository: each commit is its files, each branch the number of a commit."""

    exceptions = SimpleNamespace(ClientError=ClientError, BranchDoesNotExistException=MissingError)

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(tags={}, failure=None)
        self.commits = [dict(files)]
        self.branches = {"main": 0}

    def get_branch(self, **asked: str) -> Mapping[str, Any]:
        if asked["branchName"] not in self.branches:
            raise MissingError("BranchDoesNotExistException")
        return {"branch": {"commitId": str(self.branches[asked["branchName"]])}}

    def create_branch(self, **asked: str) -> None:
        self.branches[asked["branchName"]] = int(asked["commitId"])

    def get_folder(self, **asked: str) -> Mapping[str, Any]:
        folder = f"{asked['folderPath'].strip('/')}/".removeprefix("/")
        held = self.commits[int(asked["commitSpecifier"])]
        below = {path: path.removeprefix(folder) for path in held if path.startswith(folder)}
        return {
            "files": [
                {"absolutePath": path, "blobId": hashlib.sha1(b"blob %d\0" % len(held[path]) + held[path]).hexdigest()}  # noqa: S324 - git's own
                for path, rest in below.items()
                if "/" not in rest
            ],
            "subFolders": [
                {"absolutePath": folder + name}
                for name in {rest.partition("/")[0] for rest in below.values() if "/" in rest}
            ],
        }

    def create_commit(self, **asked: Any) -> None:  # noqa: ANN401 - as the API has it
        assert asked["parentCommitId"] == str(self.branches[asked["branchName"]])
        files = dict(self.commits[self.branches[asked["branchName"]]])
        for each in asked["putFiles"]:
            assert files.get(each["filePath"]) != each["fileContent"], "CodeCommit: SameFileContentException"
            files[each["filePath"]] = each["fileContent"]
        for each in asked["deleteFiles"]:
            del files[each["filePath"]]
        self.branches[asked["branchName"]] = len(self.commits)
        self.commits.append(files)


def test_a_later_seed_is_offered_beside_main(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """From the first seed on, so that a merge keeps what the project changed; once, and only what came with the function."""
    first = {"README.md": b"1", "steps/a.py": b"1", "steps/b.py": b"1"}
    later = {"README.md": b"1", "steps/a.py": b"2", "tests/golden/c.json": b"2"}
    for name, files in {"aa": first, "bb": later}.items():
        for path, content in files.items():
            target = tmp_path / "seed" / "deploy" / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    repository = Repository(first)
    module = load(monkeypatch, repository)
    monkeypatch.setattr(module, "_HERE", tmp_path)

    def offered(name: str) -> Mapping[str, int]:
        assert module.serve({**REPOSITORY, "SeedKey": f"seed/deploy/{name}.zip"}) == REPOSITORY["RepositoryName"]
        return repository.branches

    assert offered("aa") == {"main": 0, "seed": 0}
    repository.commits.append({**first, "steps/a.py": b"own"})
    repository.branches["main"] = 1
    for name in ("bb", "bb", "unknown"):
        assert offered(name) == {"main": 1, "seed": 2}
    assert repository.commits[2:] == [later]


REFUSED: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any], str]] = {
    "missing": (
        GROUP,
        {"failure": ClientError("ValidationException")},
        "There is no model package group churn-p-1. Use",
    ),
    "foreign": (GROUP, FOREIGN, f"The model package group churn-p-1 is not of {PREFIX}. Use"),
    "untagged": (GROUP, {"tags": {}}, f"is not of {PREFIX}. Use"),
    "nothing": ({}, {}, "Neither RepositoryName nor ModelPackageGroupName is given"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_refused_in_words(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    properties, held, words = REFUSED[case]
    _, answer = handle(monkeypatch, request("Create", properties), **held)
    assert answer["Status"] == "FAILED"
    assert words in answer["Reason"]
    assert "Error" not in answer["Reason"]
    assert answer["PhysicalResourceId"] == "ApprovalRule"


@pytest.mark.parametrize(
    ("properties", "failure"),
    [
        (REPOSITORY, ClientError("ApprovalRuleTemplateDoesNotExistException")),
        (GROUP, ClientError("ThrottlingException")),
        (GROUP, KeyError("Tags")),
        (REPOSITORY, RuntimeError("long " * 2_000)),
    ],
)
def test_its_own_failure_is_answered_too(
    properties: Mapping[str, str], failure: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With where its log is; a group that could not be looked up is not said to be missing."""
    event = request("Update", properties, PhysicalResourceId="what-was-made")
    _, answer = handle(monkeypatch, event, failure=failure)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "what-was-made")
    assert answer["Reason"].startswith(f"{type(failure).__name__}: ")
    assert answer["Reason"].endswith("Log: 2026/11/26/x")
    assert type(failure).__name__ in caplog.text


def test_an_answer_that_is_not_taken_is_a_failure_that_lambda_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    module = load(monkeypatch, Client(tags={}, failure=None))
    with listening(status=503) as (url, received), pytest.raises(OSError, match="503"):
        module.handler(request("Delete", GROUP, ResponseURL=url), SimpleNamespace(log_stream_name=""))
    assert len(received) == 1


CALLS = """
import boto3, importlib.util, os, sys
from botocore.stub import Stubber

spec = importlib.util.spec_from_file_location("index", sys.argv[1])
index = importlib.util.module_from_spec(spec)
spec.loader.exec_module(index)
clients = {name: boto3.client(name, region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x") for name in ("codecommit", "sagemaker")}
index.boto3 = type("Fake", (), {"client": staticmethod(clients.__getitem__)})
with Stubber(clients["codecommit"]) as commits, Stubber(clients["sagemaker"]) as models:
    commits.add_response("associate_approval_rule_template_with_repository", {}, {"approvalRuleTemplateName": "rule", "repositoryName": "r"})
    commits.add_client_error("get_branch", "BranchDoesNotExistException", expected_params={"repositoryName": "r", "branchName": "seed"})
    commits.add_response("get_branch", {"branch": {"commitId": "c"}}, {"repositoryName": "r", "branchName": "main"})
    commits.add_response("create_branch", {}, {"repositoryName": "r", "branchName": "seed", "commitId": "c"})
    found = {"commitId": "c", "folderPath": "/", "subFolders": [{"absolutePath": "steps"}], "files": []}
    commits.add_response("get_folder", found, {"repositoryName": "r", "commitSpecifier": "c", "folderPath": "/"})
    found = {"commitId": "c", "folderPath": "steps", "subFolders": [], "files": [{"absolutePath": "steps/old.py", "blobId": "b"}]}
    commits.add_response("get_folder", found, {"repositoryName": "r", "commitSpecifier": "c", "folderPath": "steps"})
    commits.add_response("create_commit", {"commitId": "d"})
    arn = "arn:aws:sagemaker:eu-west-1:111111111111:model-package-group/g"
    found = {"ModelPackageGroupName": "g", "ModelPackageGroupArn": arn, "CreationTime": 0, "CreatedBy": {}, "ModelPackageGroupStatus": "Completed"}
    models.add_response("describe_model_package_group", found, {"ModelPackageGroupName": "g"})
    models.add_response("list_tags", {"Tags": [{"Key": "mlops:environment", "Value": "P"}]}, {"ResourceArn": arn})
    models.add_client_error("describe_model_package_group", "ValidationException", "ModelPackageGroup none does not exist.")
    print(index.serve({"RepositoryName": "r"}), index.serve({"ModelPackageGroupName": "g"}))
    index._HERE = index.Path(sys.argv[1]).parent.parent  # the function's own folder stands for a seed
    index.serve({"RepositoryName": "r", "SeedKey": "functions.zip"})
    try:
        index.serve({"ModelPackageGroupName": "none"})
    except index.RefusedError as error:
        print(error)
"""


def test_its_calls_are_those_of_the_sdk() -> None:
    """The SDK's stubs hold calls and answers against the services' models."""
    environment = {"APPROVAL_RULE_TEMPLATE": "rule", "ENVIRONMENT": "P"}
    done = seed.run(["-c", CALLS, CODE], environment=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("r g\nThere is no model package group none.")
