"""Who changes the packages that everybody installs."""

import pytest

from components.documents import Document, packages
from components.documents.roles.people import platform_administrator
from components.names import Role
from tests.components.documents.requests import allows, denies
from tests.components.stacks import DEVELOPMENT, STAGING, environment

EMERGENCY = f"arn:aws:iam::{DEVELOPMENT}:role/emergency"
ENVIRONMENT = environment(breakGlassRoles=[EMERGENCY])
DOMAIN, REPOSITORY = packages.domain(ENVIRONMENT), packages.repository(ENVIRONMENT)


def free(document: Document, action: str) -> set[Role]:
    """Roles of development that no Deny of a document hits."""
    return {
        role
        for role in Role
        if not denies(document, action, {"aws:PrincipalArn": ENVIRONMENT.names.role_arn(role, DEVELOPMENT)})
    }


@pytest.mark.parametrize("action", packages.PUBLISH)
def test_administrators_publish_and_nobody_else(action: str) -> None:
    assert free(REPOSITORY, action) == {Role.PLATFORM_ADMINISTRATOR}
    assert denies(REPOSITORY, action, {"aws:PrincipalArn": EMERGENCY}) == set()
    namesake = ENVIRONMENT.names.role_arn(Role.PLATFORM_ADMINISTRATOR, STAGING)
    assert denies(REPOSITORY, action, {"aws:PrincipalArn": namesake}) == {"DenyPublishing"}


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("GetAuthorizationToken", f"domain/{ENVIRONMENT.names.package_domain}"),
        (
            "GetRepositoryEndpoint",
            f"repository/{ENVIRONMENT.names.package_domain}/{ENVIRONMENT.names.package_repository}",
        ),
        *(
            (action, f"package/{ENVIRONMENT.names.package_domain}/{ENVIRONMENT.names.package_repository}/pypi//numpy")
            for action in ("ListPackageVersionAssets", "PublishPackageVersion", "PutPackageMetadata")
        ),
    ],
)
def test_administrators_may_do_what_publishing_asks_for(action: str, what: str) -> None:
    """What `seed/tools/publish.py` calls."""
    document = platform_administrator(ENVIRONMENT, DEVELOPMENT)
    arn = ENVIRONMENT.names.arn("codeartifact", what, account=DEVELOPMENT)
    assert allows(document, f"codeartifact:{action}", {}, arn)


@pytest.mark.parametrize(
    ("document", "action"),
    [
        (DOMAIN, "codeartifact:CreateRepository"),
        (REPOSITORY, "codeartifact:AssociateExternalConnection"),
        (REPOSITORY, "codeartifact:UpdateRepository"),
    ],
)
def test_the_deployer_connects_to_other_indexes_and_nobody_else(document: Document, action: str) -> None:
    assert free(document, action) == {Role.DEPLOYER}


@pytest.mark.parametrize("action", ["codeartifact:ReadFromRepository", "codeartifact:GetRepositoryEndpoint"])
def test_reading_is_left_to_the_roles_own_policies(action: str) -> None:
    assert free(REPOSITORY, action) == set(Role)


@pytest.mark.parametrize("document", [DOMAIN, REPOSITORY])
def test_no_deny_locks_anybody_out_of_the_policies(document: Document) -> None:
    for action in ("PutDomainPermissionsPolicy", "PutRepositoryPermissionsPolicy", "DeleteRepositoryPermissionsPolicy"):
        assert free(document, f"codeartifact:{action}") == set(Role)
