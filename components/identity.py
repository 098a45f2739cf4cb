"""The roles of one account, with their boundary, policies and guards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam

from components.documents import INLINE_POLICY, MANAGED_POLICY, TRUST_POLICY, guards, render, trust
from components.documents.roles import ROLES, STUDIO_OPENERS, RoleSpec, people
from components.environment import Environment
from components.names import BOUNDARY, DEVELOPMENT_ROLES, GUARDS, TARGET_ROLES, Key, Role

_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """What the roles of an account need.

    Attributes:
        environment: The environment.
        account: The account.
        persona_principals: Persona -> ARNs that may take its role.
        subnet_ids: Subnets that jobs, models and monitoring may be in.
        security_group_ids: Security groups that they may have.
        key_arns: The account's data and storage key.
        studio_endpoint_ids: SageMaker API endpoints through which Studio is opened; development only. Without one and with access `vpc`,
            nobody opens Studio by a presigned URL.
        create: Whether the roles are made here; else they exist, made from the same documents (`bootstrap/`).
    """

    environment: Environment
    account: str
    persona_principals: Mapping[str, Sequence[str]]
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_ids: Sequence[pulumi.Input[str]]
    key_arns: Mapping[Key, pulumi.Input[str]]
    studio_endpoint_ids: Sequence[pulumi.Input[str]]
    create: bool


class Identity(pulumi.ComponentResource):
    """The roles of one account.

    Creates every role with the boundary that `bootstrap/` made and one inline policy, the two guards as managed policies, and their
    attachment to every role that can create SageMaker resources. With `create: false` it creates nothing.

    Attributes:
        role_arns: Role -> ARN; known only once role, policy and guards are there, so what passes a role waits for all of it.
    """

    role_arns: dict[Role, pulumi.Output[str]]

    def __init__(self, name: str, args: IdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:identity:Identity", name, None, opts)
        self._name = name
        self._args = args
        self._child = ResourceOptions(parent=self)
        roles = account_roles(args.environment, args.account)
        if args.create:
            attached = self._guards()
            self.role_arns = {role: self._role(role, ROLES[role], attached) for role in roles}
        else:
            self.role_arns = {
                role: pulumi.Output.from_input(args.environment.names.role_arn(role, args.account)) for role in roles
            }
        self.register_outputs({"roleArns": {role.value: arn for role, arn in self.role_arns.items()}})

    def _guards(self) -> dict[str, iam.Policy]:
        environment = self._args.environment
        network = pulumi.Output.all(
            subnets=pulumi.Output.all(*self._args.subnet_ids), groups=pulumi.Output.all(*self._args.security_group_ids)
        ).apply(lambda ids: render(guards.network(ids["subnets"], ids["groups"]), MANAGED_POLICY, GUARDS[0]))
        keys = pulumi.Output.all(self._args.key_arns[Key.DATA], self._args.key_arns[Key.STORAGE]).apply(
            lambda arns: render(guards.keys(environment, arns[0], arns[1]), MANAGED_POLICY, GUARDS[1])
        )
        return {
            guard: iam.Policy(
                f"{self._name}-{guard}",
                name=environment.names.policy(guard),
                description="Holds whoever creates SageMaker resources to this environment",
                policy=policy,
                opts=self._child,
            )
            for guard, policy in zip(GUARDS, (network, keys), strict=True)
        }

    def _role(self, role: Role, spec: RoleSpec, attached: Mapping[str, iam.Policy]) -> pulumi.Output[str]:
        environment, account = self._args.environment, self._args.account
        label = f"{self._name}-{role.value}"
        trusted = (
            spec.trust(environment, account)
            if spec.trust
            else trust.person(environment, self._args.persona_principals.get(role.value, ()))
        )
        made = iam.Role(
            label,
            name=environment.names.role(role),
            description=spec.description,
            assume_role_policy=render(trusted, TRUST_POLICY, role.value),
            permissions_boundary=environment.names.policy_arn(BOUNDARY, account),
            max_session_duration=_HOUR,
            opts=self._child,
        )
        policies: list[pulumi.Resource] = [
            iam.RolePolicy(
                label,
                name=role.value,
                role=made.name,
                policy=render(spec.policy(environment, account), INLINE_POLICY, role.value),
                opts=self._child,
            )
        ]
        if role in STUDIO_OPENERS and (self._args.studio_endpoint_ids or environment.studio_access != "vpc"):
            policies.append(self._open_studio(label, made))
        if spec.guarded:
            policies += [
                iam.RolePolicyAttachment(f"{label}-{guard}", role=made.name, policy_arn=policy.arn, opts=self._child)
                for guard, policy in attached.items()
            ]
        # The ARN of a role is handed on only when its policies are there: SageMaker checks them when it is passed.
        return pulumi.Output.all(made.arn, *(policy.urn for policy in policies)).apply(lambda values: values[0])

    def _open_studio(self, label: str, role: iam.Role) -> iam.RolePolicy:
        environment = self._args.environment
        policy = pulumi.Output.all(*self._args.studio_endpoint_ids).apply(
            lambda ids: render(people.open_studio(environment, ids), INLINE_POLICY, "open-studio")
        )
        return iam.RolePolicy(f"{label}-studio", name="open-studio", role=role.name, policy=policy, opts=self._child)


def account_roles(environment: Environment, account: str) -> tuple[Role, ...]:
    """The roles of an account: development's, and those of every account that serves a stage."""
    if account != environment.development:
        return TARGET_ROLES
    tracking = (Role.TRACKING,) if environment.experiment_tracking else ()
    s3_front = (Role.S3_FRONT_LAUNCH,) if environment.s3_front else ()
    return (*DEVELOPMENT_ROLES, *tracking, *s3_front, *TARGET_ROLES)
