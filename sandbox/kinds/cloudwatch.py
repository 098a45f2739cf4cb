"""Log groups, event buses, rules and targets."""

import json

from sandbox.kinds.base import Call, Kind, Made, limit_name, replaces, unique
from sandbox.kinds.ec2 import LOG_GROUP
from sandbox.kinds.kms import find_key
from sandbox.policies import EVENT_BUS, LOGS, as_list, check, matches, principals
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


def _check_log_group(call: Call) -> None:
    limit_name(call, "name", 512, "InvalidParameterException")
    unique(call, "name", "ResourceAlreadyExistsException", "log group")
    if call.inputs.get("retentionInDays", 0) not in _RETENTION:
        raise Refusal(
            "InvalidParameterException", f"retentionInDays {call.inputs['retentionInDays']} is not one of {_RETENTION}"
        )
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
        and any(matches(action, "kms:GenerateDataKey") for action in as_list(statement.get("Action", [])))
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
    limit_name(call, "name", 256)
    unique(call, "name", "ResourceAlreadyExistsException", "event bus")


def _bus(call: Call) -> Made:
    name = call.inputs["name"]
    return Made(id=name, outputs={"arn": call.arn("events", f"event-bus/{name}")})


def _bus_in_use(world: World, bus: Thing) -> str | None:
    if any(rule.inputs.get("eventBusName") == bus.id for rule in world.things(bus.account, bus.region, RULE)):
        return "ValidationException: Event bus can't be deleted since it has rules."
    return None


def _check_bus_policy(call: Call) -> None:
    call.require(BUS, call.inputs["eventBusName"], "ResourceNotFoundException", "event bus")
    check(call.world, call.inputs["policy"], EVENT_BUS)


def _check_rule(call: Call) -> None:
    limit_name(call, "name", 64)
    pattern = call.inputs.get("eventPattern")
    if pattern is None and call.inputs.get("scheduleExpression") is None:
        raise Refusal("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if pattern is not None and not isinstance(json.loads(pattern), dict):
        raise Refusal("InvalidEventPatternException", "Event pattern is not valid. Reason: Filter is not an object")


def _rule(call: Call) -> Made:
    bus, name = call.inputs.get("eventBusName", "default"), call.inputs["name"]
    resource = f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}"
    return Made(
        id=name if bus == "default" else f"{bus}/{name}",
        outputs={"arn": call.arn("events", resource), "eventBusName": bus},
    )


def _rule_in_use(world: World, rule: Thing) -> str | None:
    if any(target.inputs["rule"] == rule.inputs["name"] for target in world.things(rule.account, rule.region, TARGET)):
        return "ValidationException: Rule can't be deleted since it has targets."
    return None


def _check_target(call: Call) -> None:
    if not any(
        rule.inputs["name"] == call.inputs["rule"] for rule in call.world.things(call.account, call.region, RULE)
    ):
        raise Refusal("ResourceNotFoundException", f"Rule {call.inputs['rule']} does not exist on EventBus default.")
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
    Kind(token=LOG_GROUP, make=_log_group, check=_check_log_group, replaces=replaces("name"), named="name"),
    Kind(
        token="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",  # noqa: S106 - a type token
        make=lambda call: Made(id=call.inputs["policyName"]),
        check=_check_resource_policy,
        replaces=replaces("policyName"),
        tagged=False,
    ),
    Kind(token=BUS, make=_bus, check=_check_bus, replaces=replaces("name"), in_use=_bus_in_use, named="name"),
    Kind(
        token="aws:cloudwatch/eventBusPolicy:EventBusPolicy",  # noqa: S106
        make=lambda call: Made(id=call.inputs["eventBusName"]),
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
    ),
    Kind(
        token=TARGET,
        make=lambda call: Made(id=f"{call.inputs['rule']}-{call.inputs['targetId']}"),
        check=_check_target,
        replaces=replaces("rule", "targetId", "eventBusName"),
        tagged=False,
    ),
)
