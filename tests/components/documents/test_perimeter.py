"""The perimeter's shape: who is outside, who is spared, what a spared role is held to."""

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.documents import Document, buckets, keys
from components.documents.perimeter import DATA_ACTIONS, LIST_ACTIONS, hold, outside
from components.names import Role
from tests.components.documents.reference import as_list, expand
from tests.components.stacks import DEVELOPMENT, KEY_ARN, PRODUCTION, STAGING, endpoint_ids, environment, many

ENVIRONMENT = environment()
IDS = endpoint_ids(3)

GUARDED: dict[str, Document] = {
    "data": buckets.data(ENVIRONMENT, IDS, KEY_ARN),
    "models": buckets.models(ENVIRONMENT, IDS, KEY_ARN),
    "artifacts": buckets.artifacts(ENVIRONMENT, IDS, KEY_ARN),
    "capture": buckets.capture(ENVIRONMENT, STAGING, IDS, KEY_ARN),
    "project": buckets.project(ENVIRONMENT, "sm-mlops-cp-churn-p-1", IDS, KEY_ARN),
}

# access-model.md 9, the complete list.
SPARED = {
    "data": {Role.DEPLOYER, Role.PIPELINE, Role.FEATURE_STORE},
    "models": {Role.DEPLOYER},
    "artifacts": {Role.DEPLOYER, Role.PRODUCTS_LAUNCH, Role.BUILD_PIPELINE, Role.DEPLOY_PIPELINE},
    "capture": {Role.DEPLOYER},
    "project": {Role.PRODUCTS_LAUNCH, Role.BUILD_PIPELINE, Role.DEPLOY_PIPELINE},
}


def statement(document: Document, sid: str) -> dict[str, Any]:
    return next(found for found in document["Statement"] if found["Sid"] == sid)


@pytest.mark.parametrize("bucket", GUARDED)
def test_the_endpoint_deny_covers_every_data_action_of_everybody(bucket: str) -> None:
    deny = statement(GUARDED[bucket], "DenyNoVPC")
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert set(deny["Action"]) == set(DATA_ACTIONS)
    assert [resource.endswith("/*") for resource in deny["Resource"]] == [False, True]
    assert deny["Condition"]["StringNotEquals"] == {"aws:SourceVpce": IDS}
    assert deny["Condition"]["BoolIfExists"] == {"aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}


@pytest.mark.parametrize("bucket", GUARDED)
def test_exactly_the_listed_roles_are_spared(bucket: str) -> None:
    account = STAGING if bucket == "capture" else DEVELOPMENT
    spared = as_list(statement(GUARDED[bucket], "DenyNoVPC")["Condition"]["ArnNotLike"]["aws:PrincipalArn"])
    assert set(spared) == {ENVIRONMENT.names.role_arn(role, account) for role in SPARED[bucket]}


def test_the_s3_front_spares_its_launch_role_where_the_other_is() -> None:
    on = environment(projects={"fronts": ["serviceCatalog", "s3"]})
    launch = on.names.role_arn(Role.S3_FRONT_LAUNCH, DEVELOPMENT)
    for document in (buckets.artifacts(on, IDS, KEY_ARN), buckets.project(on, "sm-mlops-cp-x-1", IDS, KEY_ARN)):
        assert launch in statement(document, "DenyNoVPC")["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
        held = [found for found in document["Statement"] if launch in str(found["Condition"].get("ArnLike"))]
        assert held


@pytest.mark.parametrize("bucket", GUARDED)
def test_no_deny_can_lock_the_deployer_out_of_the_policy(bucket: str) -> None:
    """The transport denies aside, which ask for TLS, nothing is said about bucket policies."""
    for deny in (
        found for found in GUARDED[bucket]["Statement"] if found["Effect"] == "Deny" and found["Action"] != "s3:*"
    ):
        assert not [
            action for action in as_list(deny["Action"]) if "BucketPolicy" in action or "PublicAccessBlock" in action
        ]


@pytest.mark.parametrize("bucket", ["data", "models", "capture"])
def test_the_deployer_never_touches_objects_of_data(bucket: str) -> None:
    held = statement(GUARDED[bucket], "HoldDeployer")
    refused = {action for pattern in held["Action"] for action in expand(pattern)}
    assert set(DATA_ACTIONS) - refused == set(LIST_ACTIONS)
    assert not [action for action in refused if "Bucket" in action and action != "s3:ListBucketMultipartUploads"]
    assert "StringNotEquals" not in held["Condition"]


@pytest.mark.parametrize(
    ("bucket", "sid", "allowed", "prefix"),
    [
        ("data", "HoldPipeline", {"s3:GetObject"}, "results/*"),
        ("data", "HoldFeatureStore", {"s3:PutObject", "s3:PutObjectAcl", "s3:GetObject"}, "offline/*"),
        ("artifacts", "HoldLaunch", {"s3:GetObject", "s3:GetObjectVersion"}, "seed/*"),
    ],
)
def test_a_spared_role_is_held_to_its_prefix(bucket: str, sid: str, allowed: set[str], prefix: str) -> None:
    within = statement(GUARDED[bucket], f"{sid}Prefix")
    assert set(as_list(within["Action"])) == allowed
    assert within["NotResource"].endswith(f"/{prefix}")
    refused = set(statement(GUARDED[bucket], f"{sid}Actions")["Action"])
    assert not refused & allowed
    assert "s3:DeleteObject" in refused


@given(st.lists(st.sampled_from(DATA_ACTIONS), unique=True, min_size=1, max_size=5))
def test_what_a_role_is_held_to_is_the_rest(allowed: list[str]) -> None:
    actions, prefix = hold("Hold", "arn:aws:s3:::b", "arn:aws:iam::1:role/r", to={"p/*": allowed})
    assert set(actions["Action"]) == set(DATA_ACTIONS) - set(allowed)
    assert set(as_list(prefix["Action"])) == set(allowed)


def test_by_organisation_no_endpoint_is_listed() -> None:
    conditions = outside(many(20, by="organization"), IDS, [])
    assert conditions["StringNotEquals"] == {"aws:VpceOrgID": "o-abcdefghij"}


def test_models_are_read_only_when_approved() -> None:
    models = GUARDED["models"]
    tag = {"s3:ExistingObjectTag/sm-mlops-dev-eu-west-1:approved": "true"}
    grant = statement(models, "AllowCrossAccount")
    assert grant["Condition"]["StringEquals"] == tag
    assert set(grant["Action"]) == {"s3:GetObject", "s3:GetObjectVersion"}
    assert set(grant["Principal"]["AWS"]) == {DEVELOPMENT, STAGING, PRODUCTION}
    assert statement(models, "DenyUnapproved")["Condition"]["StringNotEquals"] == tag


def test_only_the_release_tags_models() -> None:
    models = GUARDED["models"]
    release = {"aws:PrincipalArn": f"arn:aws:iam::{DEVELOPMENT}:role/sm-mlops-dev-eu-west-1-ReleaseRole"}
    assert statement(models, "DenyTagging")["Condition"] == {"ArnNotLike": release}
    assert statement(models, "DenyTaggedPut")["Condition"]["Null"] == {
        "s3:RequestObjectTag/sm-mlops-dev-eu-west-1:approved": "false"
    }


def test_adding_an_account_adds_exactly_its_grants() -> None:
    before = buckets.models(environment(accounts={"development": DEVELOPMENT, "staging": [STAGING]}), IDS[:2], KEY_ARN)
    after = buckets.models(
        environment(accounts={"development": DEVELOPMENT, "staging": [STAGING], "production": [PRODUCTION]}),
        IDS,
        KEY_ARN,
    )
    for old, new in zip(before["Statement"], after["Statement"], strict=True):
        if old != new:
            added = {str(value) for value in _leaves(new)} - {str(value) for value in _leaves(old)}
            assert added <= {PRODUCTION, IDS[2]}


def test_data_keys_only_carry_the_endpoint_condition() -> None:
    deny = statement(keys.data_key(ENVIRONMENT, DEVELOPMENT, IDS), "DenyNoVPC")
    assert set(deny["Action"]) == {"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"}
    for document in (keys.storage_key(ENVIRONMENT, DEVELOPMENT), keys.logs_key(ENVIRONMENT, DEVELOPMENT)):
        assert not [found for found in document["Statement"] if found["Effect"] == "Deny"]


def test_administration_of_a_key_is_not_its_use() -> None:
    for document in (
        keys.data_key(ENVIRONMENT, DEVELOPMENT, IDS),
        keys.storage_key(ENVIRONMENT, STAGING),
        keys.logs_key(ENVIRONMENT, STAGING),
    ):
        administration = set(statement(document, "AllowAdministration")["Action"])
        assert "kms:PutKeyPolicy" in administration
        assert not administration & {"kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:GenerateDataKey", "kms:*"}


def test_targets_decrypt_models_through_s3_only() -> None:
    grant = statement(keys.data_key(ENVIRONMENT, DEVELOPMENT, IDS), "AllowCrossAccount")
    assert grant["Action"] == "kms:Decrypt"
    assert set(grant["Principal"]["AWS"]) == {STAGING, PRODUCTION}
    assert grant["Condition"]["StringEquals"] == {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    models = "arn:aws:s3:::sm-mlops-dev-eu-west-1-111111111111-models"
    assert grant["Condition"]["StringLike"] == {"kms:EncryptionContext:aws:s3:arn": [models, f"{models}/*"]}


def test_grants_on_the_storage_key_are_for_aws_services() -> None:
    for account in (DEVELOPMENT, STAGING):
        grant = statement(keys.storage_key(ENVIRONMENT, account), "AllowGrants")
        assert grant["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def _leaves(value: object) -> list[object]:
    match value:
        case dict():
            return [leaf for item in cast("dict[str, object]", value).values() for leaf in _leaves(item)]
        case list():
            return [leaf for item in cast("list[object]", value) for leaf in _leaves(item)]
        case _:
            return [value]
