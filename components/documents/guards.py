"""Guards: managed policies that hold whoever creates SageMaker resources to our subnets, security groups and keys.

Deny statements, one a key, only over actions that carry the key: a Null test on an action without it denies that action for ever
(security-rules.md part 3, items 14-21; `tests` ask AWS's service reference).
"""

from collections.abc import Sequence

from components.documents import Document, Statement, deny, document
from components.environment import Environment

_DEFINITIONS = tuple(
    f"sagemaker:Create{kind}JobDefinition"
    for kind in ("DataQuality", "ModelBias", "ModelExplainability", "ModelQuality")
)
_JOBS = ("sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob")

# Not CreateEndpointConfig (its keys are the inference components'; the model carries the network), not the monitoring schedule (its
# definition carries it), not CreateTransformJob (it has no such key; its model is guarded).
NETWORK_ACTIONS: tuple[str, ...] = (*_JOBS, "sagemaker:CreateModel", *_DEFINITIONS)
VOLUME_ACTIONS: tuple[str, ...] = (
    *_JOBS,
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateTransformJob",
    *_DEFINITIONS,
)
OUTPUT_ACTIONS: tuple[str, ...] = (*_JOBS, "sagemaker:CreateTransformJob", *_DEFINITIONS)


def network(subnet_ids: Sequence[str], security_group_ids: Sequence[str]) -> Document:
    """`P-guard-network`: jobs, models and monitoring in our subnets and security groups only."""
    return document(
        *_ours("Subnets", "sagemaker:VpcSubnets", subnet_ids),
        *_ours("SecurityGroups", "sagemaker:VpcSecurityGroupIds", security_group_ids),
    )


def keys(environment: Environment, data_key: str, storage_key: str) -> Document:
    """`P-guard-keys`: volumes under the storage key, outputs under the data key.

    AWS renamed the condition keys (`VolumeKmsKey` to `VolumeKmsKeyArn`), and whether a request carries both is not documented: presence is
    asked for both names in one Null block, which is true only when both are absent; the value is asked for each name that is there.
    """
    spared = {"ForAnyValue:StringNotEquals": {"sagemaker:InstanceTypes": list(environment.local_storage_types)}}
    return document(
        *_encrypted(
            "Volume",
            "sagemaker:VolumeKmsKey",
            VOLUME_ACTIONS,
            storage_key,
            spared if environment.local_storage_types else {},
        ),
        *_encrypted("Output", "sagemaker:OutputKmsKey", OUTPUT_ACTIONS, data_key, {}),
    )


def _ours(what: str, key: str, ids: Sequence[str]) -> list[Statement]:
    """Present, and every one of them ours; ForAnyValue does not match a missing key, so both are needed."""
    return [
        deny(f"DenyNo{what}", NETWORK_ACTIONS, "*", when={"Null": {key: "true"}}),
        deny(f"DenyForeign{what}", NETWORK_ACTIONS, "*", when={"ForAnyValue:StringNotEquals": {key: list(ids)}}),
    ]


def _encrypted(
    what: str, key: str, actions: Sequence[str], allowed: str, spared: dict[str, dict[str, list[str]]]
) -> list[Statement]:
    names = (key, f"{key}Arn")
    return [
        deny(f"DenyNo{what}Key", actions, "*", when={"Null": dict.fromkeys(names, "true"), **spared}),
        *(
            deny(
                f"DenyForeign{what}Key{index}",
                actions,
                "*",
                when={"Null": {name: "false"}, "ArnNotEquals": {name: allowed}},
            )
            for index, name in enumerate(names, start=1)
        ),
    ]
