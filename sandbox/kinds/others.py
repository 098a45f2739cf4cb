"""Small services: SSM parameters, CodeCommit approval rule templates."""

import json
import re
from contextlib import suppress
from typing import Any

from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, unique
from sandbox.refusal import Refusal

_STANDARD, _ADVANCED = 4_096, 8_192
_LEVELS = 15


def _check_parameter(call: Call) -> None:
    name, value = str(call.inputs["name"]), call.inputs.get("value")
    if not re.fullmatch(r"[a-zA-Z0-9_.\-/]+", name) or re.match(r"/?(aws|ssm)", name, re.IGNORECASE):
        raise Refusal("ValidationException", f"Parameter name: {name!r} is not allowed")
    if "/" in name and not name.startswith("/"):
        raise Refusal("ValidationException", f"Parameter name must be a fully qualified name: {name}")
    if name.count("/") > _LEVELS:
        raise Refusal("HierarchyLevelLimitExceededException", f"A hierarchy has at most {_LEVELS} levels: {name}")
    unique(call, "name", "ParameterAlreadyExists", "parameter")
    text = value if isinstance(value, str) else json.dumps(value)
    if not text:
        raise Refusal(
            "ValidationException",
            "Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
        )
    if "{{" in text:
        raise Refusal(
            "ValidationException", "Parameter value can't nest another parameter. Do not use {{}} in the value."
        )
    tier = call.inputs.get("tier", "Standard")
    most = _STANDARD if tier == "Standard" else _ADVANCED
    if len(text) > most:
        raise Refusal(
            "ValidationException", f"{tier} tier parameters support a maximum parameter value of {most} characters"
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
    unique(call, "name", "ApprovalRuleTemplateNameAlreadyExistsException", "approval rule template")
    content: Any = {}
    with suppress(ValueError):
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
    Kind(
        token="aws:ssm/parameter:Parameter",  # noqa: S106 - a type token
        make=_parameter,
        check=_check_parameter,
        replaces=replaces("name"),
        named="name",
        required=("value",),
        forms={
            "name": Form(most=2_048),
            "type": one_of("String", "StringList", "SecureString"),
            "tier": one_of("Standard", "Advanced", "Intelligent-Tiering"),
            "description": Form(most=1_024),
            "dataType": one_of("text", "aws:ec2:image"),
        },
    ),
    Kind(
        token="aws:codecommit/approvalRuleTemplate:ApprovalRuleTemplate",  # noqa: S106
        make=_template,
        check=_check_template,
        named="name",
        forms={"name": Form(least=1, most=100), "content": Form(most=3_000)},
        tagged=False,
    ),
)
