"""The interpreter of pipeline definitions: references, functions, conditions, failures, and what it does not know."""

from pathlib import Path
from typing import Any

import pytest

from lifecycle.jobs import Execution, StepFailedError, UnknownKindError


def execution(tmp_path: Path, *steps: dict[str, Any]) -> Execution:
    return Execution(
        id="e1",
        arn="arn:e1",
        definition={"Steps": list(steps)},
        parameters={"Threshold": 2.6, "Url": "s3://b/k"},
        s3=None,
        sagemaker=None,
        scratch=tmp_path,
        report=lambda _step, _said: None,
        environment={"PATH": "/usr/bin:/bin"},
    )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("plain", "plain"),
        ({"Get": "Parameters.Threshold"}, 2.6),
        ({"Get": "Execution.PipelineExecutionId"}, "e1"),
        ({"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}, 1]}}, "s3://b/e1/1"),
        ({"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}, "s3://m"),
        ({"Get": "Steps.Process.Outputs['train'].Uri"}, "s3://t"),
        ({"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"}, "Path": "a.b"}}, 3),
        ([{"Get": "Parameters.Url"}, {"x": {"Get": "Parameters.Url"}}], ["s3://b/k", {"x": "s3://b/k"}]),
    ],
)
def test_values_are_resolved(tmp_path: Path, given: Any, found: Any) -> None:
    run = execution(tmp_path)
    run.steps = {
        "Train": {"ModelArtifacts": {"S3ModelArtifacts": "s3://m"}},
        "Process": {"Outputs": {"train": {"Uri": "s3://t"}}},
    }
    report = tmp_path / "report.json"
    report.write_text('{"a": {"b": 3}}', encoding="utf-8")
    run.files = {"Evaluate.Report": report}
    assert run.value(given) == found


@pytest.mark.parametrize("given", [{"Std:Sum": [1, 2]}, {"Get": "Secrets.x"}, {"Get": "Execution.Unknown"}])
def test_what_is_not_known_is_named(tmp_path: Path, given: Any) -> None:
    with pytest.raises(UnknownKindError, match=r"Std:Sum|Secrets\.x|Execution\.Unknown"):
        execution(tmp_path).value(given)


def test_an_unknown_kind_of_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownKindError, match="Step Odd: steps of type Callback"):
        execution(tmp_path, {"Name": "Odd", "Type": "Callback", "Arguments": {}}).run()


def gate(error: float) -> dict[str, Any]:
    fail = {
        "Name": "Refuse",
        "Type": "Fail",
        "Arguments": {
            "ErrorMessage": {"Std:Join": {"On": " ", "Values": ["more than", {"Get": "Parameters.Threshold"}]}}
        },
    }
    condition = {"Type": "LessThanOrEqualTo", "LeftValue": error, "RightValue": {"Get": "Parameters.Threshold"}}
    return {
        "Name": "Gate",
        "Type": "Condition",
        "Arguments": {"Conditions": [condition], "IfSteps": [], "ElseSteps": [fail]},
    }


def test_a_gate_lets_through_or_fails_with_its_reason(tmp_path: Path) -> None:
    assert execution(tmp_path, gate(2.6)).run() == {"Gate": {"Outcome": True}}
    with pytest.raises(StepFailedError, match=r"more than 2\.6"):
        execution(tmp_path, gate(2.7)).run()


def test_steps_that_wait_for_each_other_are_an_error(tmp_path: Path) -> None:
    steps = [
        {"Name": name, "Type": "Fail", "Arguments": {}, "DependsOn": [other]}
        for name, other in (("A", "B"), ("B", "A"))
    ]
    with pytest.raises(StepFailedError, match="wait for each other"):
        execution(tmp_path, *steps).run()


def test_a_script_that_fails_says_so_in_its_last_line(tmp_path: Path) -> None:
    app = {
        "ContainerEntrypoint": ["python3", "-c"],
        "ContainerArguments": ["import sys; print('x'); sys.exit('error: row 2')"],
    }
    run = execution(tmp_path, {"Name": "Process", "Type": "Processing", "Arguments": {"AppSpecification": app}})
    (tmp_path / "e1" / "Process").mkdir(parents=True)
    with pytest.raises(StepFailedError, match="Step Process failed: error: row 2"):
        run.run()
