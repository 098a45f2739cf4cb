"""The products' pipelines and what starts them: stages, files and variables that are there when they are used, and events that count."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from ops import seed
from tests.components.stacks import DEVELOPMENT
from tests.seed.products import (
    CONNECTION,
    GROUP,
    PREFIX,
    PRODUCTS,
    PROJECT,
    Json,
    complete,
    connected,
    one,
    value,
)

SEED = Path(seed.ROOT) / "seed"
LONGEST_VALUE = 1_000
"""Of an action's configuration: CodePipeline user guide, "Quotas"."""

EVERY_SOURCE = [(product, source) for product in PRODUCTS for source in ("CodeCommit", "Connection")]


def pipeline(product: str, source: str = "CodeCommit") -> Json:
    """Properties of a product's pipeline."""
    template = complete(product) if source == "CodeCommit" else connected(product)
    return one(template, "AWS::CodePipeline::Pipeline")


def actions(made: Json) -> Iterator[tuple[str, Json]]:
    """Stage and action, in the order in which they run."""
    for stage in made["Stages"]:
        for action in sorted(stage["Actions"], key=lambda each: each.get("RunOrder", 1)):
            yield stage["Name"], action


def action(stage: str, name: str) -> Json:
    """An action of the deploy pipeline."""
    [found] = [each for at, each in actions(pipeline("deploy")) if (at, each["Name"]) == (stage, name)]
    return found


def variables(configuration: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that an action sets."""
    return {each["name"]: each["value"] for each in json.loads(configuration.get("EnvironmentVariables", "[]"))}


# Form ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("product", "source"), EVERY_SOURCE)
def test_files_and_variables_are_there_when_they_are_used(product: str, source: str) -> None:
    artifacts: set[str] = set()
    namespaces: set[str] = set()
    for _, each in actions(pipeline(product, source)):
        configuration = each["Configuration"]
        inputs = [one["Name"] for one in each.get("InputArtifacts", [])]
        assert set(inputs) <= artifacts
        files = {text.partition("::")[0] for text in configuration.values() if re.match(r"\w+::", text)}
        assert files <= set(inputs)
        assert set(re.findall(r"#\{(\w+)\.", " ".join(configuration.values()))) <= namespaces
        assert len(inputs) < 2 or configuration["PrimarySource"] == "Source"
        artifacts |= {one["Name"] for one in each.get("OutputArtifacts", [])}
        namespaces |= {each["Namespace"]} if "Namespace" in each else set()
    assert "Source" in artifacts


@pytest.mark.parametrize(("product", "source"), EVERY_SOURCE)
def test_configurations_are_texts_that_fit(product: str, source: str) -> None:
    values = [text for _, each in actions(pipeline(product, source)) for text in each["Configuration"].values()]
    assert values
    assert all(isinstance(text, str) and 0 < len(text) <= LONGEST_VALUE for text in values)


def commands(script: str) -> set[str]:
    """What a build's program takes for COMMAND."""
    for node in ast.parse((SEED / "deploy" / "repository" / script).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "COMMANDS":
            return {ast.literal_eval(cast("ast.expr", key)) for key in cast("ast.Dict", node.value).keys}
    raise AssertionError(script)


def test_builds_are_asked_for_what_they_know() -> None:
    asked: dict[str, set[str]] = {}
    for _, each in actions(pipeline("deploy")):
        if each["ActionTypeId"]["Provider"] == "CodeBuild":
            given = variables(each["Configuration"])
            assert given.get("STAGE", "staging") in ("staging", "prod")
            asked.setdefault(each["Configuration"]["ProjectName"], set()).add(given["COMMAND"])
    assert asked == {
        f"sagemaker-{PROJECT}-release": commands("release.py"),
        f"sagemaker-{PROJECT}-test": commands("endpoint_test.py"),
    }


OWN = re.compile("AWS_|CODEBUILD_|SAGEMAKER_|HOME$|PATH$|DEPLOY$|VERSION$")
"""What AWS sets, and what a build says itself."""

READ = re.compile(r"""environment\("(\w+)"\)|environ(?:\.get\(|\[)"(\w+)"|\$(\w+)""")


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_variable_that_builds_read_is_set(product: str) -> None:
    repository = SEED / product / "repository"
    sources = [*repository.glob("*.py"), *repository.glob("buildspec*.yml")]
    read = {next(filter(None, found.groups())) for path in sources for found in READ.finditer(path.read_text("utf-8"))}
    template = complete(product)
    given = {
        variable["Name"]
        for build in template.of_type("AWS::CodeBuild::Project").values()
        for variable in build["Environment"]["EnvironmentVariables"]
    }
    for source in ("CodeCommit", "Connection"):
        given |= {name for _, each in actions(pipeline(product, source)) for name in variables(each["Configuration"])}
    read = {name for name in read if not OWN.match(name)}
    assert read >= {"PLATFORM_PREFIX", "PROJECT_NAME", "MODEL_PACKAGE_GROUP", "PACKAGES_DOMAIN"}
    assert read - given == set()


@pytest.mark.parametrize("product", PRODUCTS)
def test_builds_find_their_instructions_and_packages(product: str) -> None:
    for build in complete(product).of_type("AWS::CodeBuild::Project").values():
        file = SEED / product / "repository" / build["Source"]["BuildSpec"]
        assert yaml.safe_load(file.read_text(encoding="utf-8"))["phases"]
        looked_up = [
            each["Value"]
            for each in build["Environment"]["EnvironmentVariables"]
            if each.get("Type") == "PARAMETER_STORE"
        ]
        assert [value(name.removeprefix(f"/{PREFIX}/")) for name in looked_up] == [
            value("packages/domain"),
            value("packages/repository"),
        ]


# Deployment ---------------------------------------------------------------------------------------------------------------------------


def test_the_stages_of_a_deployment() -> None:
    order = [f"{stage}/{each['Name']}" for stage, each in actions(pipeline("deploy"))]
    assert order == [
        *("Source/Source", "Build/Build"),
        *("Staging/Check", "Staging/StackSet", "Staging/StackInstances", "TestStaging/Test"),
        "Approve/Approve",
        *("Production/Answers", "Production/Check", "Production/StackSet", "Production/StackInstances"),
        *("TestProduction/Test", "Record/Record"),
    ]


def test_nothing_runs_at_once_with_a_check() -> None:
    """The approval is read again right before anything is deployed, not beside it; nothing takes time in between."""
    for stage in pipeline("deploy")["Stages"]:
        orders = [each.get("RunOrder", 1) for each in stage["Actions"]]
        assert len(set(orders)) == len(orders)


def test_what_serves_already_skips_all_later_stages() -> None:
    stages = pipeline("deploy")["Stages"]
    assert [stage["Name"] for stage in stages if "BeforeEntry" not in stage] == ["Source", "Build"]
    [wanted] = {json.dumps(stage["BeforeEntry"], sort_keys=True) for stage in stages[2:]}
    [condition] = json.loads(wanted)["Conditions"]
    [rule] = condition["Rules"]
    assert condition["Result"] == "SKIP"
    assert rule["RuleTypeId"] == {"Category": "Rule", "Owner": "AWS", "Provider": "VariableCheck", "Version": "1"}
    assert rule["Configuration"] == {"Variable": "#{Release.DEPLOY}", "Operator": "EQ", "Value": "yes"}


@pytest.mark.parametrize(("stage", "short"), [("Staging", "staging"), ("Production", "prod")])
def test_a_stage_is_one_stack_set_of_its_own_accounts(stage: str, short: str) -> None:
    name = f"sagemaker-{PROJECT}-deploy-{short}"
    everywhere = {"StackSetName": name, "FailureTolerancePercentage": "0", "MaxConcurrentPercentage": "100"}
    stack_set = dict(action(stage, "StackSet")["Configuration"])
    assert short in stack_set.pop("Description")
    assert stack_set == {
        **everywhere,
        "TemplatePath": f"Release::endpoint-{short}.json",
        "Parameters": f"Release::parameters-{short}.json",
        "PermissionModel": "SELF_MANAGED",
        "AdministrationRoleArn": value("roles/StackSetAdministrationRole"),
        "ExecutionRoleName": f"{PREFIX}-StackSetExecutionRole",
    }
    assert action(stage, "StackInstances")["Configuration"] == {
        **everywhere,
        "DeploymentTargets": f"Release::accounts-{short}.json",
        "Regions": "eu-west-1",
    }
    check = action(stage, "Check")["Configuration"]
    assert variables(check) == {"COMMAND": "check", "STAGE": short}


def test_an_approver_is_told_what_is_asked() -> None:
    asked = action("Approve", "Approve")
    assert asked["ActionTypeId"] == {"Category": "Approval", "Owner": "AWS", "Provider": "Manual", "Version": "1"}
    assert asked["Configuration"]["NotificationArn"] == value("topics/approvals")
    assert "#{Release.VERSION}" in asked["Configuration"]["CustomData"]


def test_production_is_compared_with_what_it_replaces() -> None:
    assert action("Production", "Answers")["OutputArtifacts"] == [{"Name": "Answers"}]
    assert {"Name": "Answers"} in action("TestProduction", "Test")["InputArtifacts"]
    assert {"Name": "Answers"} not in action("TestStaging", "Test")["InputArtifacts"]


# Starts -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_push_to_main_is_not_polled_for(product: str) -> None:
    _, source = next(actions(pipeline(product)))
    assert source["Configuration"]["PollForSourceChanges"] == "false"
    assert source["Configuration"]["BranchName"] == "main"
    assert "Triggers" not in pipeline(product)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_push_through_a_connection_is_a_trigger(product: str) -> None:
    made = pipeline(product, "Connection")
    _, source = next(actions(made))
    assert source["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert source["Configuration"] == {
        "ConnectionArn": CONNECTION["ConnectionArn"],
        "FullRepositoryId": CONNECTION["FullRepositoryId"],
        "BranchName": "main",
        "DetectChanges": "false",
    }
    [trigger] = made["Triggers"]
    assert trigger["GitConfiguration"] == {"SourceActionName": "Source", "Push": [{"Branches": {"Includes": ["main"]}}]}
    rules = connected(product).of_type("AWS::Events::Rule")
    assert "PushRule" not in rules


def matches(pattern: Any, event: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether an event has a rule's pattern: exact values and wildcards, which is all that the products use.

    Source: EventBridge user guide, "Creating event patterns" and "Comparison operators".
    """
    if isinstance(pattern, dict):
        given = cast("Json", pattern)
        return isinstance(event, dict) and all(matches(given[key], cast("Json", event).get(key)) for key in given)
    found = cast("list[Any]", event if isinstance(event, list) else [event])
    return any(_one(each, one) for each in pattern for one in found)


def _one(pattern: Any, found: Any) -> bool:  # noqa: ANN401 - JSON
    if not isinstance(pattern, dict):
        return pattern == found
    [(operator, text)] = cast("Json", pattern).items()
    assert operator == "wildcard"
    return isinstance(found, str) and fnmatchcase(found, text)


def push(**changes: str) -> Json:
    """A push, as CodeCommit tells of it."""
    detail = {"event": "referenceUpdated", "referenceType": "branch", "referenceName": "main", **changes}
    repository = detail.pop("repository", f"sagemaker-{PROJECT}")
    return {
        "source": "aws.codecommit",
        "detail-type": "CodeCommit Repository State Change",
        "resources": [f"arn:aws:codecommit:eu-west-1:{DEVELOPMENT}:{repository}"],
        "detail": detail,
    }


def package(status: str, *fields: str, group: str = GROUP) -> Json:
    """A change of a model package; one that is new has no updated fields."""
    detail: Json = {"ModelPackageGroupName": group, "ModelApprovalStatus": status}
    if fields:
        detail["UpdatedModelPackageFields"] = list(fields)
    return {"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change", "detail": detail}


def alarm(name: str, state: str = "ALARM") -> Json:
    """A change of an alarm."""
    return {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": name, "state": {"value": state}},
    }


ENDPOINT = f"{PREFIX}-{PROJECT}"
EVENTS: Mapping[str, tuple[Json, str]] = {
    "a push to main": (push(), "PushRule"),
    "main is made": (push(event="referenceCreated"), "PushRule"),
    "main is deleted": (push(event="referenceDeleted"), ""),
    "a push to another branch": (push(referenceName="feature"), ""),
    "a tag": (push(referenceType="tag"), ""),
    "another repository": (push(repository="sagemaker-other-p-000000000000"), ""),
    "an approval": (package("Approved", "ModelApprovalStatus"), "DecisionRule"),
    "a rejection": (package("Rejected", "ModelApprovalStatus"), "DecisionRule"),
    "an approval with a description": (
        package("Approved", "ApprovalDescription", "ModelApprovalStatus"),
        "DecisionRule",
    ),
    "a decision taken back": (package("PendingManualApproval", "ModelApprovalStatus"), ""),
    "a registration": (package("PendingManualApproval"), ""),
    "a registration of an approved version": (package("Approved"), ""),
    "the record of a deployment": (package("Approved", "CustomerMetadataProperties"), ""),
    "another group's approval": (package("Approved", "ModelApprovalStatus", group=PROJECT), ""),
    "drift of data in staging": (alarm(f"{ENDPOINT}-staging-drift-data-1"), "DriftRule"),
    "drift of the model in production": (alarm(f"{ENDPOINT}-prod-drift-model"), "DriftRule"),
    "drift that is over": (alarm(f"{ENDPOINT}-prod-drift-model", "OK"), ""),
    "an endpoint that is slow": (alarm(f"{ENDPOINT}-prod-latency"), ""),
    "drift elsewhere": (alarm(f"{PREFIX}-other-p-000000000000-prod-drift-model"), ""),
    "drift in a project whose name starts with this one's": (alarm(f"{ENDPOINT}-p-000000000000-prod-drift-model"), ""),
}
"""What happens, and which rule of the deploy template it is for."""


@pytest.mark.parametrize("what", EVENTS)
def test_what_an_event_starts(what: str) -> None:
    event, wanted = EVENTS[what]
    rules = complete("deploy").of_type("AWS::Events::Rule")
    assert [name for name, rule in rules.items() if matches(rule["EventPattern"], event)] == [wanted] * bool(wanted)


def test_what_the_rules_start() -> None:
    delivery = f"arn:aws:codepipeline:eu-west-1:{DEVELOPMENT}:sagemaker-{PROJECT}-deploy"
    rules = complete("deploy").of_type("AWS::Events::Rule")
    started = {name: [target["Arn"] for target in rule["Targets"]] for name, rule in rules.items()}
    assert started == {
        "PushRule": [delivery],
        "DecisionRule": [delivery],
        "DriftRule": [f"arn:aws:sagemaker:eu-west-1:{DEVELOPMENT}:pipeline/{GROUP}"],
    }
    push_rule = one(complete("build_train"), "AWS::Events::Rule")
    assert [target["Arn"] for target in push_rule["Targets"]] == [delivery.replace("deploy", "build")]
    assert matches(push_rule["EventPattern"], push())


def test_alarms_come_over_the_bus_that_the_accounts_forward_them_to() -> None:
    rules = complete("deploy").of_type("AWS::Events::Rule")
    buses = {name: rule.get("EventBusName") for name, rule in rules.items()}
    own = value("event-bus").rpartition("/")[2]
    assert buses == {"PushRule": None, "DecisionRule": None, "DriftRule": own}


def test_the_training_that_drift_starts_has_the_parameters_of_the_pipeline() -> None:
    golden = SEED / "build_train" / "repository" / "tests" / "golden" / "training.json"
    declared = {each["Name"] for each in json.loads(golden.read_text(encoding="utf-8"))["Parameters"]}
    [target] = complete("deploy").of_type("AWS::Events::Rule")["DriftRule"]["Targets"]
    given = {each["Name"] for each in target["SageMakerPipelineParameters"]["PipelineParameterList"]}
    assert given == {"SourceIdentity"}
    assert given <= declared
