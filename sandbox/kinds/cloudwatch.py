"""Log groups, event buses, rules and targets."""

import json
from collections.abc import Mapping
from typing import cast

from perimeter.patterns import matches_action
from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, unique
from sandbox.kinds.ec2 import LOG_GROUP
from sandbox.kinds.kms import find_key
from sandbox.policies import EVENT_BUS, LOGS, as_list, check, principals
from sandbox.refusal import Refusal
from sandbox.world import Thing, World

BUS = "aws:cloudwatch/eventBus:EventBus"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"

_RETENTION = (
    0,
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)
_TARGETS = 5
_NAME = r"[.\-_A-Za-z0-9]+"


def _check_log_group(call: Call) -> None:
    unique(call, "name", "ResourceAlreadyExistsException", "log group")
    key = call.inputs.get("kmsKeyId")
    if key is not None and not _serves_logs(call, key):
        raise Refusal(
            "InvalidParameterException",
            f"The specified KMS key does not exist or is not allowed to be used with LogGroup '{call.inputs['name']}'",
        )


def _serves_logs(call: Call, arn: object) -> bool:
    """Whether a key's policy lets CloudWatch Logs of this region use it."""
    key = find_key(call.world, arn)
    if key is None:
        return False
    if key.seeded and "policy" not in key.inputs:
        return True
    statements = json.loads(key.inputs["policy"])["Statement"]
    suffix = "amazonaws.com.cn" if call.partition == "aws-cn" else "amazonaws.com"
    return any(
        f"logs.{call.region}.{suffix}" in principals(statement, "Service")
        and any(matches_action(action, "kms:GenerateDataKey") for action in as_list(statement.get("Action", [])))
        for statement in statements
    )


def _log_group(call: Call) -> Made:
    name = call.inputs["name"]
    return Made(id=name, outputs={"arn": call.arn("logs", f"log-group:{name}")})


def _check_resource_policy(call: Call) -> None:
    check(call.world, call.inputs["policyDocument"], LOGS)
    if call.old is None and len(call.others()) >= 10:  # noqa: PLR2004 - CloudWatch Logs quotas
        raise Refusal("LimitExceededException", "Resource limit exceeded: 10 resource policies per region and account")


def _check_bus(call: Call) -> None:
    if call.inputs["name"] == "default" or call.inputs["name"].startswith("aws."):
        raise Refusal("ResourceAlreadyExistsException", f"Event bus {call.inputs['name']} is AWS's own.")
    unique(call, "name", "ResourceAlreadyExistsException", "event bus")


def _bus(call: Call) -> Made:
    name = call.inputs["name"]
    return Made(id=name, outputs={"arn": call.arn("events", f"event-bus/{name}")})


def _bus_in_use(world: World, bus: Thing) -> str | None:
    if any(rule.inputs.get("eventBusName") == bus.id for rule in world.things(bus.account, bus.region, RULE)):
        return "ValidationException: Event bus can't be deleted since it has rules."
    return None


def _check_bus_policy(call: Call) -> None:
    _require_bus(call)
    check(call.world, call.inputs["policy"], EVENT_BUS)


def _bus_name(inputs: Mapping[str, object]) -> str:
    return str(inputs.get("eventBusName") or "default")


def _require_bus(call: Call) -> None:
    name = _bus_name(call.inputs)
    if name != "default":
        call.require(BUS, name, "ResourceNotFoundException", "event bus")


def _check_rule(call: Call) -> None:
    _require_bus(call)
    pattern, schedule = call.inputs.get("eventPattern"), call.inputs.get("scheduleExpression")
    if pattern is None and schedule is None:
        raise Refusal("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule is not None and _bus_name(call.inputs) != "default":
        raise Refusal("ValidationException", "ScheduleExpression is supported only on the default event bus.")
    if pattern is not None:
        _check_pattern(pattern)


def _check_pattern(pattern: str) -> None:
    try:
        found: object = json.loads(pattern)
    except ValueError:
        raise Refusal("InvalidEventPatternException", "Event pattern is not valid. Reason: it is no JSON") from None
    if not isinstance(found, dict) or not found:
        raise Refusal("InvalidEventPatternException", "Event pattern is not valid. Reason: Filter is not an object")
    for key, value in cast("dict[str, object]", found).items():
        if not value or not isinstance(value, dict | list):
            raise Refusal(
                "InvalidEventPatternException",
                f'Event pattern is not valid. Reason: "{key}" must be an object or a non-empty array',
            )


def _rule(call: Call) -> Made:
    bus, name = call.inputs.get("eventBusName", "default"), call.inputs["name"]
    resource = f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}"
    return Made(
        id=name if bus == "default" else f"{bus}/{name}",
        outputs={"arn": call.arn("events", resource), "eventBusName": bus},
    )


def _rule_in_use(world: World, rule: Thing) -> str | None:
    if any(_same_rule(target.inputs, rule) for target in world.things(rule.account, rule.region, TARGET)):
        return "ValidationException: Rule can't be deleted since it has targets."
    return None


def _same_rule(target: Mapping[str, object], rule: Thing) -> bool:
    return target["rule"] == rule.inputs["name"] and _bus_name(target) == _bus_name(rule.inputs)


def _check_target(call: Call) -> None:
    rules = [rule for rule in call.world.things(call.account, call.region, RULE) if _same_rule(call.inputs, rule)]
    if not rules:
        raise Refusal(
            "ResourceNotFoundException",
            f"Rule {call.inputs['rule']} does not exist on EventBus {_bus_name(call.inputs)}.",
        )
    if sum(_same_rule(other.inputs, rules[0]) for other in call.others()) >= _TARGETS:
        raise Refusal("LimitExceededException", f"A rule has at most {_TARGETS} targets: {call.inputs['rule']}")
    arn = str(call.inputs["arn"])
    if ":event-bus/" in arn:
        parts = arn.split(":", 5)
        if call.world.find(parts[4], parts[3], BUS, parts[5].removeprefix("event-bus/")) is None:
            raise Refusal("ResourceNotFoundException", f"Event bus {arn} does not exist.")
        if not call.inputs.get("roleArn"):
            raise Refusal(
                "ValidationException", "RoleArn is required for target that is an event bus of another account."
            )
    if call.inputs.get("roleArn"):
        call.pass_role(call.inputs["roleArn"], "events.amazonaws.com")


KINDS = (
    Kind(
        token=LOG_GROUP,
        make=_log_group,
        check=_check_log_group,
        replaces=replaces("name", "logGroupClass"),
        named="name",
        forms={
            "name": Form(pattern=r"[.\-_/#A-Za-z0-9]+", most=512, code="InvalidParameterException"),
            "retentionInDays": one_of(*_RETENTION, code="InvalidParameterException"),
            "logGroupClass": one_of("STANDARD", "INFREQUENT_ACCESS", "DELIVERY", code="InvalidParameterException"),
        },
    ),
    Kind(
        token="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",  # noqa: S106 - a type token
        make=lambda call: Made(id=call.inputs["policyName"]),
        check=_check_resource_policy,
        replaces=replaces("policyName"),
        tagged=False,
        required=("policyName",),
        forms={"policyName": Form(pattern=r"([^:*/]+/?)*[^:*/]+", most=255, code="InvalidParameterException")},
    ),
    Kind(
        token=BUS,
        make=_bus,
        check=_check_bus,
        replaces=replaces("name"),
        in_use=_bus_in_use,
        named="name",
        forms={"name": Form(pattern=r"[/.\-_A-Za-z0-9]+", most=256)},
    ),
    Kind(
        token="aws:cloudwatch/eventBusPolicy:EventBusPolicy",  # noqa: S106
        make=lambda call: Made(id=_bus_name(call.inputs)),
        check=_check_bus_policy,
        replaces=replaces("eventBusName"),
        tagged=False,
    ),
    Kind(
        token=RULE,
        make=_rule,
        check=_check_rule,
        replaces=replaces("name", "eventBusName"),
        in_use=_rule_in_use,
        named="name",
        forms={
            "name": Form(pattern=_NAME, most=64),
            "description": Form(most=512),
            "scheduleExpression": Form(pattern=r"(rate|cron)\(.+\)", most=256),
            "eventPattern": Form(most=4_096),
            "state": one_of("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
        },
    ),
    Kind(
        token=TARGET,
        make=lambda call: Made(id=f"{call.inputs['rule']}-{call.inputs['targetId']}"),
        named="targetId",
        check=_check_target,
        replaces=replaces("rule", "targetId", "eventBusName"),
        tagged=False,
        forms={"targetId": Form(pattern=_NAME, most=64), "arn": Form(least=1, most=1_600)},
    ),
)
