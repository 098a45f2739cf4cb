"""The seed repositories' notebooks, executed in simulated accounts as in Studio: what they show, what they leave there, what they may."""

import json
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pytest

from components.config import load
from components.documents import Document, templates
from components.documents.roles import people
from components.environment import Environment
from components.names import Bucket
from ops import lifecycle, seed, stackfile
from tests.components.documents.requests import Context, allows, denies

Json = dict[str, Any]
SEED = seed.ROOT / "seed"
NOTEBOOKS = tuple(sorted(SEED.glob("*/repository/*.ipynb")))
EXPERIMENT, PROJECT, DEPLOY = "sagemaker-pipeline", "sagemaker-pipelines-project", "sagemaker-model-deploy"
GROUP, DEPLOYMENT = "rings-p-build0000001", "rings-deploy-p-deploy000001"
PROJECT_ID = "sagemaker:project-id"

_ACTIONS: Mapping[str, str] = {"s3:HeadObject": "s3:GetObject", "s3:ListObjectsV2": "s3:ListBucket"}
"""API call -> the action that IAM asks for, where it has another name (service authorization reference, "Actions for Amazon S3")."""


class Executed:
    """What the notebooks' run left in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def said(self, notebook: str, cell: str) -> str:
        """Text that a cell put out."""
        cells = json.loads((self._folder / f"{notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
        [found] = [each for each in cells if each["id"] == cell]
        return "\n".join("".join(each.get("text") or each["data"]["text/plain"]) for each in found["outputs"])

    @cached_property
    def facts(self) -> Json:
        """What the accounts held afterwards."""
        return json.loads((self._folder / "facts.json").read_text(encoding="utf-8"))

    @cached_property
    def calls(self) -> list[Json]:
        """What was asked of AWS."""
        files = [path.read_text(encoding="utf-8") for path in self._folder.glob("calls-*.jsonl")]
        return [json.loads(line) for file in files for line in file.splitlines()]


def run(folder: Path) -> Executed:
    """All three notebooks, from first to last cell, over what a rehearsed stack made, with few rows."""
    world = lifecycle.world_of("dev", folder)
    data = folder / "abalone.csv"
    sample = SEED / "build_train" / "repository" / "sample_data.py"
    assert seed.run([sample, data, "--rows", "400", "--noise", "0.5"]).returncode == 0
    variables = {"PYTHONPATH": str(SEED), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    done = seed.run(["-m", "lifecycle.notebooks", world, folder, data], folder=folder, environment=variables)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return Executed(folder)


# What they show and leave ---------------------------------------------------------------------------------------------------------------


def an_experiment_is_refused_by_its_own_threshold_and_leaves_nothing(executed: Executed) -> None:
    assert "Refuse" in executed.said(EXPERIMENT, "define")
    assert "RmseThreshold" in executed.said(EXPERIMENT, "parameters")
    assert "key/" in executed.said(EXPERIMENT, "guards")
    assert "more than RmseThreshold 0.5" in executed.said(EXPERIMENT, "watch")
    assert {"rmse", "mae", "r2"} <= set(executed.said(EXPERIMENT, "metrics").split())
    assert {"F", "I", "M", "mean_error"} <= set(executed.said(EXPERIMENT, "bias").split())
    assert f"{GROUP}-ada-experiment" in executed.said(EXPERIMENT, "end")
    assert executed.facts["pipelines"] == [f"{GROUP}-ingestion"]


def a_project_gets_its_data_under_its_key(executed: Executed) -> None:
    stored = executed.facts["data"]
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert f"under {stored['SSEKMSKeyId']}, version {stored['VersionId']}" in executed.said(PROJECT, "upload")
    assert "rings/input/abalone.csv: " in executed.said(PROJECT, "upload")


def a_project_registers_a_version_that_says_of_what_it_is_made(executed: Executed) -> None:
    assert executed.said(PROJECT, "train").split()[-1] == "Succeeded"
    registered = executed.facts["registered"]
    assert registered["ModelApprovalStatus"] == "PendingManualApproval"
    made = registered["CustomerMetadataProperties"]
    assert made["source_identity"] == "ada"
    assert made["data_version"] == executed.facts["data"]["VersionId"]
    table = executed.said(PROJECT, "versions")
    assert {"PendingManualApproval", "rmse", made["commit"], made["data_version"]} <= set(table.split())


def a_project_fills_its_feature_group(executed: Executed) -> None:
    assert executed.said(PROJECT, "ingestion").split()[-1] == "Succeeded"
    assert executed.facts["ingested"] == 400


def a_deployment_is_followed_to_production(executed: Executed) -> None:
    assert f"model-package/{GROUP}/2 --model-approval-status Approved" in executed.said(DEPLOY, "approve")
    followed = executed.said(DEPLOY, "deploy")
    assert "TestProduction Test" in followed
    assert followed.split()[-1] == "Succeeded"
    assert serving(executed, "serving") == {("staging", "222222222222", "2"), ("prod", "333333333333", "2")}


def what_the_tests_of_a_stage_measured_is_shown(executed: Executed) -> None:
    for stage in ("staging", "prod"):
        shown = executed.said(DEPLOY, f"test-{stage}").split()
        assert {"rmse", "latency-p95-ms", "malformed-too-large", "serves-on", "ok"} <= set(shown)
        assert "FAILED" not in shown


def a_rejection_brings_the_version_before_back(executed: Executed) -> None:
    assert f"model-package/{GROUP}/2 --model-approval-status Rejected" in executed.said(DEPLOY, "reject")
    assert executed.said(DEPLOY, "roll-back").split()[-1] == "Succeeded"
    assert serving(executed, "served") == {("staging", "222222222222", "1"), ("prod", "333333333333", "1")}


def the_clean_up_leaves_the_endpoints_to_the_administrator_and_deletes_the_projects(executed: Executed) -> None:
    commands = executed.said(DEPLOY, "removal")
    for stage, account in (("staging", "222222222222"), ("prod", "333333333333")):
        name = f"sagemaker-{DEPLOYMENT}-deploy-{stage}"
        assert f"delete-stack-instances --stack-set-name {name} --accounts {account} --regions eu-west-1" in commands
        assert f"delete-stack-set --stack-set-name {name}" in commands
    for notebook in (PROJECT, DEPLOY):
        assert "deleted" in executed.said(notebook, "clean-up")
    assert executed.facts["projects"] == {}


def serving(executed: Executed, cell: str) -> set[tuple[str, str, str]]:
    """Stage, account and version of a table of what serves."""
    rows = [line.split() for line in executed.said(DEPLOY, cell).strip().splitlines()[1:]]
    return {(row[1], row[2], row[3]) for row in rows}


# What they may --------------------------------------------------------------------------------------------------------------------------


@cache
def rehearsed() -> Environment:
    return Environment.of(load(stackfile.rehearsed(seed.ROOT, "dev")))


def studio() -> Document:
    return people.data_scientist_studio(rehearsed(), rehearsed().development)


def request(call: str, given: Json) -> tuple[str, str, Context]:
    """Action, resource (`*` where it does not matter) and condition keys of a call."""
    names, account = rehearsed().names, rehearsed().development
    action = _ACTIONS.get(call, call)
    if call.startswith("s3:"):
        key = f"/{given['Key']}" if "Key" in given else ""
        return action, f"arn:aws:s3:::{given['Bucket']}{key}", {"s3:prefix": given.get("Prefix", "")}
    if call.startswith("sagemaker:") and "PipelineName" in given:
        arn = names.arn("sagemaker", f"pipeline/{given['PipelineName']}", account=account)
        where = "Request" if call == "sagemaker:CreatePipeline" else "Resource"
        tags = given.get("Tags", [{"Key": PROJECT_ID, "Value": "p-build0000001"}])
        return action, arn, {f"aws:{where}Tag/{tag['Key']}": tag["Value"] for tag in tags}
    if call.startswith("codepipeline:"):
        return action, names.arn("codepipeline", given.get("name", given.get("pipelineName", "")), account=account), {}
    if call.startswith("cloudformation:"):
        return action, names.arn("cloudformation", f"stackset/{given['StackSetName']}:1", account=account), {}
    return action, "*", {}


def refuses(call: str, given: Json) -> bool:
    """Whether Studio's role may not make a call."""
    action, resource, context = request(call, given)
    return not allows(studio(), action, context, resource) or bool(denies(studio(), action, context, resource))


def studios_role_may_do_all_that_they_do(executed: Executed) -> None:
    called = {each["call"] for each in executed.calls}
    assert called >= {"s3:PutObject", "sagemaker:StartPipelineExecution", "cloudformation:DescribeStackSet"}
    assert [each for each in executed.calls if refuses(each["call"], each["parameters"])] == []


def test_what_they_show_and_leave_and_ask_for(tmp_path: Path) -> None:
    """One test, for they are run once: workers share no fixture."""
    executed = run(tmp_path)
    an_experiment_is_refused_by_its_own_threshold_and_leaves_nothing(executed)
    a_project_gets_its_data_under_its_key(executed)
    a_project_registers_a_version_that_says_of_what_it_is_made(executed)
    a_project_fills_its_feature_group(executed)
    a_deployment_is_followed_to_production(executed)
    what_the_tests_of_a_stage_measured_is_shown(executed)
    a_rejection_brings_the_version_before_back(executed)
    the_clean_up_leaves_the_endpoints_to_the_administrator_and_deletes_the_projects(executed)
    studios_role_may_do_all_that_they_do(executed)


@pytest.mark.parametrize(
    ("call", "given"),
    [
        ("s3:PutObject", {"Key": "results/rings/evaluation.json"}),
        ("s3:DeleteObject", {"Key": "rings/input/abalone.csv"}),
        ("sagemaker:DeletePipeline", {"PipelineName": f"{GROUP}-ingestion"}),
        ("sagemaker:DeleteModelPackage", {}),
        ("sagemaker:UpdateModelPackage", {}),
        ("sagemaker:InvokeEndpoint", {}),
        ("codepipeline:PutApprovalResult", {"pipelineName": f"sagemaker-{DEPLOYMENT}-deploy"}),
        ("cloudformation:DeleteStackSet", {"StackSetName": f"sagemaker-{DEPLOYMENT}-deploy-prod"}),
    ],
)
def test_what_the_notebooks_leave_to_others_studio_may_not(call: str, given: Json) -> None:
    assert refuses(call, {"Bucket": rehearsed().names.bucket(Bucket.DATA, rehearsed().development), **given})


@pytest.mark.parametrize("verb", ["DeleteStackInstances", "DeleteStackSet"])
def test_the_administrator_may_do_what_is_left_to_it(verb: str) -> None:
    action, resource, _ = request(f"cloudformation:{verb}", {"StackSetName": f"sagemaker-{DEPLOYMENT}-deploy-prod"})
    administrator = people.platform_administrator(rehearsed(), rehearsed().development)
    assert allows(administrator, action, {}, resource)


# How they are kept ----------------------------------------------------------------------------------------------------------------------


def cells(path: Path, kind: str = "code") -> list[Json]:
    return [each for each in json.loads(path.read_text(encoding="utf-8"))["cells"] if each["cell_type"] == kind]


def test_there_are_three() -> None:
    assert sorted(path.stem for path in NOTEBOOKS) == sorted([EXPERIMENT, PROJECT, DEPLOY])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_that_a_run_put_out_is_kept(path: Path) -> None:
    assert len(cells(path)) > 5
    assert [each["id"] for each in cells(path) if each["outputs"] or each["execution_count"] is not None] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_run_of_all_cells_deletes_no_project(path: Path) -> None:
    """A person has to say so in the only cell that does."""
    deleting = ["".join(each["source"]) for each in cells(path) if "delete_project" in "".join(each["source"])]
    assert len(deleting) == (path.stem != EXPERIMENT)
    assert all(text.startswith("clean_up = False\nif clean_up:\n") for text in deleting)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_they_are_published_and_named_in_the_readme(path: Path) -> None:
    published = templates.files(path.parent)
    assert published[path.name] == path.read_bytes()
    assert path.name in published["README.md"].decode()


def test_both_repositories_know_studio_alike() -> None:
    build, deploy = (SEED / product / "repository" / "studio.py" for product in ("build_train", "deploy"))
    assert build.read_bytes() == deploy.read_bytes()
