"""Small services: SSM parameters, CodeCommit approval rule templates."""

import json
import re

from sandbox.kinds.base import Call, Kind, Made, limit_name, replaces, unique
from sandbox.refusal import Refusal

_STANDARD = 4_096
_ARN_LENGTH = 2_048


def _check_parameter(call: Call) -> None:
    name, value = str(call.inputs["name"]), call.inputs.get("value")
    limit_name(call, "name", _ARN_LENGTH)
    if not re.fullmatch(r"[a-zA-Z0-9_.\-/]+", name) or re.match(r"/?(aws|ssm)", name, re.IGNORECASE):
        raise Refusal("ValidationException", f"Parameter name: {name!r} is not allowed")
    unique(call, "name", "ParameterAlreadyExists", "parameter")
    text = value if isinstance(value, str) else json.dumps(value)
    if not text:
        raise Refusal(
            "ValidationException",
            "Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
        )
    if len(text) > _STANDARD and call.inputs.get("tier", "Standard") == "Standard":
        raise Refusal(
            "ValidationException",
            f"Standard tier parameters support a maximum parameter value of {_STANDARD} characters",
        )


def _parameter(call: Call) -> Made:
    name = str(call.inputs["name"])
    return Made(
        id=name,
        outputs={
            "arn": call.arn("ssm", f"parameter{name if name.startswith('/') else '/' + name}"),
            "tier": call.inputs.get("tier", "Standard"),
            "dataType": "text",
            "version": (call.old.outputs["version"] + 1) if call.old else 1,
        },
    )


def _check_template(call: Call) -> None:
    limit_name(call, "name", 100)
    unique(call, "name", "ApprovalRuleTemplateNameAlreadyExistsException", "approval rule template")
    content = json.loads(call.inputs["content"])
    if content.get("Version") != "2018-11-08" or not content.get("Statements"):
        raise Refusal(
            "InvalidApprovalRuleTemplateContentException",
            "The template's content is not valid: Version 2018-11-08 and Statements are needed",
        )


def _template(call: Call) -> Made:
    identity = call.old.outputs["approvalRuleTemplateId"] if call.old else call.world.fresh("templates", 32)
    return Made(id=call.inputs["name"], outputs={"approvalRuleTemplateId": identity})


KINDS = (
    Kind(token="aws:ssm/parameter:Parameter", make=_parameter, check=_check_parameter, replaces=replaces("name")),  # noqa: S106 - a type token
    Kind(
        token="aws:codecommit/approvalRuleTemplate:ApprovalRuleTemplate",  # noqa: S106
        make=_template,
        check=_check_template,
        named="name",
        tagged=False,
    ),
)
