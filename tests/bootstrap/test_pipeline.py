"""Who may take the pipeline's roles, what a preview cannot do, and who reaches Pulumi's state."""

from typing import Any

import pytest

from bootstrap import pipeline, state
from bootstrap.deployer import READ_ONLY
from components.names import Role
from tests.components.documents.reference import as_list, problems
from tests.components.documents.requests import Context, allows, denies
from tests.components.stacks import DEVELOPMENT, STAGING, settings

STACK = settings()
NAMES = STACK.names
ISSUER = pipeline.github("acme/mlops", "dev")
ENGINEERS = f"arn:aws:iam::{DEVELOPMENT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Platform_*"
BUILT = pipeline.template(STACK, issuer=ISSUER, engineers=[ENGINEERS])["Resources"]
DEPLOY, PREVIEW = (pipeline.role_arn(STACK, what) for what in ("deploy", "preview"))
DEPLOYER = NAMES.role_arn(Role.DEPLOYER, STAGING)
OBJECT = f"arn:aws:s3:::{state.bucket(NAMES, DEVELOPMENT)}/.pulumi/stacks/mlops/dev.json"
SUBJECT, AUDIENCE = "token.actions.githubusercontent.com:sub", "token.actions.githubusercontent.com:aud"


def trust_of(role: str) -> Any:  # noqa: ANN401 - a part of a template
    return BUILT[role]["Properties"]["AssumeRolePolicyDocument"]


def policy_of(role: str) -> Any:  # noqa: ANN401 - a part of a template
    return BUILT[role]["Properties"]["Policies"][0]["PolicyDocument"]


@pytest.mark.parametrize(
    ("role", "subject", "taken"),
    [
        ("CiDeploy", "repo:acme/mlops:environment:dev", True),
        ("CiDeploy", "repo:acme/mlops:environment:dev-preview", False),
        ("CiDeploy", "repo:acme/mlops:pull_request", False),
        ("CiDeploy", "repo:acme/mlops:ref:refs/heads/main", False),
        ("CiDeploy", "repo:mallory/mlops:environment:dev", False),
        ("CiPreview", "repo:acme/mlops:environment:dev-preview", True),
        ("CiPreview", "repo:acme/mlops:environment:dev", False),
        ("CiPreview", "repo:mallory/mlops:environment:dev-preview", False),
    ],
)
def test_only_the_jobs_of_its_environment_take_a_role(role: str, subject: str, taken: bool) -> None:
    token: Context = {SUBJECT: subject, AUDIENCE: "sts.amazonaws.com"}
    assert bool(allows(trust_of(role), "sts:AssumeRoleWithWebIdentity", token)) == taken
    assert not allows(trust_of(role), "sts:AssumeRoleWithWebIdentity", {**token, AUDIENCE: "other"})


@pytest.mark.parametrize(
    ("project", "ref", "deploys", "previews"),
    [
        ("acme/ml/platform", "main", True, True),
        ("acme/ml/platform", "feature", False, True),
        ("mallory/platform", "main", False, False),
    ],
)
def test_gitlab_deploys_main_and_previews_branches_of_the_project(
    project: str, ref: str, deploys: bool, previews: bool
) -> None:
    built = pipeline.template(STACK, issuer=pipeline.gitlab("acme/ml/platform"))["Resources"]
    token: Context = {
        "gitlab.com:sub": f"project_path:{project}:ref_type:branch:ref:{ref}",
        "gitlab.com:aud": "https://gitlab.com",
    }
    taken = {
        role: bool(
            allows(built[role]["Properties"]["AssumeRolePolicyDocument"], "sts:AssumeRoleWithWebIdentity", token)
        )
        for role in ("CiDeploy", "CiPreview")
    }
    assert taken == {"CiDeploy": deploys, "CiPreview": previews}


def test_a_preview_goes_on_only_with_the_mark_that_follows() -> None:
    mark: Context = {
        "aws:PrincipalArn": PREVIEW,
        "aws:RequestTag/mlops:access": "read",
        "sts:TransitiveTagKeys": ["mlops:access"],
    }
    assert allows(trust_of("CiPreview"), "sts:AssumeRole", mark)
    for missing in mark:
        without = {key: value for key, value in mark.items() if key != missing}
        assert not allows(trust_of("CiPreview"), "sts:AssumeRole", without)
    assert not allows(policy_of("CiPreview"), "sts:AssumeRole", {}, DEPLOYER)
    assert allows(policy_of("CiPreview"), "sts:AssumeRole", READ_ONLY, DEPLOYER)
    assert allows(policy_of("CiDeploy"), "sts:AssumeRole", {}, DEPLOYER)


@pytest.mark.parametrize("role", ["CiDeploy", "CiPreview"])
def test_a_pipelines_role_takes_deploy_roles_and_reaches_the_state_and_nothing_else(role: str) -> None:
    statements = policy_of(role)["Statement"]
    actions = {action for statement in statements for action in as_list(statement["Action"])}
    allowed = {"sts:AssumeRole", "sts:TagSession", *state.WRITE, *state.ENCRYPT}
    assert actions <= allowed
    assert "*" not in {resource for statement in statements for resource in as_list(statement["Resource"])}
    assert [problem for statement in statements for problem in problems(statement)] == []


@pytest.mark.parametrize(
    ("action", "writer", "reader"),
    [("s3:GetObject", True, True), ("s3:PutObject", True, False), ("s3:DeleteObject", True, False)],
)
def test_previews_read_the_state_and_deployments_write_it(action: str, writer: bool, reader: bool) -> None:
    policy = BUILT["StatePolicy"]["Properties"]["PolicyDocument"]
    person = f"arn:aws:iam::{DEVELOPMENT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Platform_0a1b"
    for arn, expected in ((DEPLOY, writer), (person, writer), (PREVIEW, reader), (DEPLOYER, False)):
        assert bool(allows(policy, action, {"aws:PrincipalArn": arn}, OBJECT)) == expected


@pytest.mark.parametrize(
    ("context", "refused"),
    [
        ({"aws:SecureTransport": "false"}, "DenyInsecureTransport"),
        ({"s3:TlsVersion": "1.1"}, "DenyOldTls"),
        ({"s3:x-amz-server-side-encryption": "AES256"}, "DenyOtherEncryption"),
        ({"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:1:key/foreign"}, "DenyOtherKey"),
    ],
)
def test_the_state_is_refused_in_plain_text_and_under_another_key(context: Context, refused: str) -> None:
    policy = BUILT["StatePolicy"]["Properties"]["PolicyDocument"]
    assert denies(policy, "s3:PutObject", context, OBJECT) == {refused}
    assert denies(policy, "s3:PutObject", {"aws:SecureTransport": "true"}, OBJECT) == set()


def test_the_key_is_the_gate() -> None:
    policy = BUILT["StateKey"]["Properties"]["KeyPolicy"]
    may = {
        arn: {action for action in state.ENCRYPT if allows(policy, action, {"aws:PrincipalArn": arn})}
        for arn in (DEPLOY, PREVIEW, DEPLOYER)
    }
    assert may == {DEPLOY: set(state.ENCRYPT), PREVIEW: {"kms:Decrypt"}, DEPLOYER: set()}


def test_the_state_is_kept_versioned_encrypted_and_private() -> None:
    bucket = BUILT["State"]
    properties = bucket["Properties"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert BUILT["StateKey"]["DeletionPolicy"] == "Retain"
    assert BUILT["StateKey"]["Properties"]["EnableKeyRotation"] is True
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": {"Fn::GetAtt": ["StateKey", "Arn"]},
    }


def test_a_role_of_another_account_deploys_without_a_provider() -> None:
    own = "arn:aws:iam::444455556666:role/ci"
    built = pipeline.template(STACK, principals=[own])["Resources"]
    assert set(built) == {"State", "StateAlias", "StateKey", "StatePolicy"}
    assert allows(
        built["StatePolicy"]["Properties"]["PolicyDocument"], "s3:PutObject", {"aws:PrincipalArn": own}, OBJECT
    )
    assert allows(built["StateKey"]["Properties"]["KeyPolicy"], "kms:Decrypt", {"aws:PrincipalArn": own})
