"""The stages and what a project chooses for each: `stages.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from platform_settings import Settings, StopError

STAGES = ("staging", "prod")
ACCOUNTS = {"staging": "accounts/staging", "prod": "accounts/production"}
"""Stage -> SSM parameter that lists its accounts."""

_FILE = Path(__file__).parent / "stages.json"
_ZONES = 2


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage's choices.

    Attributes:
        instance_type: Of the endpoint.
        instances: How many serve at least; production has two or more, which SageMaker spreads over zones.
        max_instances: How many serve at most; as many as `instances` for an endpoint that does not scale.
        invocations_per_instance: Requests a minute and instance that scaling aims at.
        capture_percentage: Share of requests that data capture keeps, 0 to 100.
        latency_p95_ms: Most milliseconds that 95 of 100 requests may take, in the test and for the alarm.
        answers_tolerance: Largest mean difference between the answers of a version and of the one that it replaces, in units of the target.
        data_quality: Whether requests are compared with the registered baseline every hour.
        model_quality: Whether answers are compared with the ground truth in the capture bucket every day.
        monitoring_instance_type: Of the monitoring jobs.
    """

    instance_type: str
    instances: int
    max_instances: int
    invocations_per_instance: int
    capture_percentage: int
    latency_p95_ms: int
    answers_tolerance: float
    data_quality: bool
    model_quality: bool
    monitoring_instance_type: str


def read_stages(file: Path = _FILE) -> dict[str, Stage]:
    """Read and check the choices.

    Raises:
        StopError: The file is not what it must be; the message says where.
    """
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise StopError(f"{file.name} is not JSON: {error}") from error
    if not isinstance(given, dict) or sorted(given) != sorted(STAGES):
        raise StopError(f"{file.name} must have exactly the stages {' and '.join(STAGES)}")
    return {name: _stage(f"{file.name}: {name}", given[name]) for name in STAGES}


_KINDS: Mapping[Any, tuple[tuple[type, ...], str]] = {
    str: ((str,), "a text"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    bool: ((bool,), "true or false"),
}
"""Type of a choice -> what JSON gives for it, and its name in messages."""


def _stage(where: str, given: object) -> Stage:
    kinds = {field.name: _KINDS[field.type] for field in fields(Stage)}
    if not isinstance(given, dict) or sorted(given) != sorted(kinds):
        raise StopError(f"{where} must have exactly these keys: {', '.join(kinds)}")
    for key, value in given.items():
        accepted, words = kinds[key]
        # In Python true is a number too.
        if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
            raise StopError(f"{where}.{key} is {json.dumps(value)}, which is not {words}")
    stage = Stage(**given)
    _within(where, stage)
    return stage


def _within(where: str, stage: Stage) -> None:
    least = _ZONES if where.endswith("prod") else 1
    checks: Sequence[tuple[bool, str]] = (
        (stage.instances >= least, f"instances must be {least} or more" + (", in two zones" if least > 1 else "")),
        (stage.max_instances >= stage.instances, "max_instances must not be below instances"),
        (stage.invocations_per_instance > 0, "invocations_per_instance must be positive"),
        (0 < stage.capture_percentage <= 100, "capture_percentage must be 1 to 100"),
        (stage.latency_p95_ms > 0, "latency_p95_ms must be positive"),
        (stage.answers_tolerance > 0, "answers_tolerance must be positive"),
    )
    for is_right, what in checks:
        if not is_right:
            raise StopError(f"{where}: {what}")


def check_instance_types(stages: dict[str, Stage], settings: Settings) -> None:
    """Refuse an instance type that the platform does not offer, before CloudFormation does."""
    for name, stage in stages.items():
        for key, path in (
            ("instance_type", "instance-types/endpoints"),
            ("monitoring_instance_type", "instance-types/jobs"),
        ):
            offered = settings.list(path)
            if getattr(stage, key) not in offered:
                raise StopError(
                    f"stages.json: {name}.{key} is {getattr(stage, key)}; the platform offers {', '.join(offered)}"
                )


def accounts_of(settings: Settings, *, multi_account: str, development: str) -> dict[str, list[str]]:
    """Stage -> accounts that it is deployed to.

    Args:
        settings: The development account's.
        multi_account: `YES` for the configured targets, `NO` for the development account whatever targets there are.
        development: The development account.

    Raises:
        StopError: `YES` without targets, or neither.
    """
    if multi_account == "NO":
        return {stage: [development] for stage in STAGES}
    if multi_account != "YES":
        raise StopError(
            f"MULTI_ACCOUNT is {multi_account!r}; the project's parameter MultiAccountDeployment is YES or NO"
        )
    accounts = {stage: settings.list(path) for stage, path in ACCOUNTS.items()}
    missing = [stage for stage, ids in accounts.items() if not ids]
    if missing:
        raise StopError(
            f"MultiAccountDeployment is YES, but the platform has no target accounts for {' and '.join(missing)}. Either configure "
            "mlops:accounts (staging, production) and deploy the platform, or create the project with MultiAccountDeployment NO"
        )
    return accounts
