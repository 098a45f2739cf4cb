"""What the notebook sees of a deployment, told by stand-ins of the services."""

from collections.abc import Iterator
from typing import Any

import delivery
import pytest
import studio
from platform_settings import StopError
from project import Project

PROJECT = Project(prefix="p", name="rings", id="p-1", group="g")
BUILD = "sagemaker-rings-p-1-release:b1"
LINES = [
    "[Container] Running command python endpoint_test.py\n",
    "111111111111 ok     rmse: 2.19 (limit 2.4)\n",
    "111111111111 FAILED capture: {'a': None} (limit {'a': (1)})\n",
    "error: rings-p-1-staging failed 111111111111: capture\n",
]


class Services:
    """CodePipeline, CodeBuild and CloudWatch Logs; the log comes in pages of one line."""

    region = "eu-west-1"

    def __init__(self, *runs: tuple[str, str], states: list[dict[str, Any]]) -> None:
        self._runs: Iterator[tuple[str, str]] = iter(runs)
        self._states = states
        self._now = ("", "")

    def __call__(self, _service: str) -> "Services":
        return self

    def list_pipeline_executions(self, **_: Any) -> dict[str, Any]:
        self._now = next(self._runs, self._now)
        return {"pipelineExecutionSummaries": [{"pipelineExecutionId": self._now[0]}] if self._now[0] else []}

    def get_pipeline_execution(self, **_: Any) -> dict[str, Any]:
        return {"pipelineExecution": {"status": self._now[1]}}

    def get_pipeline_state(self, **_: Any) -> dict[str, Any]:
        return {"stageStates": self._states}

    def batch_get_builds(self, ids: list[str]) -> dict[str, Any]:
        assert ids == [BUILD]
        return {"builds": [{"logs": {"groupName": "g", "streamName": "s"}}]}

    def get_log_events(self, *, nextToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803
        page = int(nextToken)
        following = min(page + 1, len(LINES))
        return {"events": [{"message": line} for line in LINES[page:following]], "nextForwardToken": str(following)}


def stage(name: str, run: str, status: str, **latest: Any) -> dict[str, Any]:
    action = {"actionName": "Test", "latestExecution": {"status": status, **latest}}
    execution = {"pipelineExecutionId": run, "status": status}
    return {"stageName": name, "latestExecution": execution, "actionStates": [action]}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "EVERY", 0)


def test_a_run_is_waited_for_and_followed_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    states = [stage("Build", "new", "Succeeded"), stage("Production", "old", "Failed")]
    runs = [("old", "Succeeded"), ("new", "InProgress"), ("new", "Succeeded")]
    assert delivery.watch(Services(*runs, states=states), PROJECT, after="old") == "Succeeded"
    out = capsys.readouterr().out
    assert out.split() == [
        *("sagemaker-rings-p-1-deploy", "waits", "for", "a", "decision"),
        *("Build", "Test", "Succeeded", "Succeeded"),
    ]


def test_why_a_run_failed_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    failed = {"errorDetails": {"message": "Build terminated"}, "externalExecutionId": BUILD}
    states = [stage("TestStaging", "new", "Failed", **failed)]
    assert delivery.watch(Services(("new", "Failed"), states=states), PROJECT, after="") == "Failed"
    out = capsys.readouterr().out
    assert "TestStaging Test: Build terminated\nerror: rings-p-1-staging failed 111111111111: capture\n" in out


def test_a_run_that_does_not_begin_is_given_up() -> None:
    with pytest.raises(StopError, match="No run of sagemaker-rings-p-1-deploy began"):
        delivery.watch(Services(("old", "Succeeded"), states=[]), PROJECT, after="old")


def test_what_a_stages_test_measured_is_read_from_its_log() -> None:
    services = Services(states=[stage("TestStaging", "r", "Failed", externalExecutionId=BUILD)])
    found = delivery.test_results(services, PROJECT, "staging")
    assert [(each["check"], each["result"], each["measured"], each["limit"]) for each in found] == [
        ("rmse", "ok", "2.19", "2.4"),
        ("capture", "FAILED", "{'a': None}", "{'a': (1)}"),
    ]
    with pytest.raises(StopError, match="TestProduction"):
        delivery.test_results(services, PROJECT, "prod")
