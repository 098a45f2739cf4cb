"""Guards: managed policies that hold whoever creates SageMaker resources to our subnets, security groups and keys.

Deny statements, one a key, only over actions that carry the key: a Null test on an action without it denies that action for ever
(security-rules.md part 3, items 14-21; `tests` ask AWS's service reference).

A monitoring schedule may name a job definition, which was guarded when it was made, and then carries none of the keys; or it brings its own
job, and then it names instance types: so its presence is asked only where there are instance types.
"""

from collections.abc import Mapping, Sequence

from components.documents import Conditions, Document, Statement, deny, document
from components.environment import Environment

_DEFINITIONS = tuple(
    f"sagemaker:Create{kind}JobDefinition"
    for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
)
_JOBS = ("sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob")
_TRANSFORM = "sagemaker:CreateTransformJob"

# Not CreateEndpointConfig (its keys are the inference components'; the model carries the network) and not CreateTransformJob (it has no
# such key; its model is guarded).
NETWORK_ACTIONS: tuple[str, ...] = (*_JOBS, "sagemaker:CreateModel", *_DEFINITIONS)
VOLUME_ACTIONS: tuple[str, ...] = (*_JOBS, "sagemaker:CreateEndpointConfig", _TRANSFORM, *_DEFINITIONS)
OUTPUT_ACTIONS: tuple[str, ...] = (*_JOBS, _TRANSFORM, *_DEFINITIONS)
SCHEDULE_ACTIONS: tuple[str, ...] = ("sagemaker:CreateMonitoringSchedule", "sagemaker:UpdateMonitoringSchedule")

_TYPES = "sagemaker:InstanceTypes"
_WITH_INSTANCES: Conditions = {"ForAnyValue:StringLike": {_TYPES: "*"}}


def network(subnet_ids: Sequence[str], security_group_ids: Sequence[str]) -> Document:
    """`P-guard-network`: jobs, models and monitoring in our subnets and security groups only.

    A schedule's own job is asked for isolation and encrypted traffic here too: the boundary, which asks all others, has no room for it.
    """
    return document(
        *(
            deny(sid, SCHEDULE_ACTIONS, "*", when={"BoolIfExists": {key: "false"}, **_WITH_INSTANCES})
            for sid, key in (
                ("DenyScheduleNoIsolation", "sagemaker:NetworkIsolation"),
                ("DenySchedulePlainTraffic", "sagemaker:InterContainerTrafficEncryption"),
            )
        ),
        *_ours("Subnets", "sagemaker:VpcSubnets", subnet_ids),
        *_ours("SecurityGroups", "sagemaker:VpcSecurityGroupIds", security_group_ids),
    )


def keys(environment: Environment, data_key: str, storage_key: str) -> Document:
    """`P-guard-keys`: volumes under the storage key, outputs under the data key.

    AWS renamed the condition keys (`VolumeKmsKey` to `VolumeKmsKeyArn`), and whether a request carries both is not documented: presence is
    asked for both names in one Null block, which is true only when both are absent; the value is asked for each name that is there.
    """
    return document(
        *_encrypted(
            "Volume", "sagemaker:VolumeKmsKey", VOLUME_ACTIONS, storage_key, without=environment.local_storage_types
        ),
        *_encrypted("Output", "sagemaker:OutputKmsKey", OUTPUT_ACTIONS, data_key),
    )


def _ours(what: str, key: str, ids: Sequence[str]) -> list[Statement]:
    """Present, and every one of them ours; ForAnyValue does not match a missing key, so both are needed."""
    missing: Mapping[str, str] = {key: "true"}
    return [
        deny(f"DenyNo{what}", NETWORK_ACTIONS, "*", when={"Null": missing}),
        deny(f"DenyScheduleNo{what}", SCHEDULE_ACTIONS, "*", when={"Null": missing, **_WITH_INSTANCES}),
        deny(
            f"DenyForeign{what}",
            [*NETWORK_ACTIONS, *SCHEDULE_ACTIONS],
            "*",
            when={"ForAnyValue:StringNotEquals": {key: list(ids)}},
        ),
    ]


def _encrypted(
    what: str, key: str, actions: Sequence[str], allowed: str, *, without: Sequence[str] = ()
) -> list[Statement]:
    """Present under one of its names, and ours under each.

    Args:
        what: What it encrypts, for the statements' ids.
        key: The condition key's old name.
        actions: The actions that carry it.
        allowed: ARN of our key.
        without: Instance types that cannot have one; a request for nothing else may lack it.
    """
    names = (key, f"{key}Arn")
    missing: Mapping[str, str] = dict.fromkeys(names, "true")
    held = {"ForAnyValue:StringNotEquals": {_TYPES: list(without)}} if without else {}
    statements = [
        deny(f"DenyNo{what}Key", actions, "*", when={"Null": missing, **held}),
        deny(f"DenyScheduleNo{what}Key", SCHEDULE_ACTIONS, "*", when={"Null": missing, **(held or _WITH_INSTANCES)}),
        *(
            deny(
                f"DenyForeign{what}Key{index}",
                [*actions, *SCHEDULE_ACTIONS],
                "*",
                when={"Null": {name: "false"}, "ArnNotEquals": {name: allowed}},
            )
            for index, name in enumerate(names, start=1)
        ),
    ]
    if without:
        # ForAnyValue does not match where there are no instance types at all (a serverless endpoint).
        statements.append(deny(f"DenyNo{what}KeyNoInstances", actions, "*", when={"Null": {**missing, _TYPES: "true"}}))
    return statements
