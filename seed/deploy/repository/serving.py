"""What serves: the stack sets of the project."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PARAMETER = "ModelPackageArn"
"""The stack sets' parameter that says which version serves."""

_CHANGES = ("CREATE", "UPDATE")


@dataclass(frozen=True, kw_only=True)
class Served:
    """A stage as its stack set has it.

    Attributes:
        version: ARN of the model package.
        template: The stack set's template.
        accounts: Account -> status of its stack: `CURRENT` where it has this version.
        since: When the last change of the stack set began, in ISO 8601; it stands for that deployment.
    """

    version: str
    template: str
    accounts: Mapping[str, str]
    since: str

    @property
    def is_current(self) -> bool:
        """Whether every account has this version."""
        return all(status == "CURRENT" for status in self.accounts.values())


def stack_set_of(project: str, stage: str) -> str:
    """The name of a stage's stack set.

    Args:
        project: `<name>-<id>`.
        stage: The stage.
    """
    return f"sagemaker-{project}-deploy-{stage}"


def served(cloudformation: Any, name: str) -> Served | None:
    """What a stack set has deployed; None when it does not exist or has no stacks."""
    try:
        stack_set = cloudformation.describe_stack_set(StackSetName=name)["StackSet"]
    except cloudformation.exceptions.StackSetNotFoundException:
        return None
    pages = cloudformation.get_paginator("list_stack_instances").paginate(StackSetName=name)
    accounts = {item["Account"]: item["Status"] for page in pages for item in page["Summaries"]}
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in stack_set.get("Parameters", [])}
    if not accounts or PARAMETER not in parameters:
        return None
    pages = cloudformation.get_paginator("list_stack_set_operations").paginate(StackSetName=name)
    changes = [item["CreationTimestamp"] for page in pages for item in page["Summaries"] if item["Action"] in _CHANGES]
    return Served(
        version=parameters[PARAMETER],
        template=stack_set.get("TemplateBody", ""),
        accounts=accounts,
        since=max(changes).strftime("%Y-%m-%dT%H:%M:%SZ") if changes else "unknown",
    )
