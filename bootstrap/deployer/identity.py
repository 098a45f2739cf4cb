"""Roles and their guards, and what keeps the deploy role as it is."""

from collections.abc import Mapping

from components.documents import Conditions, Document, allow, deny, document
from components.environment import Environment
from components.names import BOUNDARY, GUARDS, Role

OWN_POLICIES = "deployer-"
"""Start of the names of the deploy role's own managed policies, after `P-`."""

PIPELINE_ROLES: Mapping[str, str] = {"deploy": "CiDeploy", "preview": "CiPreview"}
"""What a pipeline does -> last part of its role's name (`bootstrap/pipeline.py` makes them)."""


def identity(environment: Environment, account: str) -> Document:
    """Roles with our boundary, guards, and nothing that would free a role: not the boundary, not the deploy role itself."""
    names = environment.names
    roles = names.arn("iam", f"role/{names.prefix}-*", account=account, region="")
    guards = [names.policy_arn(guard, account) for guard in GUARDS]
    boundary = names.policy_arn(BOUNDARY, account)
    bounded: Conditions = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    return document(
        allow(
            "Roles",
            [
                "iam:CreateRole",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
                "iam:UpdateRoleDescription",
            ],
            roles,
            when=bounded,
        ),
        allow(
            "Guard",
            ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            roles,
            when={**bounded, "ArnEquals": {"iam:PolicyARN": guards}},
        ),
        allow(
            "Guards",
            [
                "iam:CreatePolicy",
                "iam:CreatePolicyVersion",
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:TagPolicy",
                "iam:UntagPolicy",
            ],
            guards,
        ),
        allow("TagRoles", ["iam:TagRole", "iam:UntagRole"], roles),
        allow(
            "See",
            [
                "iam:GetPolicy",
                "iam:GetPolicyVersion",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAttachedRolePolicies",
                "iam:ListEntitiesForPolicy",
                "iam:ListInstanceProfilesForRole",
                "iam:ListPolicyTags",
                "iam:ListPolicyVersions",
                "iam:ListRolePolicies",
                "iam:ListRoleTags",
            ],
            [roles, *guards],
        ),
        # Whatever else somebody grants: the boundary stays on every role, as it is, and the deploy role cannot change or pass itself.
        deny("KeepBoundaries", "iam:DeleteRolePermissionsBoundary", "*"),
        deny(
            "KeepSelf",
            # Stars: every write of IAM, known and to come.
            [
                f"iam:{verb}*"
                for verb in (
                    "Add",
                    "Attach",
                    "Create",
                    "Delete",
                    "Detach",
                    "Pass",
                    "Put",
                    "Set",
                    "Tag",
                    "Untag",
                    "Update",
                )
            ],
            [
                boundary,
                names.policy_arn(f"{OWN_POLICIES}*", account),  # all of its own policies
                names.role_arn(Role.DEPLOYER, account),
                # Who can change the pipeline's roles deploys into every account.
                *(
                    names.arn("iam", f"role/{names.prefix}-{role}", account=account, region="")
                    for role in PIPELINE_ROLES.values()
                ),
            ],
        ),
    )
