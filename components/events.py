"""Alarms reach development: its event bus, and the rule of each account that sends alarm changes there."""

import json
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import cloudwatch

from components.documents import EVENT_BUS_POLICY, events, render
from components.environment import Environment


@dataclass(frozen=True, kw_only=True)
class EventBusArgs:
    """What the bus needs: the environment."""

    environment: Environment


class EventBus(pulumi.ComponentResource):
    """The event bus of the development account: takes alarm changes from the environment's accounts and nothing else.

    Creates the bus and its policy.

    Attributes:
        arn: The bus's ARN.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: EventBusArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:events:EventBus", name, None, opts)
        bus = cloudwatch.EventBus(
            name,
            name=args.environment.names.event_bus,
            description="Alarm changes of all accounts",
            opts=ResourceOptions(parent=self),
        )
        cloudwatch.EventBusPolicy(
            name,
            event_bus_name=bus.name,
            policy=render(events.bus(args.environment), EVENT_BUS_POLICY, args.environment.names.event_bus),
            opts=ResourceOptions(parent=self),
        )
        self.arn = bus.arn
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True, kw_only=True)
class AlarmForwardingArgs:
    """What forwarding needs.

    Attributes:
        environment: The environment.
        bus_arn: The development account's bus.
        role_arn: The account's events role, which may put events there and nothing else.
    """

    environment: Environment
    bus_arn: pulumi.Input[str]
    role_arn: pulumi.Input[str]


class AlarmForwarding(pulumi.ComponentResource):
    """The rule on an account's default bus that sends changes of the environment's alarms to development.

    Creates the rule and its target.
    """

    def __init__(self, name: str, args: AlarmForwardingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:events:AlarmForwarding", name, None, opts)
        rule = cloudwatch.EventRule(
            name,
            name=args.environment.names.alarm_rule,
            description="Alarm changes, to the development account",
            event_pattern=json.dumps(events.alarm_pattern(args.environment)),
            opts=ResourceOptions(parent=self),
        )
        cloudwatch.EventTarget(
            name,
            rule=rule.name,
            target_id="development",
            arn=args.bus_arn,
            role_arn=args.role_arn,
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})
