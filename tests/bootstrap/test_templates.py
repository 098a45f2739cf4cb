"""The templates: cfn-lint finds nothing, CloudFormation takes them, and they hold what the program's own functions say."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from cfnlint.api import lint  # pyright: ignore[reportUnknownVariableType] - cfn-lint is untyped here

from bootstrap import deployer, pipeline, roles, template
from bootstrap.deployer.identity import OWN_POLICIES
from components.config import Settings, load
from components.documents import MANAGED_POLICY, boundary, dumps, trust
from components.documents.roles import ROLES
from components.environment import Environment
from components.identity import account_roles
from components.names import BOUNDARY, DEVELOPMENT_ROLES, GUARDS, TARGET_ROLES, Role
from ops.bootstrap import DIRECT
from ops.rehearse import engine_for
from sandbox.kinds.iam import POLICY
from sandbox.policies import ROLE
from tests.bootstrap.conftest import FULL
from tests.components.stacks import DEVELOPMENT, STAGING, settings

S3_MAXIMUM = 1_000_000
MAXIMUM_ATTACHED = 10
"""Managed policies of a role (IAM quotas)."""
ENGINEERS = f"arn:aws:iam::{DEVELOPMENT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Platform_*"
MADE = roles.Made(
    subnet_ids=["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    security_group_ids=["sg-0123456789abcdef0"],
    data_key=f"arn:aws:kms:eu-west-1:{DEVELOPMENT}:key/11111111-2222-3333-4444-555555555555",
    storage_key=f"arn:aws:kms:eu-west-1:{DEVELOPMENT}:key/11111111-2222-3333-4444-555555555556",
    studio_endpoint_ids=["vpce-0123456789abcdef0"],
)
EXTERNAL: Mapping[str, object] = {"deployRole": {"externalId": "sm-mlops-dev"}}
PLAIN = settings(**EXTERNAL)
_HANDED = (*DEVELOPMENT_ROLES, *TARGET_ROLES)
STACKS: Mapping[str, Settings] = {
    "plain": PLAIN,
    "full": load(FULL),
    "china": settings(**EXTERNAL, region="cn-north-1"),
    "named-role": settings(deployRole={"name": "ops/{account}-deployer", "externalId": "x1"}),
    "handed-roles": settings(
        **EXTERNAL, roles={"create": False, "existing": {role.value: f"ml/{role.value}" for role in _HANDED}}
    ),
}


def every_template(stack: Settings) -> dict[str, template.Template]:
    return {
        "account": template.account(stack),
        "organization": template.organization(stack),
        "github": pipeline.template(stack, issuer=pipeline.github("o/r", "dev"), engineers=[ENGINEERS]),
        "gitlab": pipeline.template(stack, issuer=pipeline.gitlab("g/s/r", "git.example.com"), create_provider=False),
        "own-role": pipeline.template(stack, principals=["arn:aws:iam::444455556666:role/ci"]),
        "roles-first": roles.template(stack, DEVELOPMENT, roles.Made()),
        "roles-second": roles.template(stack, DEVELOPMENT, MADE),
        "roles-target": roles.template(stack, STAGING, MADE),
    }


TEMPLATES = {
    f"{stack}-{name}": built for stack, given in STACKS.items() for name, built in every_template(given).items()
}
each = pytest.mark.parametrize("built", [pytest.param(built, id=name) for name, built in TEMPLATES.items()])


def findings(built: template.Template) -> Sequence[str]:
    matches = cast("Sequence[Any]", lint(json.dumps(built)))
    return [f"{match.rule.id} {match.message} at {match.path}" for match in matches]


# Every template once, and what a configuration changes.
LINTED = [
    name for name in TEMPLATES if name.startswith("plain") or name.endswith(("-account", "handed-roles-roles-target"))
]


@pytest.mark.parametrize("name", LINTED)
def test_cfn_lint_finds_nothing(name: str) -> None:
    assert findings(TEMPLATES[name]) == []


def test_cfn_lint_finds_a_mistake() -> None:
    built = template.account(PLAIN)
    del built["Resources"]["Deployer"]["Properties"]["AssumeRolePolicyDocument"]
    assert any("AssumeRolePolicyDocument" in finding for finding in findings(built))


@each
def test_cloudformation_takes_it(built: template.Template) -> None:
    assert len(json.dumps(built, separators=(",", ":")).encode()) < S3_MAXIMUM


@pytest.mark.parametrize("stack", STACKS)
def test_only_the_development_accounts_roles_need_a_bucket(stack: str) -> None:
    sizes = {
        name: len(json.dumps(built, separators=(",", ":")).encode())
        for name, built in every_template(STACKS[stack]).items()
    }
    assert {name for name, size in sizes.items() if size > DIRECT} == {"roles-first", "roles-second"}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_the_accounts_policies_are_those_of_the_functions_and_fit(stack: Settings) -> None:
    resources = template.account(stack)["Resources"]
    given = {
        stack.names.policy(f"{OWN_POLICIES}{name}"): document
        for name, document in deployer.policies(stack, STAGING).items()
    } | {stack.names.policy(BOUNDARY): boundary.boundary(Environment.of(stack))}
    made = {
        kind["Properties"]["ManagedPolicyName"]: _resolved(kind["Properties"]["PolicyDocument"], STAGING)
        for kind in resources.values()
        if kind["Type"] == "AWS::IAM::ManagedPolicy"
    }
    assert made == given
    assert all(len(dumps(document)) <= MANAGED_POLICY.maximum for document in made.values())
    assert len(resources["Deployer"]["Properties"]["ManagedPolicyArns"]) == len(made) - 1 <= MAXIMUM_ATTACHED


def test_the_deploy_role_is_trusted_by_who_brings_the_external_id() -> None:
    deployment, previews = _trust()["Statement"]
    assert deployment["Principal"] == {"AWS": {"Ref": "DeployPrincipal"}}
    assert deployment["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    condition, preview, otherwise = previews["Fn::If"]
    assert (condition, otherwise) == ("Preview", {"Ref": "AWS::NoValue"})
    assert preview["Condition"]["StringEquals"] == {"sts:ExternalId": {"Ref": "ExternalId"}, **deployer.READ_ONLY}


def test_a_rehearsal_starts_with_the_templates_trust_and_boundary(tmp_path: Path) -> None:
    engine = engine_for(tmp_path, "dev", FULL)
    stack, names = load(FULL), load(FULL).names
    role = engine.world.find(STAGING, stack.region, ROLE, names.role(Role.DEPLOYER))
    assert role is not None
    values = {
        "DeployPrincipal": pipeline.role_arn(stack, "deploy"),
        "ExternalId": stack.deploy_role.external_id,
        "PreviewPrincipal": pipeline.role_arn(stack, "preview"),
    }
    assert json.loads(str(role.inputs["assumeRolePolicy"])) == _with(_trust(), values)
    policy = engine.world.find(STAGING, stack.region, POLICY, names.policy_arn(BOUNDARY, STAGING))
    assert policy is not None
    template_boundary = template.account(stack)["Resources"]["Boundary"]["Properties"]["PolicyDocument"]
    assert json.loads(str(policy.inputs["policy"])) == _resolved(template_boundary, STAGING)


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING])
def test_handed_roles_are_the_programs_own(account: str) -> None:
    stack = STACKS["handed-roles"]
    environment = Environment.of(stack)
    resources = roles.template(stack, account, MADE)["Resources"]
    made = {
        kind["Properties"]["RoleName"]: kind["Properties"]
        for kind in resources.values()
        if kind["Type"] == "AWS::IAM::Role"
    }
    assert set(made) == {role.value for role in account_roles(environment, account)}
    for role in account_roles(environment, account):
        properties, spec = made[role.value], ROLES[role]
        expected = spec.trust(environment, account) if spec.trust else trust.person(environment, ())
        assert properties["AssumeRolePolicyDocument"] == expected
        assert properties["Policies"][0]["PolicyDocument"] == spec.policy(environment, account)
        assert properties["PermissionsBoundary"] == stack.names.policy_arn(BOUNDARY, account)
        assert (len(properties["ManagedPolicyArns"]) == len(GUARDS)) == spec.guarded
        assert properties["Path"] == "/ml/"


def test_guards_come_with_the_ids_and_say_so() -> None:
    first, second = (roles.template(PLAIN, DEVELOPMENT, made) for made in (roles.Made(), MADE))
    assert first["Description"].endswith("0 of 2 guards")
    assert second["Description"].endswith("2 of 2 guards")
    assert not [kind for kind in first["Resources"].values() if kind["Type"] == "AWS::IAM::ManagedPolicy"]


def _trust() -> dict[str, Any]:
    return template.account(PLAIN)["Resources"]["Deployer"]["Properties"]["AssumeRolePolicyDocument"]


def _with(value: Any, values: Mapping[str, object]) -> Any:  # noqa: ANN401 - a part of a template
    """A part of a template as CloudFormation makes it when somebody previews."""
    match value:
        case {"Ref": str(name)}:
            return values[name]
        case {"Fn::If": [_, then, _]}:
            return _with(then, values)
        case dict():
            return {key: _with(item, values) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [_with(item, values) for item in cast("list[Any]", value)]
        case _:
            return value


def _resolved(value: Any, account: str) -> Any:  # noqa: ANN401 - a part of a template
    """A part of a template with `Fn::Sub` done for an account."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text.replace("${AWS::AccountId}", account).replace("${!", "${")
        case dict():
            return {key: _resolved(item, account) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [_resolved(item, account) for item in cast("list[Any]", value)]
        case _:
            return value
