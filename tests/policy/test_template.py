"""The rules over CloudFormation: the adapter, the products' and the endpoints' templates, and the archive that builds run."""

import copy
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ops import stackfile
from ops.rehearse import ROOT
from policy import archive
from policy.adapters import cloudformation
from policy.model import UNKNOWN
from policy.template import check, main
from tests.seed import products

CONFIG = stackfile.rehearsed(ROOT, "dev")
GOLDEN = ROOT / "seed" / "deploy" / "repository" / "tests" / "golden"


def endpoint(stage: str) -> dict[str, Any]:
    """An endpoint's template as the deploy build generates it."""
    return json.loads((GOLDEN / f"endpoint-{stage}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", products.PRODUCTS)
def test_the_products_violate_no_rule(name: str) -> None:
    template = products.body(name)
    types = {resource.token for resource in cloudformation.stack(template).resources}
    assert {"aws:codebuild/project:Project", "aws:codepipeline/pipeline:Pipeline", "aws:s3/bucket:Bucket"} <= types
    assert [(one.rule.id, one.resource.name, one.message) for one in check(template, CONFIG) if one.stops] == []


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_the_endpoints_violate_no_rule(stage: str) -> None:
    assert [(one.rule.id, one.resource.name, one.message) for one in check(endpoint(stage), CONFIG) if one.stops] == []


WRONG: Mapping[str, tuple[str, str, object]] = {
    "SM-16": ("Model", "VpcConfig", None),
    "SM-17": ("Model", "EnableNetworkIsolation", False),
    "SM-18": ("Model", "PrimaryContainer", {"Image": "docker.io/x"}),
    "SM-19": ("EndpointConfig", "KmsKeyId", None),
    "SM-21": ("EndpointConfig", "DataCaptureConfig", {"DestinationS3Uri": "s3://elsewhere/x"}),
    "SM-22": ("EndpointConfig", "ProductionVariants", [{"EnableSSMAccess": True}]),
    "SM-23": ("DataQuality", "NetworkConfig", {}),
    "SM-24": ("DataQuality", "DataQualityJobOutputConfig", {}),
    "SM-25": ("DataQualitySchedule", "MonitoringScheduleConfig", {}),
    "LOG-01": ("Logs", "RetentionInDays", 7),
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_property_that_is_taken_away_is_found(rule: str) -> None:
    template = copy.deepcopy(endpoint("prod"))
    logical, name, value = WRONG[rule]
    properties = template["Resources"][logical]["Properties"]
    if value is None:
        del properties[name]
    else:
        properties[name] = value
    assert rule in {one.rule.id for one in check(template, CONFIG) if one.stops}


VALUES: Mapping[str, tuple[object, object]] = {
    "text": ("a", "a"),
    "a known parameter": ({"Ref": "Known"}, "value"),
    "a parameter": ({"Ref": "Other"}, UNKNOWN),
    "an attribute": ({"Fn::GetAtt": ["Thing", "Arn"]}, UNKNOWN),
    "a dynamic reference": ("{{resolve:ssm:/x}}", UNKNOWN),
    "a known text": ({"Fn::Sub": "x-${Known}"}, "x-value"),
    "a text": ({"Fn::Sub": "x-${Other}"}, UNKNOWN),
    "two branches alike": ({"Fn::If": ["C", "a", "a"]}, "a"),
    "two branches": ({"Fn::If": ["C", "a", "b"]}, UNKNOWN),
    "nested": ({"Some": [{"KmsKeyId": {"Ref": "Other"}}]}, {"some": [{"kmsKeyId": UNKNOWN}]}),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_are_resolved_as_far_as_the_template_goes(case: str) -> None:
    given, wanted = VALUES[case]
    template = {"Resources": {"Thing": {"Type": "AWS::SageMaker::Model", "Properties": {"X": given}}}}
    [resource] = cloudformation.stack(template, {"Known": "value"}).resources
    assert resource.properties["x"] == wanted


def test_references_join() -> None:
    template = {
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}},
            "Foreign": {"Type": "Some::Other::Type"},
        }
    }
    stack = cloudformation.stack(template)
    [bucket] = stack.of("aws:s3/bucket:Bucket")
    for token in ("aws:s3/bucketPolicy:BucketPolicy", "aws:s3/bucketVersioning:BucketVersioning"):
        assert len(stack.users(bucket, token, "bucket")) == 1
    assert len(stack.resources) == 3


@pytest.mark.parametrize(
    "template", [{}, {"Resources": None}, {"Resources": {"X": None}}, {"Resources": {"X": {"Type": 1}}}]
)
def test_a_foreign_template_breaks_nothing(template: Mapping[str, object]) -> None:
    assert check(template, CONFIG) == []


def test_the_archive_is_the_same_and_runs_alone(tmp_path: Path) -> None:
    built = archive.build()
    assert built == archive.build()
    (tmp_path / "rules.zip").write_bytes(built.content)
    (tmp_path / "config.json").write_text(json.dumps({"config": CONFIG}), encoding="utf-8")
    wrong = endpoint("prod")
    del wrong["Resources"]["Model"]["Properties"]["VpcConfig"]
    for name, template, status in (("good", endpoint("prod"), 0), ("wrong", wrong, 1)):
        (tmp_path / f"{name}.json").write_text(json.dumps(template), encoding="utf-8")
        command = [sys.executable, "-I", "-S", "rules.zip", f"{name}.json", "--config", "config.json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        assert (done.returncode, done.stderr) == (status, "")
        assert ("mandatory: SM-16 Model" in done.stdout) == bool(status)


def test_a_file_that_is_no_json_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "template.yaml"
    path.write_text("Resources: {}", encoding="utf-8")
    assert main([str(path), "--config", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
