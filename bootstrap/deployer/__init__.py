"""The deploy role's policies: what the program's resource types need, and nothing that would let the role grow.

Three bounds hold everything: names (`P-...`), the environment's tag for what AWS names itself (networks, keys), and the permissions boundary
for every role that it makes. Two denials hold whatever else is granted: the role never reads data or models, and a preview's session only
reads settings. Sources: the handlers' permissions in CloudFormation's resource schemas, and AWS's service authorization reference.
"""

from collections.abc import Mapping

from bootstrap.deployer.hook import hook
from bootstrap.deployer.identity import identity
from bootstrap.deployer.network import network
from bootstrap.deployer.projects import projects
from bootstrap.deployer.services import development, services
from bootstrap.deployer.storage import storage
from components.config import Settings
from components.documents import Document, allow, aws, document
from components.environment import Environment

DEVELOPMENT, PROJECTS = "development", "projects"
IN_DEVELOPMENT = (DEVELOPMENT, PROJECTS)
"""The policies that the deploy role has in the development account only."""

READ_ONLY: Mapping[str, str] = {"aws:PrincipalTag/mlops:access": "read"}
"""What marks the session of a preview: a tag that follows through every role taken from there (STS, "Chaining roles with session tags")."""

_READS = ("BatchDescribe", "Describe", "Get", "List")


def policies(settings: Settings, account: str) -> dict[str, Document]:
    """The deploy role's policies, by name.

    Args:
        settings: The configuration.
        account: An account's id, or what stands for it in a template.
    """
    environment = Environment.of(settings)
    made = {
        "network": network(settings, environment, account),
        "storage": storage(environment, account),
        "services": services(environment, account),
        DEVELOPMENT: development(settings, environment, account),
        PROJECTS: projects(environment, account),
    }
    if settings.hook is not None:
        made["hook"] = hook(environment, account)
    if settings.roles.create:
        made["identity"] = identity(environment, account)
    return made | {"preview": _preview(made)}


def _preview(made: Mapping[str, Document]) -> Document:
    """A preview runs the code of a pull request, so its session reads settings and nothing else; derived from what the role may at all."""
    allowed = [
        statement for built in made.values() for statement in built["Statement"] if statement["Effect"] == "Allow"
    ]
    actions = {action for statement in allowed for action in _as_list(statement["Action"])}
    reads = [
        action
        for action in actions
        if action.partition(":")[2].startswith(_READS) and not action.startswith("s3:GetObject")
    ]
    return document(
        {
            "Sid": "PreviewOnlyReads",
            "Effect": "Deny",
            "NotAction": sorted([*reads, "sts:GetCallerIdentity"]),
            "Resource": "*",  # whatever it is that would be changed
            "Condition": {"StringEquals": dict(READ_ONLY)},
        }
    )


def _as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def trust(principal: str, external_id: str, *, preview: str | None = None) -> Document:
    """The deploy role's trust policy: who deploys, and who previews if anybody does; both bring the external id.

    Args:
        principal: ARN of who deploys, or what stands for it in a template.
        external_id: The external id, or what stands for it.
        preview: ARN of who previews; its session must carry the read-only tag, which then follows into this role.
    """
    bring = {"sts:ExternalId": external_id}
    statements = [allow("AllowDeployment", "sts:AssumeRole", principal=aws(principal), when={"StringEquals": bring})]
    if preview:
        statements.append(
            allow(
                "AllowPreview",
                ["sts:AssumeRole", "sts:TagSession"],
                principal=aws(preview),
                when={"StringEquals": {**bring, **READ_ONLY}},
            )
        )
    return document(*statements)


def organization_policies() -> dict[str, Document]:
    """The policy of the role that looks up organisational units: it lists accounts and nothing else."""
    return {
        "organization": document(
            allow(
                "ListAccounts",
                [
                    "organizations:ListAccountsForParent",
                    "organizations:ListOrganizationalUnitsForParent",
                ],
                "*",  # units below units: their ARNs are not known before they are listed
            )
        )
    }
