"""The bucket policies, as requests: access-model.md 2 and 9, who comes from where and does what with which object."""

import pytest

from components.documents import Document, buckets
from components.documents.perimeter import DATA_ACTIONS, LIST_ACTIONS, OBJECT_ACTIONS
from components.documents.roles import ROLES
from components.identity import account_roles
from components.names import Bucket, Role
from tests.components.documents.reference import as_list, expand
from tests.components.documents.requests import Context, allows, denies
from tests.components.stacks import DEVELOPMENT, KEY_ARN, PRODUCTION, STAGING, endpoint_ids, environment

EMERGENCY = f"arn:aws:iam::{DEVELOPMENT}:role/Responders"
PRODUCER = "arn:aws:iam::444444444444:role/Loader"
ENVIRONMENT = environment(
    breakGlassRoles=[EMERGENCY],
    dataProducers=[PRODUCER],
    groundTruthProducers=[PRODUCER],
    studio={"experimentTracking": "true"},
)
NAMES = ENVIRONMENT.names
IDS = endpoint_ids(3)
APPROVED = NAMES.approved_tag

POLICIES: dict[Bucket, Document] = {
    Bucket.DATA: buckets.data(ENVIRONMENT, IDS, KEY_ARN),
    Bucket.MODELS: buckets.models(ENVIRONMENT, IDS, KEY_ARN),
    Bucket.ARTIFACTS: buckets.artifacts(ENVIRONMENT, IDS, KEY_ARN),
    Bucket.CAPTURE: buckets.capture(ENVIRONMENT, DEVELOPMENT, IDS, KEY_ARN),
    Bucket.TEMPLATES: buckets.templates(ENVIRONMENT),
    Bucket.LOGS: buckets.logs(ENVIRONMENT, DEVELOPMENT),
}
PERIMETER = (Bucket.DATA, Bucket.MODELS, Bucket.ARTIFACTS, Bucket.CAPTURE)


def arn(bucket: Bucket, key: str = "") -> str:
    return NAMES.bucket_arn(bucket, DEVELOPMENT) + (f"/{key}" if key else "")


def role(which: Role, account: str = DEVELOPMENT) -> str:
    return NAMES.role_arn(which, account)


def by(principal: str, *, inside: bool = False, service: bool = False) -> Context:
    """A request of a principal: from our endpoint or from elsewhere, or made by an AWS service for it."""
    context = {
        "aws:PrincipalArn": principal,
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "true" if service else "false",
        "aws:PrincipalIsAWSService": "false",
        "s3:TlsVersion": "1.3",
    }
    return {**context, "aws:SourceVpce": IDS[1]} if inside else context


@pytest.mark.parametrize("bucket", PERIMETER)
@pytest.mark.parametrize("action", DATA_ACTIONS)
def test_stolen_keys_are_worth_nothing_outside(bucket: Bucket, action: str) -> None:
    policy, stolen = POLICIES[bucket], role(Role.JOB)
    assert "DenyNoVPC" in denies(policy, action, by(stolen))
    assert "DenyNoVPC" in denies(policy, action, {**by(stolen), "aws:SourceVpce": "vpce-foreign"})
    assert "DenyNoVPC" not in denies(policy, action, by(stolen, inside=True))
    assert "DenyNoVPC" not in denies(policy, action, by(stolen, service=True))
    # An anonymous request carries none of the keys.
    assert "DenyNoVPC" in denies(policy, action, {})


# What a bucket is set to, and how launch roles set a project's: no data.
SETTINGS = {"s3:GetBucketLocation", "s3:GetBucketVersioning"}


def test_every_object_action_of_every_role_is_inside_the_perimeter() -> None:
    used = {
        action
        for account in (DEVELOPMENT, STAGING)
        for which in account_roles(ENVIRONMENT, account)
        if which is not Role.AUDITOR  # settings of buckets
        for statement in ROLES[which].policy(ENVIRONMENT, account)["Statement"]
        if statement["Sid"] != "Bucket"
        for pattern in as_list(statement["Action"])
        if pattern.startswith("s3:")
        for action in expand(pattern)
    }
    assert used - SETTINGS <= set(DATA_ACTIONS)


READ = {"s3:GetObject", "s3:GetObjectVersion"}
WRITE = {"s3:PutObject"}

# access-model.md 9: who, where, below which prefix, what. Everything else of theirs is refused from outside.
SPARED: list[tuple[Role, Bucket, str, set[str]]] = [
    (Role.PIPELINE, Bucket.DATA, "results/", {"s3:GetObject"}),
    (Role.PIPELINE, Bucket.DATA, "churn/input/", set()),
    (Role.FEATURE_STORE, Bucket.DATA, "offline/", {"s3:GetObject", "s3:PutObject", "s3:PutObjectAcl"}),
    (Role.FEATURE_STORE, Bucket.DATA, "results/", set()),
    (Role.TRACKING, Bucket.DATA, "tracking/", {*READ, "s3:PutObject"}),
    (Role.TRACKING, Bucket.DATA, "results/", set()),
    (Role.PRODUCTS_LAUNCH, Bucket.ARTIFACTS, "seed/", READ),
    (Role.PRODUCTS_LAUNCH, Bucket.ARTIFACTS, "code/", set()),
    (Role.BUILD_PIPELINE, Bucket.ARTIFACTS, "code/", READ | WRITE),
    (Role.DEPLOY_PIPELINE, Bucket.ARTIFACTS, "rules/", READ | WRITE),
    (Role.DEPLOYER, Bucket.ARTIFACTS, "seed/", set(buckets.DEPLOYER_OBJECTS)),
    *((Role.DEPLOYER, bucket, "x/", set[str]()) for bucket in (Bucket.DATA, Bucket.MODELS, Bucket.CAPTURE)),
    *(
        (which, bucket, "x/", set[str]())
        for which in (Role.JOB, Role.DATA_SCIENTIST_STUDIO, Role.RELEASE, Role.BUILD, Role.MODEL_EXECUTION)
        for bucket in PERIMETER
    ),
]


@pytest.mark.parametrize(("which", "bucket", "prefix", "spared"), SPARED)
def test_who_is_spared_is_held_to_the_own_prefix_and_actions(
    which: Role, bucket: Bucket, prefix: str, spared: set[str]
) -> None:
    free = {
        action
        for action in OBJECT_ACTIONS
        if not denies(POLICIES[bucket], action, by(role(which)), arn(bucket, f"{prefix}key"))
    }
    assert free == spared


@pytest.mark.parametrize("flag", ["aws:ViaAWSService", "aws:PrincipalIsAWSService"])
@pytest.mark.parametrize(("which", "bucket"), sorted({(which, bucket) for which, bucket, _, _ in SPARED}))
def test_a_service_that_acts_for_a_spared_role_is_not_held(which: Role, bucket: Bucket, flag: str) -> None:
    """SageMaker reads a version's model for PipelineRole when it registers it."""
    for action in ("s3:GetObject", "s3:DeleteObject"):
        found = denies(POLICIES[bucket], action, {**by(role(which)), flag: "true"}, arn(bucket, "x/key"))
        assert not [sid for sid in found if sid == "DenyNoVPC" or sid.startswith("Hold")]


@pytest.mark.parametrize("bucket", PERIMETER)
def test_a_refresh_reads_every_bucket(bucket: Bucket) -> None:
    for action in LIST_ACTIONS:
        assert denies(POLICIES[bucket], action, by(role(Role.DEPLOYER)), arn(bucket)) == set()


@pytest.mark.parametrize("bucket", [*POLICIES])
def test_nothing_about_policies_is_refused_to_who_uses_tls(bucket: Bucket) -> None:
    for action in (
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
        "s3:GetEncryptionConfiguration",
    ):
        assert denies(POLICIES[bucket], action, by(role(Role.DEPLOYER)), arn(bucket)) == set()


@pytest.mark.parametrize("bucket", [*POLICIES])
def test_without_tls_1_2_nothing(bucket: Bucket) -> None:
    policy, deployer = POLICIES[bucket], role(Role.DEPLOYER)
    assert "DenyInsecureTransport" in denies(policy, "s3:GetObject", {**by(deployer), "aws:SecureTransport": "false"})
    assert "DenyOldTls" in denies(policy, "s3:GetObject", {**by(deployer), "s3:TlsVersion": "1.1"})


HEADER = "s3:x-amz-server-side-encryption"


@pytest.mark.parametrize("bucket", PERIMETER)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, set[str]()),  # the bucket's default, which is the data key
        ({HEADER: "aws:kms", f"{HEADER}-aws-kms-key-id": KEY_ARN}, set[str]()),
        ({HEADER: "AES256"}, {"DenyOtherEncryption"}),
        ({HEADER: "aws:kms", f"{HEADER}-aws-kms-key-id": f"{KEY_ARN[:-1]}6"}, {"DenyOtherKey"}),
        ({f"{HEADER}-customer-algorithm": "AES256"}, {"DenyCallersKey"}),
    ],
)
def test_objects_are_encrypted_with_the_data_key_only(bucket: Bucket, headers: Context, expected: set[str]) -> None:
    request = {**by(role(Role.JOB), inside=True), **headers}
    assert denies(POLICIES[bucket], "s3:PutObject", request, arn(bucket, "x")) == expected


RESERVED = {"offline": Role.FEATURE_STORE, "results": Role.JOB, "tracking": Role.TRACKING}
WRITERS = [role(which) for which in Role] + [PRODUCER]


@pytest.mark.parametrize("prefix", RESERVED)
@pytest.mark.parametrize("action", ["s3:PutObject", "s3:PutObjectAcl", "s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_each_reserved_part_of_the_data_has_one_writer(prefix: str, action: str) -> None:
    """A policy for `*/input/*` matches `offline/x/input/y` too: nobody forges features or the results that a gate reads."""
    key = arn(Bucket.DATA, f"{prefix}/churn/input/forged")
    sid = f"Deny{prefix.title()}Writes"
    free = {who for who in WRITERS if sid not in denies(POLICIES[Bucket.DATA], action, by(who, inside=True), key)}
    assert free == {role(RESERVED[prefix])}
    assert sid not in denies(POLICIES[Bucket.DATA], action, by(EMERGENCY), key)
    assert sid not in denies(POLICIES[Bucket.DATA], action, by(PRODUCER), arn(Bucket.DATA, "churn/input/x"))


READERS = (Role.MODEL_EXECUTION, Role.MONITORING)
TAG = f"s3:ExistingObjectTag/{APPROVED}"


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING, PRODUCTION])
@pytest.mark.parametrize("which", READERS)
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:GetObjectVersion"])
def test_what_serves_reads_approved_models_and_no_others(account: str, which: Role, action: str) -> None:
    models, key = POLICIES[Bucket.MODELS], arn(Bucket.MODELS, "churn/model.tar.gz")
    reader = by(role(which, account), inside=True)
    assert allows(models, action, {**reader, TAG: "true"}, key) == {"AllowCrossAccount"}
    assert denies(models, action, {**reader, TAG: "true"}, key) == set()
    for tag in ({}, {TAG: "false"}, {"s3:ExistingObjectTag/approved": "true"}):
        assert allows(models, action, {**reader, **tag}, key) == set()
        assert denies(models, action, {**reader, **tag}, key) == {"DenyUnapproved"}
    # Nor from elsewhere, approved or not.
    assert "DenyNoVPC" in denies(models, action, {**by(role(which, account)), TAG: "true"}, key)


@pytest.mark.parametrize("which", [*Role])
def test_the_policy_of_models_grants_to_nobody_else(which: Role) -> None:
    if which in READERS:
        return
    request = {**by(role(which, PRODUCTION), inside=True), TAG: "true", "s3:prefix": "churn/baseline/"}
    for action in DATA_ACTIONS:
        assert allows(POLICIES[Bucket.MODELS], action, request) == set()


@pytest.mark.parametrize(
    ("which", "prefix", "expected"),
    [
        (Role.MONITORING, "churn/baseline/", {"AllowBaselineList"}),
        (Role.MONITORING, "churn/models/", set[str]()),
        (Role.MODEL_EXECUTION, "churn/baseline/", set[str]()),
    ],
)
def test_only_monitoring_lists_and_only_baselines(which: Role, prefix: str, expected: set[str]) -> None:
    request = {**by(role(which, PRODUCTION), inside=True), "s3:prefix": prefix}
    assert allows(POLICIES[Bucket.MODELS], "s3:ListBucket", request, arn(Bucket.MODELS)) == expected
    whole = by(role(which, PRODUCTION), inside=True)
    assert allows(POLICIES[Bucket.MODELS], "s3:ListBucket", whole, arn(Bucket.MODELS)) == set()


TAGGING = [f"s3:{verb}{what}Tagging" for verb in ("Put", "Delete") for what in ("Object", "ObjectVersion")]


@pytest.mark.parametrize("who", [role(which) for which in Role] + [EMERGENCY, role(Role.RELEASE, PRODUCTION)])
def test_only_the_release_marks_models_as_approved(who: str) -> None:
    models, key = POLICIES[Bucket.MODELS], arn(Bucket.MODELS, "churn/model.tar.gz")
    released = who == role(Role.RELEASE)
    for action in TAGGING:
        assert ("DenyTagging" in denies(models, action, by(who, inside=True), key)) is not released
    tagged = {**by(who, inside=True), f"s3:RequestObjectTag/{APPROVED}": "false"}
    assert ("DenyTaggedPut" in denies(models, "s3:PutObject", tagged, key)) is not released
    assert "DenyTaggedPut" not in denies(models, "s3:PutObject", by(who, inside=True), key)


def test_producers_write_and_read_nothing() -> None:
    for bucket, key, sid in (
        (Bucket.DATA, "raw/x", "AllowProducers"),
        (Bucket.CAPTURE, "ground-truth/x", "AllowGroundTruth"),
    ):
        request, policy = by(PRODUCER, inside=True), POLICIES[bucket]
        granted = {action for action in DATA_ACTIONS if sid in allows(policy, action, request, arn(bucket, key))}
        assert granted == {"s3:PutObject", "s3:AbortMultipartUpload"}
        assert allows(policy, "s3:PutObject", by(role(Role.JOB), inside=True), arn(bucket, key)) == set()
    assert allows(POLICIES[Bucket.CAPTURE], "s3:PutObject", by(PRODUCER), arn(Bucket.CAPTURE, "reports/x")) == set()


def test_only_log_delivery_of_this_account_writes_access_logs() -> None:
    logs, key = POLICIES[Bucket.LOGS], arn(Bucket.LOGS, "x")
    delivery: Context = {
        "aws:PrincipalIsAWSService": "true",
        "aws:SourceAccount": DEVELOPMENT,
        "aws:SourceArn": arn(Bucket.DATA),
        "aws:SecureTransport": "true",
    }
    assert allows(logs, "s3:PutObject", delivery, key) == {"AllowLogDelivery"}
    assert allows(logs, "s3:PutObject", {**delivery, "aws:SourceAccount": STAGING}, key) == set()
    assert allows(logs, "s3:PutObject", {**delivery, "aws:SourceArn": "arn:aws:ec2:::x"}, key) == set()
    assert denies(logs, "s3:PutObject", delivery, key) == set()
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert denies(logs, action, by(role(Role.DEPLOYER)), key) == {"DenyLogWrites"}
        assert denies(logs, action, by(EMERGENCY), key) == set()


def test_templates_ask_for_tls_and_nothing_else() -> None:
    assert denies(POLICIES[Bucket.TEMPLATES], "s3:GetObject", by(role(Role.DATA_SCIENTIST))) == set()
    assert len(POLICIES[Bucket.TEMPLATES]["Statement"]) == 2
