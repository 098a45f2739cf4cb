"""The rules as a CloudFormation Lambda hook: before a stack is made or changed, its template is looked at. Runs in Lambda.

CloudFormation hands over where the template is, and waits 30 seconds for an answer. `FAILED` stops the stack, or only warns: that is the hook's
failure mode. What a mandatory rule refuses is `NonCompliant`; whatever keeps the rules from being asked is `InternalFailure`, which counts
as a failure too, so nothing passes unseen.

Source: CloudFormation Hooks user guide, "Evaluating stack operations with Lambda Hooks".
"""

import json
import logging
import re
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from policy.adapters.template_text import TemplateError, parse
from policy.check import Verdict
from policy.context import Context, published
from policy.model import items, mapping
from policy.template import check

CONFIGURATION = "configuration.json"
"""The rules' configuration, beside the packages in the function's archive."""

_LOG = logging.getLogger(__name__)
_LONGEST = 4096
_WAIT = 10


class RequestError(Exception):
    """A request that cannot be answered; the text is the message for whoever deploys."""


def handler(event: Mapping[str, object], _: object = None) -> Mapping[str, object]:
    """Answer one request of CloudFormation's for a stack."""
    token = event.get("clientRequestToken") or event.get("clientRequesttoken")
    try:
        answer = _answer(event)
    except (RequestError, TemplateError, OSError, ValueError) as error:
        answer = _failed("InternalFailure", f"The rules could not be asked: {error}")
    except Exception as error:  # noqa: BLE001 - a function that fails says nothing of why
        _LOG.exception("request %s", token)
        answer = _failed("InternalFailure", f"The rules could not be asked: {type(error).__name__}")
    _LOG.info("%s: %s", event.get("stackId"), answer["message"])
    return {**answer, "clientRequestToken": token}


def _answer(event: Mapping[str, object]) -> Mapping[str, object]:
    if event.get("actionInvocationPoint") == "DELETE_PRE_PROVISION":
        return _passed("Deleting a stack breaks no rule")
    request = mapping(event.get("requestData"))
    if request.get("targetType") != "STACK":
        raise RequestError(f"the request is for {request.get('targetType')}, not for a stack")
    template = parse(_template(str(request.get("payload"))))
    config = published((Path(__file__).resolve().parents[2] / CONFIGURATION).read_text(encoding="utf-8"))
    if other := _other_environment(template, Context.of(config)):
        return _passed(f"A stack of {other}, whose own hook looks at it")
    return _said(check(template, config, account=str(event.get("awsAccountId", ""))))


def _template(address: str) -> str:
    """The text of the template that a request is about."""
    # Only CloudFormation's storage is asked, whatever a forged request says.
    parts = urlsplit(address)
    if parts.scheme != "https" or not re.search(r"\.amazonaws\.(com|com\.cn|eu)$", parts.hostname or ""):
        raise RequestError("the request says of no address of S3 where the template is")
    text = mapping(cast("object", json.loads(fetch(address)))).get("template")
    if not isinstance(text, str) or not text.strip():
        raise RequestError("the request has no template")
    return text


def fetch(address: str) -> bytes:
    """What is at an address."""
    with urllib.request.urlopen(address, timeout=_WAIT) as answer:  # noqa: S310 - https only, see above
        return cast("bytes", answer.read())


def _other_environment(template: Mapping[str, object], context: Context) -> str | None:
    """Another environment of this account whose stack it is: it looks up that one's parameters, and names none of ours.

    No way around the rules: only parameters of Systems Manager that cannot be told otherwise count (one allowed value), and whose names only the
    role that deploys an environment of this region may write. CloudFormation looks them up before it makes anything, so a stack for an
    environment that does not exist is not made, and one that exists decides by its own hook.
    """
    if f"/{context.prefix}/" in json.dumps(template):
        return None
    name = re.compile(rf"/([a-z][a-z0-9-]*-[a-z][a-z0-9]*-{re.escape(context.region)})/")
    allowed = [
        items(mapping(each).get("AllowedValues"))
        for each in mapping(template.get("Parameters")).values()
        if str(mapping(each).get("Type")).startswith("AWS::SSM::Parameter::Value<")
    ]
    found = {match[1] for values in allowed if len(values) == 1 and (match := name.match(str(values[0])))}
    return min(found, default=None)


def _said(found: Sequence[Verdict]) -> Mapping[str, object]:
    stopping = [verdict for verdict in found if verdict.stops]
    lines = [f"{each.rule.id} {each.resource.name}: {each.message}. {each.rule.remediation}" for each in stopping]
    if stopping:
        return _failed("NonCompliant", "\n".join(lines))
    noted = sorted({each.rule.id for each in found})
    return _passed(f"No mandatory rule is violated{'; noted: ' if noted else ''}{', '.join(noted)}")


def _passed(message: str) -> Mapping[str, object]:
    return {"hookStatus": "SUCCESS", "message": message[:_LONGEST]}


def _failed(code: str, message: str) -> Mapping[str, object]:
    return {"hookStatus": "FAILED", "errorCode": code, "message": message[:_LONGEST]}
