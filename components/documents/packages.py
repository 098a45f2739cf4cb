"""Policies of the package domain and repository: who may make repositories, who may publish; reading is left to the roles' own policies.

Deny statements only: within one account the roles' policies grant, and no other account uses the packages.
Source: CodeArtifact user guide, "Repository policies" and "Domain policies".
"""

from collections.abc import Sequence

from components.documents import Document, Statement, deny, document
from components.documents.perimeter import spared_roles
from components.environment import Environment
from components.names import Role

PUBLISH = (
    "codeartifact:CopyPackageVersions",
    "codeartifact:DeletePackage",
    "codeartifact:DeletePackageVersions",
    "codeartifact:DisposePackageVersions",
    "codeartifact:PublishPackageVersion",
    "codeartifact:PutPackageMetadata",
    "codeartifact:PutPackageOriginConfiguration",
    "codeartifact:UpdatePackageVersionsStatus",
)
"""What changes the packages that everybody installs."""


def domain(environment: Environment) -> Document:
    """Only the deployer makes a repository, which could connect to another index."""
    return document(_denied(environment, "DenyRepositories", ["codeartifact:CreateRepository"], Role.DEPLOYER))


def repository(environment: Environment) -> Document:
    """Only administrators publish packages, and only the deployer connects the repository to others."""
    return document(
        _denied(environment, "DenyPublishing", PUBLISH, Role.PLATFORM_ADMINISTRATOR),
        _denied(
            environment,
            "DenyConnecting",
            [
                "codeartifact:AssociateExternalConnection",
                "codeartifact:DisassociateExternalConnection",
                "codeartifact:UpdateRepository",
            ],
            Role.DEPLOYER,
        ),
    )


def _denied(environment: Environment, sid: str, actions: Sequence[str], role: Role) -> Statement:
    allowed = spared_roles(environment, environment.development, role)
    return deny(sid, actions, "*", principal="*", when={"ArnNotLike": {"aws:PrincipalArn": allowed}})
