"""The page says what is true: its commands exist, its names are those of the templates."""

import re
import shlex

import pytest

from bootstrap import pipeline, state, template
from ops.__main__ import parser
from ops.rehearse import ROOT
from tests.components.stacks import settings

PAGE = (ROOT / "docs" / "first-day.md").read_text()
DEVELOPMENT = "314159265358"
STACK = settings(
    accounts={"development": DEVELOPMENT, "staging": ["271828182845"]}, deployRole={"externalId": "sm-mlops-dev"}
)
COMMANDS = [
    shlex.split(line.partition(" > ")[0])[1:]
    for line in PAGE.replace("\\\n", " ").splitlines()
    if line.startswith("./mlops bootstrap")
]


def test_every_template_is_on_the_page() -> None:
    assert {command[1] for command in COMMANDS} == {"account", "organization", "pipeline", "roles"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_command_line_takes_it(command: list[str]) -> None:
    assert parser().parse_args(command).what == command[1]


@pytest.mark.parametrize("name", ["Backend", "SecretsProvider", "Deploy", "Preview"])
def test_the_outputs_are_the_templates(name: str) -> None:
    outputs = pipeline.template(STACK, issuer=pipeline.github("acme/mlops", "dev"))["Outputs"]
    assert outputs[name]["Value"] in PAGE
    assert f"`{name}`" in PAGE


def test_the_names_are_the_templates() -> None:
    assert f"s3://{state.bucket(STACK.names, DEVELOPMENT)}" in PAGE
    parameters = template.account(STACK)["Parameters"]
    given = set(re.findall(r"^ +(\w+)=arn", PAGE, re.MULTILINE))
    assert given == {"DeployPrincipal", "PreviewPrincipal"} < set(parameters)


def test_the_variables_are_the_workflows() -> None:
    github = "".join(path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    assert {name for name in re.findall(r"vars\.(\w+)", github) if f"`{name}`" not in PAGE} == set()
    assert "`MLOPS_DEPLOY`" in PAGE
    assert "$MLOPS_DEPLOY" in (ROOT / ".gitlab-ci.yml").read_text()
