"""The endpoint's template: held by a readable golden file, and every property that security rests on by a test of its own."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from endpoint_template import PARAMETERS, Endpoint, template
from platform_fake import DIGEST, FEATURES, IMAGE, MODELS, PREFIX
from stages import STAGES, read_stages

GOLDEN = Path(__file__).parent / "golden"


def endpoint(stage: str = "prod", **changes: Any) -> Endpoint:
    given = Endpoint(
        prefix=PREFIX,
        project_name="abalone",
        project_id="p-deploy123456",
        stage=stage,
        choices=read_stages()[stage],
        image=f"{IMAGE}@{DIGEST}",
        artifact_url=f"s3://{MODELS}/abalone/models/1/output/model.tar.gz",
        environment={},
        baseline_url=f"s3://{MODELS}/abalone/baseline/1",
        features=FEATURES,
        drift_threshold=0.1,
        rmse_limit=2.3,
        monitor_image="468650794304.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-model-monitor-analyzer",
    )
    return replace(given, **changes)


def with_everything(stage: str) -> Endpoint:
    return endpoint(stage, choices=replace(read_stages()[stage], model_quality=True), environment={"LEVEL": "1"})


def of(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [resource["Properties"] for resource in made["Resources"].values() if resource["Type"] == f"AWS::{kind}"]


# Golden -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_golden(stage: str) -> None:
    """To accept a change: write what `template` makes to the file and read the difference."""
    text = json.dumps(template(endpoint(stage)), indent=2) + "\n"
    assert text == (GOLDEN / f"endpoint-{stage}.json").read_text(encoding="utf-8")


def test_cfn_lint(tmp_path: Path) -> None:
    files = []
    for stage in STAGES:
        files.append(str(tmp_path / f"{stage}.json"))
        Path(files[-1]).write_text(json.dumps(template(with_everything(stage))), encoding="utf-8")
    code = "import sys; from cfnlint.runner import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code, "-t", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


# What security rests on ---------------------------------------------------------------------------------------------------------------


def findings(made: dict[str, Any]) -> Iterator[str]:
    """What an endpoint's template must have; names of what is missing."""
    for model in of(made, "SageMaker::Model"):
        yield from ("isolation",) if model.get("EnableNetworkIsolation") is not True else ()
        yield from ("network",) if model.get("VpcConfig", {}).keys() != {"Subnets", "SecurityGroupIds"} else ()
        yield from ("digest",) if "@sha256:" not in model["PrimaryContainer"]["Image"] else ()
        yield from ("role",) if model.get("ExecutionRoleArn") != {"Ref": "ModelRole"} else ()
    for config in of(made, "SageMaker::EndpointConfig"):
        yield from ("volume-key",) if config.get("KmsKeyId") != {"Ref": "StorageKey"} else ()
        capture = config.get("DataCaptureConfig", {})
        yield from ("capture",) if not capture.get("EnableCapture") or len(capture["CaptureOptions"]) != 2 else ()
        yield from ("capture-key",) if capture.get("KmsKeyId") != {"Ref": "DataKey"} else ()
        yield from (
            ("zones",) if any(variant["InitialInstanceCount"] < 2 for variant in config["ProductionVariants"]) else ()
        )
    for served in of(made, "SageMaker::Endpoint"):
        deployment = served.get("DeploymentConfig", {})
        traffic = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {})
        yield from ("canary",) if traffic.get("Type") != "CANARY" else ()
        alarms = deployment.get("AutoRollbackConfiguration", {}).get("Alarms", [])
        made_alarms = {alarm["AlarmName"] for alarm in of(made, "CloudWatch::Alarm")}
        yield from (
            ("rollback",) if len(alarms) != 2 or not {alarm["AlarmName"] for alarm in alarms} <= made_alarms else ()
        )
    for group in of(made, "Logs::LogGroup"):
        yield from ("logs-key",) if group.get("KmsKeyId") != {"Ref": "LogsKey"} else ()
    for kind in ("DataQuality", "ModelQuality"):
        definitions = of(made, f"SageMaker::{kind}JobDefinition")
        yield from (f"{kind}-missing",) if not definitions else ()
        for job in definitions:
            network = job.get("NetworkConfig", {})
            yield from (f"{kind}-isolation",) if network.get("EnableNetworkIsolation") is not True else ()
            yield from (f"{kind}-traffic",) if network.get("EnableInterContainerTrafficEncryption") is not True else ()
            yield from (f"{kind}-network",) if "VpcConfig" not in network else ()
            cluster = job["JobResources"]["ClusterConfig"]
            yield from (f"{kind}-volume-key",) if cluster.get("VolumeKmsKeyId") != {"Ref": "StorageKey"} else ()
            yield from (
                (f"{kind}-output-key",) if job[f"{kind}JobOutputConfig"].get("KmsKeyId") != {"Ref": "DataKey"} else ()
            )


def test_nothing_is_missing() -> None:
    assert list(findings(template(with_everything("prod")))) == []


def drop(name: str, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        part = made["Resources"][name]["Properties"]
        for key in path[:-1]:
            part = part[key]
        del part[path[-1]]

    return change


def put(name: str, value: object, *path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        part = made["Resources"][name]["Properties"]
        for key in path[:-1]:
            part = part[key]
        part[path[-1]] = value

    return change


REMOVALS: dict[str, Callable[[dict[str, Any]], None]] = {
    "isolation": put("Model", False, "EnableNetworkIsolation"),
    "network": drop("Model", "VpcConfig", "Subnets"),
    "digest": put("Model", f"{IMAGE}:3.0-5", "PrimaryContainer", "Image"),
    "role": drop("Model", "ExecutionRoleArn"),
    "volume-key": drop("EndpointConfig", "KmsKeyId"),
    "capture": put("EndpointConfig", False, "DataCaptureConfig", "EnableCapture"),
    "capture-key": drop("EndpointConfig", "DataCaptureConfig", "KmsKeyId"),
    "zones": put("EndpointConfig", 1, "ProductionVariants", 0, "InitialInstanceCount"),
    "canary": put(
        "Endpoint", "ALL_AT_ONCE", "DeploymentConfig", "BlueGreenUpdatePolicy", "TrafficRoutingConfiguration", "Type"
    ),
    "rollback": drop("Endpoint", "DeploymentConfig", "AutoRollbackConfiguration"),
    "logs-key": drop("Logs", "KmsKeyId"),
    **{
        f"{kind}-{what}": drop(kind, *path)
        for kind in ("DataQuality", "ModelQuality")
        for what, path in {
            "isolation": ("NetworkConfig", "EnableNetworkIsolation"),
            "traffic": ("NetworkConfig", "EnableInterContainerTrafficEncryption"),
            "network": ("NetworkConfig", "VpcConfig"),
            "volume-key": ("JobResources", "ClusterConfig", "VolumeKmsKeyId"),
            "output-key": (f"{kind}JobOutputConfig", "KmsKeyId"),
        }.items()
    },
}


@pytest.mark.parametrize("what", REMOVALS)
def test_each_removal_is_found(what: str) -> None:
    made = copy.deepcopy(template(with_everything("prod")))
    REMOVALS[what](made)
    assert list(findings(made)) == [what]


# What else it must be -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("instances", "expected"), [(1, "ALL_AT_ONCE"), (2, "CANARY"), (5, "CANARY")])
def test_traffic(instances: int, expected: str) -> None:
    choices = replace(read_stages()["staging"], instances=instances, max_instances=9)
    [made] = of(template(endpoint("staging", choices=choices)), "SageMaker::Endpoint")
    assert made["DeploymentConfig"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] == expected


def test_an_endpoint_that_does_not_scale() -> None:
    """Its instance type can be changed, which SageMaker refuses while a scaling target is registered."""
    fixed = replace(read_stages()["prod"], max_instances=2)
    made = template(endpoint(choices=fixed))["Resources"]
    assert not {name for name in made if name.startswith("Scaling")}


def test_alarms_that_start_retraining_are_told_from_those_that_roll_back() -> None:
    names = [alarm["AlarmName"] for alarm in of(template(with_everything("prod")), "CloudWatch::Alarm")]
    stem = f"{PREFIX}-abalone-p-deploy123456-prod"
    assert sorted(names) == sorted(
        [
            f"{stem}-5xx",
            f"{stem}-latency",
            *(f"{stem}-drift-data-{number}" for number in (1, 2, 3)),
            f"{stem}-drift-model",
        ]
    )


def test_drift_alarms_watch_every_column_within_their_limit() -> None:
    made = template(endpoint())
    alarms = [alarm for alarm in of(made, "CloudWatch::Alarm") if "drift-data" in alarm["AlarmName"]]
    watched = {
        metric["MetricStat"]["Metric"]["MetricName"]
        for alarm in alarms
        for metric in alarm["Metrics"]
        if "MetricStat" in metric
    }
    assert watched == {f"feature_baseline_drift_{name}" for name in FEATURES}
    assert all(sum("MetricStat" in metric for metric in alarm["Metrics"]) <= 10 for alarm in alarms)


@pytest.mark.parametrize("stage", STAGES)
def test_no_dependency_is_circular(stage: str) -> None:
    made = template(with_everything(stage))["Resources"]
    needs = {name: _needed(resource, set(made)) for name, resource in made.items()}
    while needs:
        ready = {name for name, others in needs.items() if not others & needs.keys()}
        assert ready, f"circular: {needs}"
        needs = {name: others for name, others in needs.items() if name not in ready}


def _needed(value: Any, names: set[str]) -> set[str]:
    if isinstance(value, dict):
        after = value.get("DependsOn", [])
        own = {after} if isinstance(after, str) else set(after)
        own |= {value["Ref"]} if isinstance(value.get("Ref"), str) else set()
        own |= {value["Fn::GetAtt"][0]} if "Fn::GetAtt" in value else set()
        return (own & names).union(*(_needed(part, names) for part in value.values()))
    return set().union(*(_needed(part, names) for part in value)) if isinstance(value, list) else set()


def test_the_endpoint_waits_for_the_alarms_that_roll_it_back() -> None:
    assert set(template(endpoint())["Resources"]["Endpoint"]["DependsOn"]) == {"Logs", "Errors", "Latency"}


def test_a_region_without_monitor_has_no_schedule() -> None:
    made = template(endpoint(monitor_image=None))
    assert not of(made, "SageMaker::MonitoringSchedule")
    assert "MonitoringRole" not in made["Parameters"]


def test_parameters_name_exactly_our_ssm_parameters() -> None:
    made = template(with_everything("prod"))["Parameters"]
    del made["ModelPackageArn"]
    assert {name: parameter["AllowedValues"] for name, parameter in made.items()} == {
        name: [f"/{PREFIX}/{path}"] for name, path in PARAMETERS.items()
    }


UNTAGGED = {"AWS::ApplicationAutoScaling::ScalingPolicy": "has no property for tags"}


@pytest.mark.parametrize("stage", STAGES)
def test_tags(stage: str) -> None:
    """Everything carries the project; the table lists what cannot."""
    made = template(with_everything(stage))["Resources"].values()
    untagged = {resource["Type"] for resource in made if "Tags" not in resource["Properties"]}
    assert untagged == set(UNTAGGED)
    for resource in made:
        tags = {tag["Key"]: tag["Value"] for tag in resource["Properties"].get("Tags", [])}
        if tags:
            assert tags["sagemaker:project-id"] == "p-deploy123456"
            assert tags["sagemaker:project-name"] == "abalone"
            assert tags["mlops:environment"] == PREFIX


def test_longest_names_fit() -> None:
    """A project's name has 30 characters at most, its id 20; SageMaker's names have 63 and an alarm's 255."""
    made = template(replace(with_everything("staging"), project_name="n" * 30, project_id="p-" + "i" * 18))
    [served] = of(made, "SageMaker::Endpoint")
    schedules = [schedule["MonitoringScheduleName"] for schedule in of(made, "SageMaker::MonitoringSchedule")]
    assert max(map(len, [served["EndpointName"], *schedules])) <= 63


def test_small_enough_for_a_stack_set() -> None:
    assert len(json.dumps(template(with_everything("prod")))) < 51_200
