"""The CloudFormation template of an account's roles, for whoever makes them instead of the program (`mlops:roles.create: false`).

Trusts, policies and guards come from the functions that the program itself uses. The guards hold ids that AWS invents: where network and keys
exist already, one round does; otherwise the first round makes the roles without guards, and the second, with the ids of the first deployment,
attaches them. Until then the boundary alone holds the roles.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bootstrap.template import Template
from components.config import Settings
from components.documents import INLINE_POLICY, MANAGED_POLICY, TRUST_POLICY, Document, SizeLimit, guards, render, trust
from components.documents.roles import ROLES, STUDIO_OPENERS, people
from components.environment import Environment
from components.identity import account_roles
from components.names import BOUNDARY, ENVIRONMENT_TAG, GUARDS, Role

_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Made:
    """Ids that AWS gave, from the outputs of a first deployment or of what exists; without them the guards are left out.

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


def template(settings: Settings, account: str, made: Made) -> Template:
    """The template of every role of an account, and of the guards as far as their ids are known.

    Args:
        settings: The configuration.
        account: The account; the template is for this one only.
        made: Ids that AWS gave.
    """
    environment = Environment.of(settings)
    built = _guards(environment, made)
    policies = {_logical(guard): _managed_policy(environment, guard, document) for guard, document in built.items()}
    made_roles = {
        _logical(role.value): _role(settings, environment, account, role, made, list(policies))
        for role in account_roles(environment, account)
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Roles of {settings.names.prefix} in {account}, with {len(built)} of {len(GUARDS)} guards",
        "Resources": {**policies, **made_roles},
    }


def _role(
    settings: Settings, environment: Environment, account: str, role: Role, made: Made, attached: Sequence[str]
) -> dict[str, Any]:
    spec = ROLES[role]
    persona = {name: given.principals for name, given in settings.personas.items()}.get(role.value, ())
    trusted = spec.trust(environment, account) if spec.trust else trust.person(environment, persona)
    inline = {role.value: spec.policy(environment, account)}
    if role in STUDIO_OPENERS and (made.studio_endpoint_ids or environment.studio_access != "vpc"):
        inline["open-studio"] = people.open_studio(environment, made.studio_endpoint_ids)
    path, _, name = settings.names.role(role, account).rpartition("/")
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            **({"Path": f"/{path}/"} if path else {}),
            "Description": spec.description,
            "MaxSessionDuration": _HOUR,
            "AssumeRolePolicyDocument": _fitting(trusted, role.value, TRUST_POLICY),
            "PermissionsBoundary": environment.names.policy_arn(BOUNDARY, account),
            "ManagedPolicyArns": [{"Ref": guard} for guard in attached] if spec.guarded else [],
            "Policies": [
                {"PolicyName": title, "PolicyDocument": _fitting(document, role.value, INLINE_POLICY)}
                for title, document in inline.items()
            ],
            "Tags": [{"Key": ENVIRONMENT_TAG, "Value": settings.names.prefix}],
        },
    }


def _managed_policy(environment: Environment, guard: str, document: Document) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": environment.names.policy(guard),
            "Description": "Holds whoever creates SageMaker resources to this environment",
            "PolicyDocument": _fitting(document, guard, MANAGED_POLICY),
        },
    }


def _guards(environment: Environment, made: Made) -> Mapping[str, Document]:
    network, keys = GUARDS
    documents: dict[str, Document] = {}
    if made.subnet_ids and made.security_group_ids:
        documents[network] = guards.network(made.subnet_ids, made.security_group_ids)
    if made.data_key and made.storage_key:
        documents[keys] = guards.keys(environment, made.data_key, made.storage_key)
    return documents


def _fitting(document: Document, name: str, limit: SizeLimit) -> Document:
    """The document, once it is known to fit: the program refuses the same one."""
    render(document, limit, name)
    return document


def _logical(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", name.title() if "-" in name else name)
