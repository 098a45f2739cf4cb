"""What the notebook looks at: versions, the deployment's runs, what their tests said, and what serves. Nothing here changes anything.

Only what Studio's roles may do. They neither decide about versions nor call endpoints: ModelApprover and the test stage do, and it is seen here.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from platform_settings import StopError
from project import Clients, Project
from registry import describe
from serving import Served, served, stack_set_of
from stages import STAGES
from studio import follow

_RUNNING = ("InProgress", "Stopping")
_LOOKS = 60
"""Looks for a run that a decision should start, before it is given up."""

_TEST = {"staging": "TestStaging", "prod": "TestProduction"}
"""Stage -> the CodePipeline's stage that tests it."""

_BUILD = re.compile(r"sagemaker-[\w-]+:[\w-]+")
"""Id of a build of a project, as CodePipeline has it; other actions have others."""

_CHECK = re.compile(
    r"(?P<account>\d{12}) (?P<result>ok|FAILED)\s+(?P<check>[\w-]+): (?P<measured>.*) \(limit (?P<limit>.*)\)"
)
"""A line of `endpoint_test.py`."""


def pipeline_of(project: Project) -> str:
    """Name of the project's CodePipeline."""
    return f"sagemaker-{project.stem}-deploy"


def versions(clients: Clients, project: Project) -> Iterator[dict[str, Any]]:
    """The group's versions, newest first: who made them, who approved them, since when they serve."""
    pages = clients("sagemaker").get_paginator("list_model_packages").paginate(ModelPackageGroupName=project.group)
    arns = {
        each["ModelPackageVersion"]: each["ModelPackageArn"]
        for page in pages
        for each in page["ModelPackageSummaryList"]
    }
    for number in sorted(arns, reverse=True):
        version = describe(clients("sagemaker"), arns[number])
        keys = ("commit_author", "source_identity", "approved_by", *(f"deployed_{stage}_at" for stage in STAGES))
        yield {
            "version": number,
            "status": version.status,
            **{key: version.metadata.get(key, "") for key in keys},
            "arn": version.arn,
        }


def decide(arn: str, status: str) -> str:
    """The command with which a ModelApprover decides about a version; the registry's page does the same."""
    return f"aws sagemaker update-model-package --model-package-arn {arn} --model-approval-status {status}"


def newest_run(clients: Clients, project: Project) -> str:
    """Id of the newest run of the deployment; empty when there was none."""
    found = clients("codepipeline").list_pipeline_executions(pipelineName=pipeline_of(project), maxResults=1)
    return next((each["pipelineExecutionId"] for each in found["pipelineExecutionSummaries"]), "")


def watch(clients: Clients, project: Project, *, after: str) -> str:
    """Wait for a run that follows another, and print its actions as they go on, until it is over.

    Args:
        clients: Of the development account.
        project: The project.
        after: Id of the newest run before.

    Returns:
        Its status; why an action failed is printed before.

    Raises:
        StopError: None began.
    """
    name, codepipeline = pipeline_of(project), clients("codepipeline")
    looks = iter(range(_LOOKS))
    status = ""

    def look() -> tuple[Mapping[str, str], bool]:
        nonlocal status
        run = newest_run(clients, project)
        if run == after:
            if next(looks, None) is None:
                raise StopError(
                    f"No run of {name} began. A decision of a ModelApprover starts one; run this cell again when there is one"
                )
            return {name: "waits for a decision"}, False
        # Before the actions, so that none is missed that ends meanwhile.
        summary = codepipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=run)["pipelineExecution"]
        status = summary["status"]
        actions = _of_run(codepipeline.get_pipeline_state(name=name), run)
        return {action: latest["status"] for action, latest in actions}, status not in _RUNNING

    follow(look)
    if status == "Failed":
        state = codepipeline.get_pipeline_state(name=name)
        print("\n".join(_reasons(clients, state, newest_run(clients, project))))
    print(status)
    return status


def test_results(clients: Clients, project: Project, stage: str) -> list[dict[str, str]]:
    """What the last test of a stage checked, from its build's log.

    Raises:
        StopError: There was no test.
    """
    state = clients("codepipeline").get_pipeline_state(name=pipeline_of(project))
    builds = [
        action["latestExecution"]["externalExecutionId"]
        for each in state["stageStates"]
        if each["stageName"] == _TEST[stage]
        for action in each["actionStates"]
        if action.get("latestExecution", {}).get("externalExecutionId")
    ]
    if not builds:
        raise StopError(f"The stage {_TEST[stage]} of {pipeline_of(project)} has tested nothing yet")
    return [found.groupdict() for found in map(_CHECK.match, _log(clients, builds[0])) if found]


def stages(clients: Clients, project: Project) -> dict[str, Served | None]:
    """Stage -> what serves it; None for one that was not deployed, or was removed."""
    return {stage: served(clients("cloudformation"), stack_set_of(project.stem, stage)) for stage in STAGES}


def serving(clients: Clients, project: Project) -> list[dict[str, str]]:
    """What serves, a line for each stage and account."""
    return [
        {"stage": stage, "account": account, "version": state.version.rpartition("/")[2], "stack": status}
        for stage, state in stages(clients, project).items()
        if state
        for account, status in sorted(state.accounts.items())
    ]


def removal(clients: Clients, project: Project) -> list[str]:
    """The commands with which a PlatformAdministrator removes what was deployed; none when nothing is left."""
    return [
        line
        for stage, state in stages(clients, project).items()
        if state
        for line in (
            (
                f"aws cloudformation delete-stack-instances --stack-set-name {stack_set_of(project.stem, stage)} "
                f"--accounts {' '.join(sorted(state.accounts))} --regions {clients.region} --no-retain-stacks"
            ),
            f"aws cloudformation delete-stack-set --stack-set-name {stack_set_of(project.stem, stage)}",
        )
    ]


def _of_run(state: Mapping[str, Any], run: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Actions and what a run did with them; what earlier ones did is left out."""
    for stage in state["stageStates"]:
        if stage.get("latestExecution", {}).get("pipelineExecutionId") == run:
            for action in stage["actionStates"]:
                if "latestExecution" in action:
                    yield f"{stage['stageName']} {action['actionName']}", action["latestExecution"]


def _reasons(clients: Clients, state: Mapping[str, Any], run: str) -> Iterator[str]:
    """Why actions failed: what CodePipeline says, and what a build said itself."""
    for name, latest in _of_run(state, run):
        if latest["status"] == "Failed":
            yield f"{name}: {latest.get('errorDetails', {}).get('message', 'failed')}"
            build = latest.get("externalExecutionId", "")
            if _BUILD.fullmatch(build):
                yield from (line for line in _log(clients, build) if line.startswith("error:"))


def _log(clients: Clients, build: str) -> Iterator[str]:
    """All lines of a build's log; its last page is the one whose token comes again."""
    [found] = clients("codebuild").batch_get_builds(ids=[build])["builds"]
    place = {"logGroupName": found["logs"]["groupName"], "logStreamName": found["logs"]["streamName"]}
    token: dict[str, str] = {}
    while True:
        page = clients("logs").get_log_events(**place, startFromHead=True, **token)
        yield from (event["message"].strip() for event in page["events"])
        if token.get("nextToken") == page["nextForwardToken"]:
            return
        token = {"nextToken": page["nextForwardToken"]}
