"""The documents of all roles of an account, for whoever makes them instead of the program (`mlops:roles.create: false`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.config import Settings
from components.documents import guards, trust
from components.documents.roles import ROLES, STUDIO_OPENERS, people
from components.environment import Environment
from components.identity import account_roles
from components.names import BOUNDARY, GUARDS, Role


@dataclass(frozen=True, kw_only=True)
class Made:
    """Ids that AWS gave, from the outputs of a first deployment; the documents that need them come with the second round.

    Attributes:
        subnet_ids: Private subnets of the account.
        security_group_ids: The workload group.
        data_key: ARN of the account's data key.
        storage_key: ARN of its storage key.
        studio_endpoint_ids: SageMaker API endpoints of the development account.
    """

    subnet_ids: Sequence[str] = ()
    security_group_ids: Sequence[str] = ()
    data_key: str | None = None
    storage_key: str | None = None
    studio_endpoint_ids: Sequence[str] = ()


def documents(settings: Settings, account: str, made: Made) -> dict[str, Any]:
    """Every role of an account and the guards: names, trusts, policies, boundary, attachments."""
    environment = Environment.of(settings)
    return {
        "roles": {
            settings.names.role(role, account): _role(settings, environment, account, role, made)
            for role in account_roles(environment, account)
        },
        "policies": _guards(environment, account, made),
    }


def _role(settings: Settings, environment: Environment, account: str, role: Role, made: Made) -> dict[str, Any]:
    spec = ROLES[role]
    persona = {name: given.principals for name, given in settings.personas.items()}.get(role.value, ())
    inline = {role.value: spec.policy(environment, account)}
    if role in STUDIO_OPENERS and (made.studio_endpoint_ids or environment.studio_access != "vpc"):
        inline["open-studio"] = people.open_studio(environment, made.studio_endpoint_ids)
    return {
        "description": spec.description,
        "trust": spec.trust(environment, account) if spec.trust else trust.person(environment, persona),
        "inlinePolicies": inline,
        "permissionsBoundary": environment.names.policy_arn(BOUNDARY, account),
        "managedPolicies": [environment.names.policy_arn(guard, account) for guard in GUARDS] if spec.guarded else [],
    }


def _guards(environment: Environment, account: str, made: Made) -> Mapping[str, Any]:
    documents: dict[str, Any] = {}
    if made.subnet_ids and made.security_group_ids:
        documents[GUARDS[0]] = guards.network(made.subnet_ids, made.security_group_ids)
    if made.data_key and made.storage_key:
        documents[GUARDS[1]] = guards.keys(environment, made.data_key, made.storage_key)
    return {environment.names.policy_arn(guard, account): built for guard, built in documents.items()}
