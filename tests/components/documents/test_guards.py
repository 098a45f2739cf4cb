"""The guards, as requests: what a job, a model, an endpoint and a schedule must name, and what they may leave out."""

from collections.abc import Sequence

import pytest

from components.documents import guards
from tests.components.documents.reference import carries
from tests.components.documents.requests import Context, denies
from tests.components.stacks import KEY_ARN, environment

SUBNETS, GROUPS = ["subnet-1", "subnet-2"], ["sg-1"]
STORAGE_ARN = KEY_ARN.replace("1111-2222", "9999-9999")
LOCAL = "ml.g4dn.xlarge"
ENVIRONMENT = environment(
    instanceTypes={"jobs": ["ml.m5.large", LOCAL], "endpoints": ["ml.m5.large", LOCAL], "localStorage": [LOCAL]}
)
NETWORK = guards.network(SUBNETS, GROUPS)
KEYS = guards.keys(ENVIRONMENT, KEY_ARN, STORAGE_ARN)
FOREIGN = KEY_ARN.replace("1111-2222", "6666-6666")

INSTANCE: Context = {"sagemaker:InstanceTypes": ["ml.m5.large"]}
INSIDE: Context = {"sagemaker:VpcSubnets": SUBNETS[:1], "sagemaker:VpcSecurityGroupIds": GROUPS, **INSTANCE}
FLAGS: Context = {"sagemaker:NetworkIsolation": "true", "sagemaker:InterContainerTrafficEncryption": "true"}


def without(context: Context, *keys: str) -> Context:
    return {key: value for key, value in context.items() if key not in keys}


@pytest.mark.parametrize("action", guards.NETWORK_ACTIONS)
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (INSIDE, set[str]()),
        (without(INSIDE, "sagemaker:VpcSubnets"), {"DenyNoSubnets"}),
        (without(INSIDE, "sagemaker:VpcSecurityGroupIds"), {"DenyNoSecurityGroups"}),
        (INSTANCE, {"DenyNoSubnets", "DenyNoSecurityGroups"}),
        ({**INSIDE, "sagemaker:VpcSubnets": ["subnet-9"]}, {"DenyForeignSubnets"}),
        # One foreign subnet among ours is foreign: ForAllValues would let it pass.
        ({**INSIDE, "sagemaker:VpcSubnets": [*SUBNETS, "subnet-9"]}, {"DenyForeignSubnets"}),
        ({**INSIDE, "sagemaker:VpcSecurityGroupIds": ["sg-1", "sg-9"]}, {"DenyForeignSecurityGroups"}),
    ],
)
def test_what_runs_is_in_our_subnets_and_groups(action: str, context: Context, expected: set[str]) -> None:
    assert denies(NETWORK, action, context) == expected


@pytest.mark.parametrize("action", guards.SCHEDULE_ACTIONS)
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        # By definition's name: the definition was guarded.
        ({}, set[str]()),
        ({**INSIDE, **FLAGS}, set[str]()),
        (INSIDE, {"DenyScheduleNoIsolation", "DenySchedulePlainTraffic"}),
        ({**INSIDE, **FLAGS, "sagemaker:NetworkIsolation": "false"}, {"DenyScheduleNoIsolation"}),
        ({**INSTANCE, **FLAGS}, {"DenyScheduleNoSubnets", "DenyScheduleNoSecurityGroups"}),
        ({**INSIDE, **FLAGS, "sagemaker:VpcSubnets": ["subnet-9"]}, {"DenyForeignSubnets"}),
    ],
)
def test_a_schedule_is_held_when_it_brings_its_own_job(action: str, context: Context, expected: set[str]) -> None:
    assert denies(NETWORK, action, context) == expected


@pytest.mark.parametrize(
    "action", ["sagemaker:CreateEndpointConfig", "sagemaker:CreateTransformJob", "sagemaker:CreateEndpoint"]
)
def test_what_its_model_carries_is_not_asked_again(action: str) -> None:
    assert denies(NETWORK, action, INSTANCE) == set()


# AWS may send the old name, the new one or both: each is right alone, and a foreign key under either is refused.
@pytest.mark.parametrize("action", guards.VOLUME_ACTIONS)
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"sagemaker:VolumeKmsKey": STORAGE_ARN}, set[str]()),
        ({"sagemaker:VolumeKmsKeyArn": STORAGE_ARN}, set[str]()),
        ({"sagemaker:VolumeKmsKey": STORAGE_ARN, "sagemaker:VolumeKmsKeyArn": STORAGE_ARN}, set[str]()),
        ({}, {"DenyNoVolumeKey"}),
        ({"sagemaker:VolumeKmsKey": FOREIGN}, {"DenyForeignVolumeKey1"}),
        ({"sagemaker:VolumeKmsKeyArn": FOREIGN}, {"DenyForeignVolumeKey2"}),
        ({"sagemaker:VolumeKmsKey": STORAGE_ARN, "sagemaker:VolumeKmsKeyArn": FOREIGN}, {"DenyForeignVolumeKey2"}),
        ({"sagemaker:VolumeKmsKeyArn": KEY_ARN}, {"DenyForeignVolumeKey2"}),  # the data key is not for volumes
    ],
)
def test_volumes_are_under_the_storage_key(action: str, context: Context, expected: set[str]) -> None:
    volume = {sid for sid in denies(KEYS, action, {**INSTANCE, **context}) if "Volume" in sid}
    assert volume == expected


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ([LOCAL], set[str]()),
        ([LOCAL, "ml.m5.large"], {"DenyNoVolumeKey"}),
        (None, {"DenyNoVolumeKeyNoInstances"}),
    ],
)
def test_only_types_with_storage_of_their_own_go_without_a_volume_key(
    types: Sequence[str] | None, expected: set[str]
) -> None:
    context: Context = {} if types is None else {"sagemaker:InstanceTypes": types}
    assert denies(KEYS, "sagemaker:CreateEndpointConfig", context) == expected


@pytest.mark.parametrize("action", guards.OUTPUT_ACTIONS)
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"sagemaker:OutputKmsKey": KEY_ARN}, set[str]()),
        ({"sagemaker:OutputKmsKeyArn": KEY_ARN}, set[str]()),
        ({}, {"DenyNoOutputKey"}),
        ({"sagemaker:OutputKmsKey": FOREIGN}, {"DenyForeignOutputKey1"}),
        ({"sagemaker:OutputKmsKeyArn": STORAGE_ARN}, {"DenyForeignOutputKey2"}),
    ],
)
def test_outputs_are_under_the_data_key(action: str, context: Context, expected: set[str]) -> None:
    output = {sid for sid in denies(KEYS, action, {**INSTANCE, **context}) if "Output" in sid}
    assert output == expected


@pytest.mark.parametrize("action", guards.SCHEDULE_ACTIONS)
def test_a_schedule_by_name_needs_no_key_and_one_with_a_job_needs_both(action: str) -> None:
    plain = guards.keys(environment(), KEY_ARN, STORAGE_ARN)  # no types with storage of their own
    assert denies(plain, action, {}) == set()
    for document in (KEYS, plain):
        assert denies(document, action, INSTANCE) == {"DenyScheduleNoVolumeKey", "DenyScheduleNoOutputKey"}
        # Either name of a key will do.
        for volume in ("sagemaker:VolumeKmsKey", "sagemaker:VolumeKmsKeyArn"):
            for output in ("sagemaker:OutputKmsKey", "sagemaker:OutputKmsKeyArn"):
                assert denies(document, action, {**INSTANCE, volume: STORAGE_ARN, output: KEY_ARN}) == set()
        assert denies(document, action, {"sagemaker:OutputKmsKeyArn": FOREIGN}) == {"DenyForeignOutputKey2"}


@pytest.mark.parametrize(
    ("actions", "key"),
    [
        (guards.NETWORK_ACTIONS, "sagemaker:VpcSubnets"),
        (guards.NETWORK_ACTIONS, "sagemaker:VpcSecurityGroupIds"),
        (guards.VOLUME_ACTIONS, "sagemaker:VolumeKmsKeyArn"),
        (guards.OUTPUT_ACTIONS, "sagemaker:OutputKmsKeyArn"),
        (guards.SCHEDULE_ACTIONS, "sagemaker:InstanceTypes"),
    ],
)
def test_an_action_is_asked_only_for_what_it_carries(actions: Sequence[str], key: str) -> None:
    """A Null test on an action without the key would refuse that action for ever."""
    assert [action for action in actions if not carries(action, key)] == []


def test_a_null_block_with_two_keys_holds_two_names_of_one_key() -> None:
    """The keys of a Null block are ANDed: two different keys in it would be refused only when both are missing."""
    for statement in (*NETWORK["Statement"], *KEYS["Statement"]):
        block = statement.get("Condition", {}).get("Null", {})
        missing = {key.removesuffix("Arn") for key, value in block.items() if value == "true"}
        assert len(missing - {"sagemaker:InstanceTypes"}) <= 1
