"""Roles, managed and inline policies."""

from sandbox.kinds.base import Call, Form, Kind, Made, replaces
from sandbox.policies import INLINE, MANAGED, ROLE, TRUST, check, size
from sandbox.refusal import Refusal
from sandbox.world import Thing, World

POLICY = "aws:iam/policy:Policy"
INLINE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

_ATTACHED = 10
_NAME = r"[\w+=,.@-]+"
_PATH = Form(pattern=r"/|/[!-~]+/", most=512)
_DESCRIPTION = Form(pattern=r"[\t\n\r -~\u00a1-\u00ff]*", most=1000)
_POLICY_NAME = Form(pattern=_NAME, most=128)


def _check_role(call: Call) -> None:
    name = call.inputs["name"]
    if call.old is None and call.find(ROLE, name):
        raise Refusal("EntityAlreadyExists", f"Role with name {name} already exists.")
    check(call.world, call.inputs["assumeRolePolicy"], TRUST)
    boundary = call.inputs.get("permissionsBoundary")
    if boundary and not call.find(POLICY, boundary):
        raise Refusal("NoSuchEntity", f"Scope ARN: {boundary} does not exist or is not attachable.")


def _role(call: Call) -> Made:
    name, path = call.inputs["name"], call.inputs.get("path", "/")
    unique_id = call.old.outputs["uniqueId"] if call.old else "AROA" + call.world.fresh("roles").upper()
    return Made(
        id=name, outputs={"arn": call.arn("iam", f"role{path}{name}", region=""), "uniqueId": unique_id, "path": path}
    )


def _role_in_use(world: World, role: Thing) -> str | None:
    for token in (INLINE_POLICY, ATTACHMENT):
        if any(thing.inputs["role"] == role.id for thing in world.things(role.account, "", token)):
            return "DeleteConflict: Cannot delete entity, must delete policies first."
    return None


def _check_policy(call: Call) -> None:
    path = call.inputs.get("path", "/")
    if call.old is None and call.find(POLICY, call.arn("iam", f"policy{path}{call.inputs['name']}", region="")):
        raise Refusal(
            "EntityAlreadyExists",
            f"A policy called {call.inputs['name']} already exists. Duplicate names are not allowed.",
        )
    check(call.world, call.inputs["policy"], MANAGED)


def _policy(call: Call) -> Made:
    arn = call.arn("iam", f"policy{call.inputs.get('path', '/')}{call.inputs['name']}", region="")
    return Made(id=arn, outputs={"arn": arn, "policyId": "ANPA" + arn[-8:].upper(), "attachmentCount": 0})


def _policy_in_use(world: World, policy: Thing) -> str | None:
    if any(thing.inputs["policyArn"] == policy.id for thing in world.things(policy.account, "", ATTACHMENT)):
        return "DeleteConflict: Cannot delete a policy attached to entities."
    if any(role.inputs.get("permissionsBoundary") == policy.id for role in world.things(policy.account, "", ROLE)):
        return "DeleteConflict: Cannot delete a policy that is a permissions boundary."
    return None


def _check_inline(call: Call) -> None:
    role = call.require(ROLE, call.inputs["role"], "NoSuchEntity", "role with name")
    check(call.world, call.inputs["policy"], INLINE)
    others = [thing for thing in call.others() if thing.inputs["role"] == role.id]
    total = size(call.inputs["policy"], INLINE) + sum(size(thing.inputs["policy"], INLINE) for thing in others)
    if total > INLINE.limit:
        raise Refusal("LimitExceeded", f"Maximum policy size of {INLINE.limit} bytes exceeded for role {role.id}")


def _inline(call: Call) -> Made:
    return Made(id=f"{call.inputs['role']}:{call.inputs['name']}")


def _check_attachment(call: Call) -> None:
    role = call.require(ROLE, call.inputs["role"], "NoSuchEntity", "role with name")
    arn = str(call.inputs["policyArn"])
    if ":aws:policy/" not in arn and not call.find(POLICY, arn):
        raise Refusal("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.")
    if sum(thing.inputs["role"] == role.id for thing in call.others()) >= _ATTACHED:
        raise Refusal("LimitExceeded", f"Cannot exceed quota for PoliciesPerRole: {_ATTACHED}")


def _attachment(call: Call) -> Made:
    return Made(id=f"{call.inputs['role']}/{call.inputs['policyArn']}")


KINDS = (
    Kind(
        token=ROLE,
        make=_role,
        check=_check_role,
        replaces=replaces("name", "path"),
        in_use=_role_in_use,
        named="name",
        forms={
            "name": Form(pattern=_NAME, most=64),
            "path": _PATH,
            "description": _DESCRIPTION,
            "maxSessionDuration": Form(least=3_600, most=43_200),
        },
    ),
    Kind(
        token=POLICY,
        make=_policy,
        check=_check_policy,
        replaces=replaces("name", "path", "description"),
        in_use=_policy_in_use,
        named="name",
        forms={"name": _POLICY_NAME, "path": _PATH, "description": _DESCRIPTION},
    ),
    Kind(
        token=INLINE_POLICY,
        make=_inline,
        check=_check_inline,
        replaces=replaces("name", "role"),
        named="name",
        forms={"name": _POLICY_NAME},
        tagged=False,
    ),
    Kind(
        token=ATTACHMENT,
        make=_attachment,
        check=_check_attachment,
        replaces=replaces("role", "policyArn"),
        tagged=False,
    ),
)
