"""CloudFormation's hooks, which the native provider makes.

Patterns and choices: the schema of `AWS::CloudFormation::LambdaHook`; roles and functions: CloudFormation Hooks user guide, "Lambda Hooks".
"""

import re
from typing import Any

from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, unique
from sandbox.kinds.projects import FUNCTION
from sandbox.refusal import Refusal

HOOK = "aws-native:cloudformation:LambdaHook"

_OPERATIONS = ("RESOURCE", "STACK", "CHANGE_SET", "CLOUD_CONTROL")
_ACTIONS = ("CREATE", "UPDATE", "DELETE")
_MOST = 50


def _check_hook(call: Call) -> None:
    unique(call, "alias", "AlreadyExists", "hook")
    _refuse_other(call.inputs["targetOperations"], _OPERATIONS, "TargetOperations")
    target: dict[str, Any] = call.inputs.get("targetFilters") or {}
    _refuse_other(target.get("actions", []), _ACTIONS, "TargetFilters/Actions")
    _check_filters(call.inputs.get("stackFilters"))
    call.pass_role(call.inputs["executionRole"], "hooks.cloudformation.amazonaws.com")
    function = str(call.inputs["lambdaFunction"])
    found = re.fullmatch(rf"arn:[a-z-]+:lambda:{call.region}:{call.account}:function:([^:]+)(:.+)?", function)
    if found is None or call.find(FUNCTION, found[1]) is None:
        raise Refusal("InvalidRequest", f"The function {function} does not exist in {call.account}, {call.region}")


def _refuse_other(values: list[str], known: tuple[str, ...], where: str) -> None:
    other = next((value for value in values if value not in known), None)
    if other is not None or len(set(values)) != len(values):
        raise Refusal("InvalidRequest", f"Model validation failed (#/{where}: {values}: of {list(known)}, each once)")


def _check_filters(filters: dict[str, Any] | None) -> None:
    """A filter of stacks names stacks or roles, with wildcards; nothing there is a mistake."""
    if filters is None:
        return
    given = [filters[key] for key in ("stackNames", "stackRoles") if key in filters]
    if not given or not all(lists.get("include") or lists.get("exclude") for lists in given):
        raise Refusal(
            "InvalidRequest", "Model validation failed (#/StackFilters: stack names or stack roles are needed)"
        )
    for name in [name for names in filters.get("stackNames", {}).values() for name in names]:
        if not re.fullmatch(r"[a-zA-Z*?][-a-zA-Z0-9*?]{0,127}", name):
            raise Refusal("InvalidRequest", f"Model validation failed (#/StackFilters/StackNames: {name!r})")


def _hook(call: Call) -> Made:
    arn = call.arn("cloudformation", f"type/hook/{call.inputs['alias'].replace('::', '-')}")
    return Made(id=arn, outputs={"hookArn": arn})


KINDS = (
    Kind(
        token=HOOK,
        make=_hook,
        check=_check_hook,
        replaces=replaces("alias", "autoUpdate", "loggingConfig"),
        tagged=False,
        required=("alias", "executionRole", "failureMode", "hookStatus", "lambdaFunction", "targetOperations"),
        forms={
            "alias": Form(pattern=r"(?!(?i:aws))[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}"),
            "executionRole": Form(pattern=r"arn:.+:iam::[0-9]{12}:role/.+", most=256),
            "failureMode": one_of("FAIL", "WARN"),
            "hookStatus": one_of("ENABLED", "DISABLED"),
            "targetOperations": Form(most=_MOST),
        },
    ),
)
