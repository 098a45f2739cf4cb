"""The policy of the development account's event bus, and the pattern of the events that are sent to it."""

from components.documents import Document, allow, aws, document
from components.environment import Environment
from components.names import Role

SOURCE = "aws.cloudwatch"
DETAIL_TYPE = "CloudWatch Alarm State Change"


def bus(environment: Environment) -> Document:
    """Alarm changes, from the events roles of the environment's accounts; nothing else."""
    names = environment.names
    return document(
        allow(
            "AllowAlarms",
            "events:PutEvents",
            names.arn("events", f"event-bus/{names.event_bus}", account=environment.development),
            principal=aws(environment.accounts),
            when={
                "ArnLike": {"aws:PrincipalArn": names.role_arn(Role.EVENTS, "*")},
                "StringEquals": {"events:source": SOURCE, "events:detail-type": DETAIL_TYPE},
            },
        )
    )


def alarm_pattern(environment: Environment) -> dict[str, object]:
    """Changes of this environment's alarms: their names start with `P`."""
    return {
        "source": [SOURCE],
        "detail-type": [DETAIL_TYPE],
        "detail": {"alarmName": [{"prefix": f"{environment.names.prefix}-"}]},
    }
