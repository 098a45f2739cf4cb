"""The endpoint policies, as requests: our principals, our resources, what AWS publishes, and nothing else."""

import pytest

from components.documents import endpoints
from components.endpoints import SERVICES
from tests.components.documents.requests import Context, allows
from tests.components.stacks import DEVELOPMENT, PRODUCTION, STAGING, environment, many

ENVIRONMENT = environment()
ORGANIZATION = many(20, by="organization")
FOREIGN = "999999999999"
BUCKET = "arn:aws:s3:::sm-mlops-dev-eu-west-1-111111111111-data/x"
S3 = endpoints.s3(ENVIRONMENT)


def between(principal: str, resource: str) -> Context:
    return {"aws:PrincipalAccount": principal, "aws:ResourceAccount": resource}


@pytest.mark.parametrize("principal", [DEVELOPMENT, STAGING, PRODUCTION])
@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_our_principals_reach_our_buckets(principal: str, action: str) -> None:
    assert allows(S3, action, between(principal, DEVELOPMENT), BUCKET) == {"AllowOurs"}


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy"])
@pytest.mark.parametrize(
    ("principal", "owner", "resource"),
    [
        # Copy to a foreign bucket, also to one that is named like ours.
        (DEVELOPMENT, FOREIGN, "arn:aws:s3:::attacker/x"),
        (DEVELOPMENT, FOREIGN, "arn:aws:s3:::sm-mlops-dev-eu-west-1-999999999999-data/x"),
        # Keys of somebody else that were brought into our network, for our bucket or their own.
        (FOREIGN, DEVELOPMENT, BUCKET),
        (FOREIGN, FOREIGN, "arn:aws:s3:::attacker/x"),
        # Another bucket of our own account is not the platform's.
        (DEVELOPMENT, DEVELOPMENT, "arn:aws:s3:::other-bucket/x"),
    ],
)
def test_nothing_else_goes_through_the_s3_endpoint(action: str, principal: str, owner: str, resource: str) -> None:
    assert allows(S3, action, between(principal, owner), resource) == set()


def test_anybody_reads_image_layers_and_writes_none() -> None:
    layer = "arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/x"
    assert allows(S3, "s3:GetObject", {}, layer) == {"AllowImageLayers"}
    for action in ("s3:PutObject", "s3:ListBucket", "s3:DeleteObject"):
        assert allows(S3, action, {}, layer) == set()


def test_statements_without_a_principal_condition_only_read_what_aws_owns() -> None:
    for environment_ in (ENVIRONMENT, ORGANIZATION):
        free = [found for found in endpoints.s3(environment_)["Statement"] if "Condition" not in found]
        assert [(found["Action"], found["Sid"]) for found in free] == [("s3:GetObject", "AllowImageLayers")]


def test_existing_buckets_are_ours() -> None:
    given = environment(buckets={"existing": {"data": "company-{account}-lake"}})
    assert allows(
        endpoints.s3(given), "s3:GetObject", between(DEVELOPMENT, DEVELOPMENT), "arn:aws:s3:::company-1-lake/x"
    )


@pytest.mark.parametrize("service", SERVICES)
def test_an_interface_endpoint_is_for_our_principals_and_our_resources(service: str) -> None:
    document = endpoints.interface(ENVIRONMENT, service, SERVICES[service].actions)
    for statement in document["Statement"]:
        assert statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == [DEVELOPMENT, STAGING, PRODUCTION]
    action = SERVICES[service].actions[0].replace("*", "Anything")
    assert allows(document, action, between(DEVELOPMENT, PRODUCTION)) == {"AllowOurs"}
    for principal, resource in ((FOREIGN, DEVELOPMENT), (DEVELOPMENT, FOREIGN), (FOREIGN, FOREIGN)):
        assert allows(document, action, between(principal, resource)) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_by_organisation_the_organisation_is_ours(service: str) -> None:
    document = endpoints.interface(ORGANIZATION, service, SERVICES[service].actions)
    for statement in document["Statement"]:
        assert statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"] == "o-abcdefghij"
        assert "aws:PrincipalAccount" not in statement["Condition"]["StringEquals"]
    assert document["Statement"][0]["Condition"]["StringEquals"]["aws:ResourceOrgID"] == "o-abcdefghij"


@pytest.mark.parametrize("service", [name for name in SERVICES if name.startswith("ecr.")])
def test_images_that_aws_publishes_are_pulled_and_never_pushed(service: str) -> None:
    document = endpoints.interface(ENVIRONMENT, service, SERVICES[service].actions)
    (published,) = [found for found in document["Statement"] if found["Sid"] == "AllowPublishedImages"]
    image = published["Resource"][0]
    assert allows(document, "ecr:BatchGetImage", between(DEVELOPMENT, FOREIGN), image) == {"AllowPublishedImages"}
    for action in ("ecr:PutImage", "ecr:InitiateLayerUpload", "ecr:SetRepositoryPolicy"):
        assert allows(document, action, between(DEVELOPMENT, FOREIGN), image) == set()
    assert not allows(document, "ecr:BatchGetImage", between(FOREIGN, FOREIGN), image)


def test_callers_sign_in_to_packages_and_reach_ours_only() -> None:
    packages = endpoints.interface(ENVIRONMENT, "codeartifact.api", SERVICES["codeartifact.api"].actions)
    token = "sts:GetServiceBearerToken"
    assert allows(packages, token, {"aws:PrincipalAccount": DEVELOPMENT}) == {"AllowIdentity"}
    assert allows(packages, token, {"aws:PrincipalAccount": FOREIGN}) == set()
    assert allows(packages, "codeartifact:ReadFromRepository", between(DEVELOPMENT, FOREIGN)) == set()


def test_callers_learn_who_they_are_and_take_our_roles_only() -> None:
    sts = endpoints.interface(ENVIRONMENT, "sts", SERVICES["sts"].actions)
    assert allows(sts, "sts:GetCallerIdentity", {"aws:PrincipalAccount": DEVELOPMENT}) == {"AllowIdentity"}
    assert allows(sts, "sts:AssumeRole", {"aws:PrincipalAccount": DEVELOPMENT}) == set()
    assert allows(sts, "sts:AssumeRole", between(DEVELOPMENT, FOREIGN)) == set()
