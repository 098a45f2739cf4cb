"""The hook of every account, as a stack shows it: what checks which stacks, in which roles, and that CloudFormation takes its inputs."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest
from cfnlint.api import lint  # pyright: ignore[reportUnknownVariableType] - cfn-lint is untyped here

from components.documents.roles import ROLES
from components.hook import STACKS, HookCode, alias
from components.names import Names, Role
from tests.components.registered import Resource, Stack, stack
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, environment, settings

ACCOUNTS = (DEVELOPMENT, STAGING, PRODUCTION)
PREFIX = "sm-mlops-dev-eu-west-1"
HOOK, FUNCTION = "aws-native:cloudformation:LambdaHook", "aws:lambda/function:Function"
NATIVE = "pulumi:providers:aws-native"
TYPES = json.loads((files("cfnlint") / "data" / "schemas" / "providers" / "eu-west-1.json").read_text())
"""CloudFormation's types in the region, as they are written."""

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def small() -> Stack:
    return stack()


def function_of(made: Stack, account: str) -> Resource:
    (found,) = [each for each in made.of(FUNCTION, account) if each.inputs["name"] == f"{PREFIX}-hook"]
    return found


def cloudformation(values: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Inputs of the native provider as CloudFormation's properties: the same names, with a capital."""
    match values:
        case dict():
            given = cast("dict[str, Any]", values)
            return {key[0].upper() + key[1:]: cloudformation(value) for key, value in given.items()}
        case list():
            return [cloudformation(value) for value in cast("list[Any]", values)]
        case _:
            return values


def linted(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """What cfn-lint says of a native resource's inputs."""
    lowered = "::".join(["aws", *token.split(":")[1:]]).lower()
    (kind,) = [each for each in TYPES if each.lower() == lowered]
    template = {"Resources": {"It": {"Type": kind, "Properties": cloudformation(dict(inputs))}}}
    return [str(found) for found in lint(json.dumps(template), regions=["eu-west-1"])]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_account_has_one_hook_on_project_and_endpoint_stacks(account: str, small: Stack) -> None:
    (hook,) = small.of(HOOK, account)
    assert hook.inputs == {
        "alias": "MLOps::SmMlopsDevEuWest1::Templates",
        "executionRole": f"arn:aws:iam::{account}:role/{PREFIX}-{Role.HOOK_EXECUTION.value}",
        "failureMode": "WARN",
        "hookStatus": "ENABLED",
        "lambdaFunction": f"arn:aws:lambda:eu-west-1:{account}:function:{PREFIX}-hook",
        "stackFilters": {"filteringCriteria": "ALL", "stackNames": {"include": list(STACKS)}},
        "targetFilters": {"actions": ["CREATE", "UPDATE"]},
        "targetOperations": ["STACK"],
    }


def test_stacks_that_roles_of_projects_and_endpoints_make_are_looked_at() -> None:
    given = environment(projects={"fronts": ["serviceCatalog", "s3"]})
    texts = [json.dumps(spec.policy(given, DEVELOPMENT)) for spec in ROLES.values()]
    made = {name for text in texts for name in re.findall(r":stack/((?:SC|SP|StackSet)-[^/*\"]*\*)", text)}
    assert made == set(STACKS)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_function_has_its_own_role_and_an_encrypted_log(account: str, small: Stack) -> None:
    function = function_of(small, account).inputs
    assert function["role"] == f"arn:aws:iam::{account}:role/{PREFIX}-{Role.HOOK.value}"
    assert (function["runtime"], function["timeout"], function["memorySize"]) == ("python3.13", 30, 512)
    assert "vpcConfig" not in function
    (logs,) = [each for each in small.of("LogGroup", account) if each.inputs["name"] == f"/aws/lambda/{PREFIX}-hook"]
    assert logs.inputs["kmsKeyId"] == small.outputs["keys"][account]["logs"]
    assert logs.inputs["retentionInDays"] == settings().logs.retention_days


def test_the_code_is_the_tree_s_own_and_the_same_in_every_account(small: Stack) -> None:
    codes = [function_of(small, account).inputs for account in ACCOUNTS]
    assert all(
        (each["code"], each["sourceCodeHash"]) == (codes[0]["code"], codes[0]["sourceCodeHash"]) for each in codes
    )
    assets = codes[0]["code"]["assets"]
    paths = {name: asset["path"] for name, asset in assets.items() if "path" in asset}
    # Relative, so that a state says nothing of whose machine deployed.
    assert not any(Path(path).is_absolute() for path in paths.values())
    assert all((ROOT / path).is_file() and path.endswith(name) for name, path in paths.items())
    assert set(assets) - set(paths) == {"configuration.json"}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_native_provider_is_held_to_its_account(account: str, small: Stack) -> None:
    (provider,) = small.of(NATIVE, account)
    (hook,) = small.of(HOOK, account)
    assert hook.provider == f"{provider.urn}::{provider.id}"
    assert provider.inputs["region"] == "eu-west-1"
    assert json.loads(provider.inputs["allowedAccountIds"]) == [account]
    assert json.loads(provider.inputs["skipCredentialsValidation"]) is False
    (classic,) = [each for each in small.of("pulumi:providers:aws") if each.account == account]
    assert [json.loads(provider.inputs["assumeRole"])] == json.loads(classic.inputs["assumeRoles"])


def test_without_a_hook_there_is_no_native_provider() -> None:
    off = stack(projects={"hook": "off"})
    assert [each.urn for each in off.resources if "hook" in each.token.lower() or each.token == NATIVE] == []


def test_a_hook_fails_stacks_when_it_is_told_to() -> None:
    assert {each.inputs["failureMode"] for each in stack(projects={"hook": "fail"}).of(HOOK)} == {"FAIL"}


def test_cloudformation_takes_what_the_native_provider_is_given(small: Stack) -> None:
    native = [each for each in small.resources if each.token.startswith("aws-native:")]
    assert len(native) == len(ACCOUNTS)
    assert [problem for each in native for problem in linted(each.token, each.inputs)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"alias": "AWS::Ours::Templates"},
        {"failureMode": "STOP"},
        {"stackFilters": {"stackNames": {"include": ["SC-*"]}}},
        {"targetFilters": {"actions": ["READ"]}},
        {"memory": 512},
    ],
    ids=lambda change: next(iter(change)),
)
def test_cloudformation_refuses_other_inputs(change: Mapping[str, object], small: Stack) -> None:
    (hook, *_) = small.of(HOOK)
    assert len(linted(HOOK, {**hook.inputs, **change})) >= 1


def test_environments_of_an_account_have_hooks_of_their_own() -> None:
    names = [
        Names(name=name, type=kind, region=region)
        for name, kind, region in (
            ("sm-mlops", "dev", "eu-west-1"),
            ("sm-mlops", "prod", "eu-west-1"),
            ("ml", "dev", "eu-west-1"),
        )
    ]
    assert len({alias(each) for each in names}) == len(names)


def test_code_is_files_by_path_and_texts_and_another_content_is_another_code(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    files = {"rules.py": tmp_path / "rules.py", "yaml.py": library / "yaml.py"}
    for path in files.values():
        path.write_text("RULES = ()")

    def made(text: str = "{}") -> HookCode:
        return HookCode.of(files, {"configuration.json": text}, folder=tmp_path, handler="rules.handler")

    code = made()
    assert code.files == {"rules.py": "rules.py", "yaml.py": "library/yaml.py"}
    assert code.texts == {"configuration.json": "{}"}
    assert len(base64.b64decode(code.sha256)) == hashlib.sha256().digest_size
    assert made() == code
    assert made("[]").sha256 != code.sha256
    files["yaml.py"].write_text("RULES = (1,)")
    assert made().sha256 != code.sha256
