"""The key policies, as requests: access-model.md 3, who manages, who uses, from where and through what."""

import pytest

from components.documents import Document, keys
from components.names import Bucket, Role
from tests.components.documents.requests import Context, allows, denies
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, endpoint_ids, environment

EMERGENCY = f"arn:aws:iam::{DEVELOPMENT}:role/Responders"
PRODUCER = "arn:aws:iam::444444444444:role/Loader"
ENVIRONMENT = environment(breakGlassRoles=[EMERGENCY], dataProducers=[PRODUCER], groundTruthProducers=[PRODUCER])
NAMES = ENVIRONMENT.names
IDS = endpoint_ids(3)
ACCOUNTS = [DEVELOPMENT, STAGING]
DATA = {account: keys.data_key(ENVIRONMENT, account, IDS) for account in ACCOUNTS}
STORAGE = {account: keys.storage_key(ENVIRONMENT, account) for account in ACCOUNTS}
LOGS = {account: keys.logs_key(ENVIRONMENT, account) for account in ACCOUNTS}
CRYPTOGRAPHY = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"]
READS = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
S3 = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}


def by(which: Role | str, account: str = DEVELOPMENT, *, inside: bool = True) -> Context:
    arn = NAMES.role_arn(which, account) if isinstance(which, Role) else which
    context = {"aws:PrincipalArn": arn, "aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}
    return {**context, "aws:SourceVpce": IDS[0]} if inside else context


def within(bucket: Bucket, key: str = "") -> Context:
    arn = NAMES.bucket_arn(bucket, DEVELOPMENT)
    return {**S3, "kms:EncryptionContext:aws:s3:arn": f"{arn}/{key}" if key else arn}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("action", CRYPTOGRAPHY)
def test_the_data_key_is_used_through_our_endpoints_or_by_a_service_for_the_caller(account: str, action: str) -> None:
    job = Role.JOB if account == DEVELOPMENT else Role.MODEL_EXECUTION
    assert denies(DATA[account], action, by(job, account)) == set()
    assert denies(DATA[account], action, by(job, account, inside=False)) == {"DenyNoVPC"}
    assert denies(DATA[account], action, {**by(job, account), "aws:SourceVpce": "vpce-foreign"}) == {"DenyNoVPC"}
    assert denies(DATA[account], action, {**by(job, account, inside=False), "aws:ViaAWSService": "true"}) == set()
    assert denies(DATA[account], action, by(Role.DEPLOYER, account, inside=False)) == {"DenyNoVPC"}
    assert denies(DATA[account], action, by(EMERGENCY, inside=False)) == set()


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("action", [*READS, "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"])
def test_looking_at_a_key_and_managing_it_is_never_refused(account: str, action: str) -> None:
    for policy in (DATA[account], STORAGE[account], LOGS[account]):
        assert denies(policy, action, by(Role.DEPLOYER, account, inside=False)) == set()
        assert "AllowAdministration" in allows(policy, action, by(Role.DEPLOYER, account, inside=False))


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("kind", [DATA, STORAGE, LOGS], ids=["data", "storage", "logs"])
def test_only_the_deployer_moves_aliases(account: str, kind: dict[str, Document]) -> None:
    for action in ("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"):
        free = {which for which in Role if allows(kind[account], action, by(which, account))}
        assert free == {Role.DEPLOYER}


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("kind", [STORAGE, LOGS], ids=["storage", "logs"])
def test_keys_that_services_use_by_grants_refuse_nothing(account: str, kind: dict[str, Document]) -> None:
    assert [statement for statement in kind[account]["Statement"] if statement["Effect"] == "Deny"] == []


PEOPLE = (Role.DATA_SCIENTIST, Role.ML_ENGINEER, Role.MODEL_APPROVER, Role.PLATFORM_ADMINISTRATOR, Role.AUDITOR)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_who_decrypts_data(account: str) -> None:
    serving = {Role.MODEL_EXECUTION, Role.MONITORING}
    expected = serving | set(keys.DATA_KEY_USERS) if account == DEVELOPMENT else serving
    assert {which for which in Role if allows(DATA[account], "kms:Decrypt", by(which, account))} == expected
    assert not expected & {*PEOPLE, Role.DEPLOYER, Role.STACK_SET_EXECUTION, Role.EVENTS, Role.ENDPOINT_TEST}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_who_makes_grants_on_the_storage_key_and_for_whom(account: str) -> None:
    for_service, for_anybody = (
        {which for which in Role if allows(STORAGE[account], "kms:CreateGrant", {**by(which, account), **flag})}
        for flag in ({"kms:GrantIsForAWSResource": "true"}, {"kms:GrantIsForAWSResource": "false"})
    )
    serving = {Role.DEPLOYER, Role.MONITORING, Role.STACK_SET_EXECUTION, Role.MODEL_EXECUTION}
    launch = {Role.PRODUCTS_LAUNCH}
    assert for_service == (serving | launch | set(keys.STORAGE_KEY_USERS) if account == DEVELOPMENT else serving)
    assert not for_service & set(PEOPLE)
    described = {
        which for which in Role if "AllowDescribe" in allows(STORAGE[account], "kms:DescribeKey", by(which, account))
    }
    assert described == for_service
    assert for_anybody == set()


def test_nobody_makes_grants_on_the_other_keys() -> None:
    flag = {"kms:GrantIsForAWSResource": "true"}
    for policy in (*DATA.values(), *LOGS.values()):
        assert not [which for which in Role if allows(policy, "kms:CreateGrant", {**by(which), **flag})]


def test_the_online_store_is_decrypted_by_ingestion_and_by_who_makes_it() -> None:
    users = {which for which in Role if allows(STORAGE[DEVELOPMENT], "kms:Decrypt", by(which))}
    assert users == {Role.INGESTION, Role.DEPLOYER, Role.PRODUCTS_LAUNCH}
    assert not [which for which in Role if allows(STORAGE[STAGING], "kms:Decrypt", by(which, STAGING))]


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (within(Bucket.ARTIFACTS, "seed/x"), {"AllowDeployerArtifacts"}),
        (within(Bucket.ARTIFACTS), {"AllowDeployerArtifacts"}),
        (within(Bucket.DATA, "x"), set[str]()),
        (within(Bucket.MODELS, "x"), set[str]()),
        ({**within(Bucket.ARTIFACTS, "x"), "kms:ViaService": "sagemaker.eu-west-1.amazonaws.com"}, set[str]()),
        ({}, set[str]()),
    ],
)
def test_the_deployer_uses_the_data_key_for_artifacts_through_s3(
    action: str, context: Context, expected: set[str]
) -> None:
    assert allows(DATA[DEVELOPMENT], action, {**by(Role.DEPLOYER), **context}) == expected
    assert allows(DATA[STAGING], action, {**by(Role.DEPLOYER, STAGING), **context}) == set()


@pytest.mark.parametrize(
    ("which", "context", "expected"),
    [
        (Role.MODEL_EXECUTION, within(Bucket.MODELS, "x"), {"AllowCrossAccount"}),
        (Role.MONITORING, within(Bucket.MODELS), {"AllowCrossAccount"}),
        (Role.MODEL_EXECUTION, within(Bucket.DATA, "x"), set[str]()),
        (Role.MODEL_EXECUTION, within(Bucket.CAPTURE, "x"), set[str]()),
        (Role.MODEL_EXECUTION, {}, set[str]()),
        (Role.STACK_SET_EXECUTION, within(Bucket.MODELS, "x"), set[str]()),
        (Role.JOB, within(Bucket.MODELS, "x"), set[str]()),
    ],
)
def test_a_target_decrypts_models_and_nothing_else(which: Role, context: Context, expected: set[str]) -> None:
    request = {**by(which, PRODUCTION), **context}
    assert allows(DATA[DEVELOPMENT], "kms:Decrypt", request) == expected
    for action in ("kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptTo", "kms:CreateGrant"):
        assert allows(DATA[DEVELOPMENT], action, request) == set()
    reader = which in (Role.MODEL_EXECUTION, Role.MONITORING)
    described = "AllowCrossAccountDescribe" in allows(DATA[DEVELOPMENT], "kms:DescribeKey", request)
    assert described is (reader and S3.items() <= context.items())


def test_a_single_account_has_no_cross_account_grants() -> None:
    alone = environment(accounts={"development": DEVELOPMENT})
    sids = {statement["Sid"] for statement in keys.data_key(alone, DEVELOPMENT, IDS[:1])["Statement"]}
    assert not [sid for sid in sids if "CrossAccount" in sid]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_producers_encrypt_through_s3(account: str) -> None:
    for action in ("kms:GenerateDataKey", "kms:Decrypt"):
        assert allows(DATA[account], action, {**by(PRODUCER), **S3}) == {"AllowProducers"}
        assert allows(DATA[account], action, by(PRODUCER)) == set()


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_logs_key_encrypts_log_groups_of_the_account(account: str) -> None:
    group = f"arn:aws:logs:eu-west-1:{account}:log-group:/aws/sagemaker/TrainingJobs"
    key = "kms:EncryptionContext:aws:logs:arn"
    assert allows(LOGS[account], "kms:Encrypt", {key: group}) == {"AllowLogs"}
    assert allows(LOGS[account], "kms:Encrypt", {key: group.replace(account, PRODUCTION)}) == set()
    assert allows(LOGS[account], "kms:Encrypt", {}) == set()


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_deploy_pipeline_alone_asks_for_approval_under_the_logs_key(account: str) -> None:
    through = {"kms:ViaService": "sns.eu-west-1.amazonaws.com"}
    users = {which for which in Role if allows(LOGS[account], "kms:GenerateDataKey", {**by(which, account), **through})}
    assert users == ({Role.DEPLOY_PIPELINE} if account == DEVELOPMENT else set())
    assert allows(LOGS[account], "kms:GenerateDataKey", by(Role.DEPLOY_PIPELINE, account)) == set()


@pytest.mark.parametrize("front", [False, True])
def test_the_launch_role_of_the_s3_front_uses_keys_when_it_is_on(front: bool) -> None:
    of = environment(projects={"fronts": ["serviceCatalog", "s3"] if front else ["serviceCatalog"]})
    launch = by(Role.S3_FRONT_LAUNCH)
    assert bool(allows(keys.data_key(of, DEVELOPMENT, IDS), "kms:Decrypt", launch)) is front
    made = allows(keys.storage_key(of, DEVELOPMENT), "kms:GenerateDataKeyWithoutPlaintext", launch)
    assert bool(made) is front
