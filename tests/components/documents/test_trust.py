"""Who takes which role: trust policies, as requests."""

import pytest

from components.documents import Document, trust
from components.documents.roles import ROLES
from components.identity import account_roles
from components.names import SIGN_IN_ROLES, Role
from tests.components.documents.reference import as_list
from tests.components.documents.requests import Context, allows
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, environment

ENVIRONMENT = environment(studio={"experimentTracking": "true"}, projects={"fronts": ["serviceCatalog", "s3"]})
NAMES = ENVIRONMENT.names

# access-model.md 4a: role -> the service that takes it and the resources on whose behalf it may.
SERVICES = {
    **dict.fromkeys(
        (
            Role.DATA_SCIENTIST_STUDIO,
            Role.ML_ENGINEER_STUDIO,
            Role.PIPELINE,
            Role.JOB,
            Role.INGESTION_PIPELINE,
            Role.INGESTION,
            Role.FEATURE_STORE,
            Role.TRACKING,
            Role.MONITORING,
            Role.MODEL_EXECUTION,
        ),
        ("sagemaker", "sagemaker", "domain/d-1"),
    ),
    Role.STACK_SET_ADMINISTRATION: ("cloudformation", "cloudformation", "stackset/sagemaker-p:1"),
    Role.EVENTS: ("events", "events", "rule/alarms"),
    Role.BUILD: ("codebuild", "codebuild", "project/sagemaker-churn-p1-build"),
    Role.RELEASE: ("codebuild", "codebuild", "project/sagemaker-churn-p1-release"),
    Role.TEST: ("codebuild", "codebuild", "project/sagemaker-churn-p1-test"),
    Role.HOOK_EXECUTION: ("hooks.cloudformation", "cloudformation", "type/hook/Ours-Rules-Hook/00000001"),
    Role.FLOW_LOGS: ("vpc-flow-logs", "ec2", "vpc-flow-log/fl-1"),
}
# Services that are asked for the account alone, and those whose trust documents no source at all (IAM-07 knows them).
BY_ACCOUNT = {
    Role.BUILD_PIPELINE: "codepipeline",
    Role.DEPLOY_PIPELINE: "codepipeline",
    Role.S3_FRONT_LAUNCH: "cloudformation",
}
WITHOUT_SOURCE = {
    Role.PRODUCTS_LAUNCH: "servicecatalog",
    Role.PROJECT_FUNCTION: "lambda",
    Role.HOOK: "lambda",
}
# Role -> the one role of development that takes it.
CHAIN = {
    Role.STACK_SET_EXECUTION: Role.STACK_SET_ADMINISTRATION,
    Role.ENDPOINT_TEST: Role.TEST,
    Role.DEPLOYMENT_CHECK: Role.RELEASE,
}


def trusted(role: Role, account: str = DEVELOPMENT) -> Document:
    build = ROLES[role].trust
    assert build
    return build(ENVIRONMENT, account)


def test_every_role_is_taken_by_a_service_a_role_or_people() -> None:
    known = {*SERVICES, *BY_ACCOUNT, *WITHOUT_SOURCE, *CHAIN, *SIGN_IN_ROLES}
    assert known == set(account_roles(ENVIRONMENT, DEVELOPMENT))


@pytest.mark.parametrize("role", BY_ACCOUNT)
def test_a_service_that_names_no_source_takes_a_role_for_this_account(role: Role) -> None:
    document = trusted(role)
    assert document["Statement"][0]["Principal"] == {"Service": f"{BY_ACCOUNT[role]}.amazonaws.com"}
    assert allows(document, "sts:AssumeRole", {"aws:SourceAccount": DEVELOPMENT})
    assert not allows(document, "sts:AssumeRole", {"aws:SourceAccount": PRODUCTION})
    assert not allows(document, "sts:AssumeRole", {})


@pytest.mark.parametrize("role", WITHOUT_SOURCE)
def test_a_service_without_a_documented_source_is_asked_for_none(role: Role) -> None:
    (statement,) = trusted(role)["Statement"]
    assert statement["Principal"] == {"Service": f"{WITHOUT_SOURCE[role]}.amazonaws.com"}
    assert "Condition" not in statement


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING])
@pytest.mark.parametrize("role", SERVICES)
def test_a_service_takes_a_role_for_this_account_only(role: Role, account: str) -> None:
    principal, service, resource = SERVICES[role]
    document = trusted(role, account)
    (statement,) = document["Statement"]
    assert statement["Principal"] == {"Service": f"{principal}.amazonaws.com"}
    source: Context = {
        "aws:SourceAccount": account,
        "aws:SourceArn": f"arn:aws:{service}:eu-west-1:{account}:{resource}",
    }
    assert allows(document, "sts:AssumeRole", source)
    for change in (
        {"aws:SourceAccount": PRODUCTION},
        {"aws:SourceArn": f"arn:aws:{service}:eu-west-1:{PRODUCTION}:{resource}"},
        {"aws:SourceArn": f"arn:aws:{service}:us-east-1:{account}:{resource}"},
        {"aws:SourceArn": f"arn:aws:lambda:eu-west-1:{account}:function:x"},
    ):
        assert not allows(document, "sts:AssumeRole", {**source, **change})
    assert not allows(document, "sts:AssumeRole", {})


@pytest.mark.parametrize("role", [*Role])
def test_only_studio_names_who_works_in_it(role: Role) -> None:
    if role not in SERVICES:
        return
    actions = as_list(trusted(role)["Statement"][0]["Action"])
    studio = role in (Role.DATA_SCIENTIST_STUDIO, Role.ML_ENGINEER_STUDIO)
    assert ("sts:SetSourceIdentity" in actions) is studio


@pytest.mark.parametrize("account", [DEVELOPMENT, STAGING])
@pytest.mark.parametrize("role", CHAIN)
def test_a_link_of_the_chain_is_taken_by_one_role_of_development(role: Role, account: str) -> None:
    document = trusted(role, account)
    (statement,) = document["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{DEVELOPMENT}:root"}
    takers = {
        (who, home)
        for who in Role
        for home in (DEVELOPMENT, STAGING)
        if allows(document, "sts:AssumeRole", {"aws:PrincipalArn": NAMES.role_arn(who, home)})
    }
    assert takers == {(CHAIN[role], DEVELOPMENT)}


SAML = f"arn:aws:iam::{DEVELOPMENT}:saml-provider/Company"
CENTER = f"arn:aws:iam::{DEVELOPMENT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_DataScience_*"


def test_a_saml_provider_names_the_person_and_signs_in_at_aws() -> None:
    document = trust.person(ENVIRONMENT, [SAML])
    assert document["Statement"][0]["Principal"] == {"Federated": [SAML]}
    good: Context = {"SAML:aud": "https://signin.aws.amazon.com/saml", "sts:SourceIdentity": "alice"}
    assert allows(document, "sts:AssumeRoleWithSAML", good) == {"AllowSaml"}
    assert not allows(document, "sts:AssumeRoleWithSAML", {**good, "SAML:aud": "https://elsewhere.example"})
    assert not allows(document, "sts:AssumeRoleWithSAML", {"SAML:aud": "https://signin.aws.amazon.com/saml"})


def test_a_role_of_identity_center_brings_its_own_name() -> None:
    """The comparison itself is AWS's: the pattern holds the session's name to the source identity."""
    (statement,) = trust.person(ENVIRONMENT, [CENTER])["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{DEVELOPMENT}:root"}
    assert statement["Condition"] == {
        "ArnLike": {"aws:PrincipalArn": CENTER},
        "StringLike": {"aws:userid": "*:${sts:SourceIdentity}"},
    }


def test_a_user_needs_mfa_and_brings_the_own_name() -> None:
    for principals in ([], [f"arn:aws:iam::{DEVELOPMENT}:user/alice"]):
        (statement,) = trust.person(ENVIRONMENT, principals)["Statement"]
        assert statement["Condition"] == {
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "StringEquals": {"sts:SourceIdentity": "${aws:username}"},
        }


def test_kinds_of_people_do_not_lend_each_other_their_conditions() -> None:
    statements = trust.person(ENVIRONMENT, [SAML, CENTER, f"arn:aws:iam::{DEVELOPMENT}:user/alice"])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["AllowSaml", "AllowRoles", "AllowUsers"]


def test_no_trust_names_everybody() -> None:
    documents = [trust.person(ENVIRONMENT, [SAML, CENTER])]
    documents += [trusted(role, account) for role in (*SERVICES, *CHAIN) for account in (DEVELOPMENT, STAGING)]
    for document in documents:
        for statement in document["Statement"]:
            assert "*" not in as_list(next(iter(statement["Principal"].values())))
            assert statement["Condition"]
