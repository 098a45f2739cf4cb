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
from policy.adapters.template_text import TemplateError, parse
from policy.model import UNKNOWN
from policy.template import check, main
from tests.components import sdk

sdk.load()
from components.config import load  # noqa: E402 - the SDK warns when it is imported for the first time
from components.projects import configuration_of  # noqa: E402
from tests.seed import products  # noqa: E402

CONFIG = stackfile.rehearsed(ROOT, "dev")
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
GOLDEN = ROOT / "seed" / "deploy" / "repository" / "tests" / "golden"


def endpoint(stage: str) -> dict[str, Any]:
    """An endpoint's template as the deploy build generates it."""
    return json.loads((GOLDEN / f"endpoint-{stage}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", products.PRODUCTS)
def test_the_products_violate_no_rule(name: str) -> None:
    template = products.body(name)
    types = {resource.token for stack in cloudformation.stacks(template, {}) for resource in stack.resources}
    assert {"aws:codebuild/project:Project", "aws:codepipeline/pipeline:Pipeline", "aws:s3/bucket:Bucket"} <= types
    assert [(one.rule.id, one.resource.name, one.message) for one in check(template, CONFIG) if one.stops] == []


@pytest.mark.parametrize("stage", ["staging", "prod"])
def test_the_endpoints_violate_no_rule(stage: str) -> None:
    assert [(one.rule.id, one.resource.name, one.message) for one in check(endpoint(stage), CONFIG) if one.stops] == []


def test_an_archive_in_an_existing_models_bucket_is_the_environment_s() -> None:
    template = endpoint("prod")
    template["Resources"]["Model"]["Properties"]["PrimaryContainer"]["ModelDataUrl"] = "s3://our-models/m.tar.gz"
    assert {one.rule.id for one in check(template, CONFIG) if one.stops} == {"SM-18"}
    given = {**CONFIG, "mlops:buckets": json.dumps({"existing": {"models": "our-models"}})}
    published = json.loads(configuration_of(given, load(given).accounts))["config"]
    assert [one.message for one in check(template, published) if one.stops] == []


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
    "SM-18 data that is no archive": (
        "Model",
        "PrimaryContainer",
        {
            "Image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost",
            "ModelDataSource": {"S3DataSource": {"S3Uri": "s3://elsewhere/m/"}},
        },
    ),
    "SM-22 a shadow": ("EndpointConfig", "ShadowProductionVariants", [{"EnableSSMAccess": True}]),
    "SM-25 a definition elsewhere": (
        "DataQualitySchedule",
        "MonitoringScheduleConfig",
        {"MonitoringJobDefinitionName": "elsewhere"},
    ),
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
    assert rule.split(maxsplit=1)[0] in {one.rule.id for one in check(template, CONFIG) if one.stops}


def test_a_group_open_to_everybody_and_a_secret_of_a_build_are_found() -> None:
    template = products.body("build_train")
    (group,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::SageMaker::ModelPackageGroup")
    group["Properties"]["ModelPackageGroupPolicy"]["Statement"][0]["Principal"] = "*"
    (build,) = (each for each in template["Resources"].values() if each["Type"] == "AWS::CodeBuild::Project")
    build["Properties"]["Environment"]["EnvironmentVariables"].append({"Name": "API_TOKEN", "Value": "x"})
    assert {"SM-29", "CB-04"} <= {one.rule.id for one in check(template, CONFIG) if one.stops}


def test_each_way_in_which_a_condition_comes_out_is_looked_at() -> None:
    choice = {"Type": "String", "AllowedValues": ["YES", "NO"]}
    isolation = {"Fn::If": ["Open", False, True]}
    template = {
        "Parameters": {"Choice": choice},
        "Conditions": {"Open": {"Fn::Equals": [{"Ref": "Choice"}, "YES"]}},
        "Resources": {"Model": {"Type": "AWS::SageMaker::Model", "Properties": {"EnableNetworkIsolation": isolation}}},
    }
    assert "SM-17" in {one.rule.id for one in check(template, CONFIG) if one.stops}
    closed = check(template, CONFIG, parameters={"Choice": "NO"})
    assert "SM-17" not in {one.rule.id for one in closed}


_P = {"Ref": "P"}
CONDITIONS: Mapping[str, tuple[Mapping[str, object], Mapping[str, object]]] = {
    "on the stack's name": ({"Fn::Equals": [{"Ref": "AWS::StackName"}, "x"]}, {}),
    "on a table": ({"Fn::Equals": [{"Fn::FindInMap": ["A", _P, "c"]}, "x"]}, {"Type": "String"}),
    "on what a function gives": ({"Fn::Equals": [_P, {"Fn::Sub": "x"}]}, {"Type": "String"}),
    "on a number": ({"Fn::Equals": [_P, "1"]}, {"Type": "Number", "AllowedValues": [1]}),
    "on a number in two ways": ({"Fn::Equals": ["8", 8]}, {}),
    "on a flag": ({"Fn::Equals": [_P, "true"]}, {"Type": "String", "AllowedValues": [True]}),
    "on a list": (
        {"Fn::Equals": [{"Fn::Join": ["", _P]}, "xx"]},
        {"Type": "CommaDelimitedList", "AllowedValues": ["x"]},
    ),
    "on its denial": ({"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::StackId"}, "x"]}]}, {}),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_a_condition_that_nothing_decides_comes_out_both_ways(case: str) -> None:
    condition, parameter = CONDITIONS[case]
    template = endpoint("prod")
    template["Parameters"]["P"] = parameter
    template["Conditions"] = {"C": condition}
    model = template["Resources"]["Model"]["Properties"]
    model["VpcConfig"] = {"Fn::If": ["C", {"Ref": "AWS::NoValue"}, model["VpcConfig"]]}
    template["Resources"]["Open"] = {"Type": "AWS::SageMaker::Model", "Condition": "C", "Properties": {}}
    found = {(one.rule.id, one.resource.name) for one in check(template, CONFIG) if one.stops}
    assert {("SM-16", "Model"), ("SM-16", "Open")} <= found


def test_conditions_that_are_too_many_to_look_at_are_refused() -> None:
    names = [f"P{index}" for index in range(12)]
    template = {
        "Parameters": {name: {"Type": "String", "AllowedValues": ["a", "b"]} for name in names},
        "Conditions": {name: {"Fn::Equals": [{"Ref": name}, "a"]} for name in names},
        "Resources": {},
    }
    with pytest.raises(TemplateError, match="more than"):
        check(template, CONFIG)


_ANYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
CATALOG: Mapping[str, tuple[str, Mapping[str, object], str]] = {
    "a launch in no role": (
        "SC-01",
        {
            "Type": "AWS::ServiceCatalog::PortfolioProductAssociation",
            "Properties": {"PortfolioId": "a", "ProductId": "b"},
        },
        "no launch constraint",
    ),
    "a share": (
        "SC-02",
        {"Type": "AWS::ServiceCatalog::PortfolioShare", "Properties": {"PortfolioId": "a", "AccountId": "9" * 12}},
        "is offered",
    ),
    "a product of others": (
        "SC-04",
        {
            "Type": "AWS::ServiceCatalog::CloudFormationProduct",
            "Properties": {"ProvisioningArtifactParameters": [{"Info": {"LoadTemplateFromURL": "https://elsewhere"}}]},
        },
        "elsewhere",
    ),
    "a stack within": (
        "SC-04",
        {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://x.s3.amazonaws.com/y"}},
        "no bucket of the environment: https://x",
    ),
    "a user's policy": (
        "IAM-01",
        {"Type": "AWS::IAM::UserPolicy", "Properties": {"PolicyDocument": _ANYTHING}},
        "",
    ),
    "a group's policy": (
        "IAM-01",
        {"Type": "AWS::IAM::GroupPolicy", "Properties": {"PolicyDocument": _ANYTHING}},
        "",
    ),
    "a replica": (
        "KMS-03",
        {
            "Type": "AWS::KMS::ReplicaKey",
            "Properties": {"KeyPolicy": {"Statement": {**_ANYTHING["Statement"], "Principal": "*"}}},
        },
        "",
    ),
    "a parameter": (
        "SSM-01",
        {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/x/password", "Type": "String", "Value": "x"}},
        "everybody",
    ),
    "a role that decides": (
        "IAM-21",
        {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "Policies": [
                    {
                        "PolicyName": "x",
                        "PolicyDocument": {
                            "Statement": {"Effect": "Allow", "Action": "sagemaker:UpdateModelPackage", "Resource": "*"}
                        },
                    }
                ]
            },
        },
        "any approval status",
    ),
}


@pytest.mark.parametrize("name", CATALOG)
def test_types_of_other_shapes_are_looked_at(name: str) -> None:
    rule, resource, says = CATALOG[name]
    found = [one.message for one in check({"Resources": {"It": resource}}, CONFIG) if one.rule.id == rule]
    assert any(says in message for message in found), found


def test_a_launch_role_constraint_is_a_constraint() -> None:
    ends = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
    role = {"RoleArn": "arn:aws:iam::111111111111:role/x"}
    template: Mapping[str, Any] = {
        "Resources": {
            "Portfolio": {"Type": "AWS::ServiceCatalog::Portfolio", "Properties": {}},
            "Product": {"Type": "AWS::ServiceCatalog::CloudFormationProduct", "Properties": {}},
            "Pair": {"Type": "AWS::ServiceCatalog::PortfolioProductAssociation", "Properties": ends},
            "Launch": {"Type": "AWS::ServiceCatalog::LaunchRoleConstraint", "Properties": {**ends, **role}},
        }
    }
    assert "SC-01" not in {one.rule.id for one in check(template, CONFIG)}


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
    "a joined text": ({"Fn::Join": ["-", ["x", {"Ref": "Known"}]]}, "x-value"),
    "a joined text of what is not known": ({"Fn::Join": ["-", ["x", {"Ref": "Other"}]]}, UNKNOWN),
    "a text with its own values": ({"Fn::Sub": ["x-${A}-${!B}", {"A": {"Ref": "Known"}}]}, "x-value-${B}"),
    "a joined dynamic reference": ({"Fn::Join": ["", ["{{", "resolve:ssm:/x}}"]]}, UNKNOWN),
    "a function beside a value": ({"Fn::If": ["C", "a", "b"], "Other": 1}, UNKNOWN),
    "a flag as text": ("True", True),
    "another function": ({"Fn::ImportValue": "x"}, UNKNOWN),
    "nested": ({"Some": [{"KmsKeyId": {"Ref": "Other"}}]}, {"some": [{"kmsKeyId": UNKNOWN}]}),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_are_resolved_as_far_as_the_template_goes(case: str) -> None:
    given, wanted = VALUES[case]
    template = {"Resources": {"Thing": {"Type": "AWS::SageMaker::Model", "Properties": {"X": given}}}}
    [resource] = next(cloudformation.stacks(template, {"Known": "value"})).resources
    assert resource.properties["x"] == wanted


TEXTS: Mapping[str, tuple[str, str]] = {
    "a macro": ("Transform: AWS::Serverless-2016-10-31\nResources: {}\n", "macro"),
    "a macro in a resource": ("Resources:\n  A:\n    Fn::Transform: {Name: AWS::Include}\n", "macro"),
    "a macro in short": ("Resources:\n  A: !Transform {Name: AWS::Include}\n", "macro"),
    "a macro in JSON": ('{"Resources": {"A": {"Fn::Transform": {"Name": "AWS::Include"}}}}', "macro"),
    "a module": ("Resources:\n  A: {Type: 'Our::Own::Thing::MODULE'}\n", "module"),
    "a key twice": ("Resources:\n  A: {Type: X}\n  A: {Type: Y}\n", "twice"),
    "a key twice in a function": ("Resources:\n  A: !Sub {Type: X, Type: Y}\n", "twice"),
    "a key twice in JSON": ('{"Resources": {"A": 1, "A": 2}}', "twice"),
    "a key twice, once as a number": ("Resources: {1: a, '1': b}\n", "twice"),
    "bytes": ("Resources: !!binary dHJ1ZQ==\n", "value"),
    "a set": ("Resources: !!set {a}\n", "value"),
    "what holds itself": ("Resources: &a [*a]\n", "value"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_text_in_which_another_template_may_be_read_is_refused(case: str) -> None:
    text, says = TEXTS[case]
    with pytest.raises(TemplateError, match=says):
        parse(text)


def test_a_key_that_is_a_number_is_a_text() -> None:
    assert parse("Resources: {1: {2: !Ref A}}\n") == {"Resources": {"1": {"2": {"Ref": "A"}}}}


def test_references_join() -> None:
    template = {
        "Resources": {
            "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Bucket"}}},
            "Foreign": {"Type": "Some::Other::Type"},
        }
    }
    [stack] = cloudformation.stacks(template, {})
    [bucket] = stack.of("aws:s3/bucket:Bucket")
    for token in ("aws:s3/bucketPolicy:BucketPolicy", "aws:s3/bucketVersioning:BucketVersioning"):
        assert len(stack.users(bucket, token, "bucket")) == 1
    assert [each.token for each in stack.resources if not each.token.startswith("aws:s3/")] == ["Some::Other::Type"]


def test_a_reference_counts_where_its_condition_has_it() -> None:
    chosen = {"Fn::If": ["C", {"Ref": "First"}, {"Fn::GetAtt": ["Second", "BucketName"]}]}
    template = {
        "Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::StackName"}, "x"]}},
        "Resources": {
            "First": {"Type": "AWS::S3::Bucket"},
            "Second": {"Type": "AWS::S3::Bucket"},
            "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": chosen}},
        },
    }
    policed = [
        [bucket.name for bucket in stack.of("aws:s3/bucket:Bucket") if stack.users(bucket, POLICY, "bucket")]
        for stack in cloudformation.stacks(template, {})
    ]
    assert policed == [["First"], ["Second"]]


@pytest.mark.parametrize(
    "template", [{}, {"Resources": None}, {"Resources": {"X": None}}, {"Resources": {"X": {"Type": {}}}}]
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


def test_a_file_that_is_no_template_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"config": CONFIG}), encoding="utf-8")
    for index, text in enumerate(("a: [", "Outputs: {}", "[]")):
        path = tmp_path / f"{index}.yaml"
        path.write_text(text, encoding="utf-8")
        assert main([str(path), "--config", str(config)]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    template = tmp_path / "template.json"
    template.write_text('{"Resources": {}}', encoding="utf-8")
    assert main([str(template), "--config", str(template)]) == 2
    assert "no configuration of the rules" in capsys.readouterr().err


def test_yaml_is_read_and_findings_are_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, config = tmp_path / "template.yaml", tmp_path / "config.json"
    config.write_text(json.dumps({"config": CONFIG}), encoding="utf-8")
    path.write_text(
        "Resources:\n  M:\n    Type: AWS::SageMaker::Model\n    Properties:\n      ModelName: !Sub 'x-${AWS::Region}'\n",
        encoding="utf-8",
    )
    assert main([str(path), "--config", str(config), "--json"]) == 1
    found = {one["rule"]: one for one in json.loads(capsys.readouterr().out)}
    assert found["SM-17"]["resource"] == "M"
    assert found["SM-17"]["level"] == "mandatory"
    assert found["SM-17"]["remediation"]
