"""Keys and aliases."""

from sandbox.kinds.base import Call, Form, Kind, Made, one_of, replaces, unique
from sandbox.policies import KEY as KEY_POLICY
from sandbox.policies import check, keeps_administration
from sandbox.refusal import Refusal
from sandbox.world import Thing, World

KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"


def _check_key(call: Call) -> None:
    policy = call.inputs.get("policy")
    if policy is None:
        return
    check(call.world, policy, KEY_POLICY)
    root = call.arn("iam", "root", region="")
    if not call.inputs.get("bypassPolicyLockoutSafetyCheck") and not keeps_administration(policy, root, call.deployer):
        raise Refusal(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )


def _key(call: Call) -> Made:
    if call.old:
        key = call.old.id
    else:
        digits = call.world.fresh(f"{call.account}/{call.region}/keys", 32)
        key = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return Made(id=key, outputs={"arn": call.arn("kms", f"key/{key}"), "keyId": key})


def _check_alias(call: Call) -> None:
    name = str(call.inputs["name"])
    if name.startswith("alias/aws/"):
        raise Refusal("NotAuthorizedException", f"Aliases that begin with alias/aws/ are AWS's own: {name}")
    unique(call, "name", "AlreadyExistsException", "alias")
    call.require(KEY, str(call.inputs["targetKeyId"]).rpartition("/")[2], "NotFoundException", "key")


def _alias(call: Call) -> Made:
    name = str(call.inputs["name"])
    key = str(call.inputs["targetKeyId"]).rpartition("/")[2]
    return Made(id=name, outputs={"arn": call.arn("kms", name), "targetKeyArn": call.arn("kms", f"key/{key}")})


def find_key(world: World, arn: object) -> Thing | None:
    """A key by its ARN, in whatever account it is."""
    parts = str(arn).split(":", 5)
    return world.find(parts[4], parts[3], KEY, parts[5].removeprefix("key/")) if len(parts) == 6 else None  # noqa: PLR2004


KINDS = (
    Kind(
        token=KEY,
        make=_key,
        check=_check_key,
        replaces=replaces("keyUsage", "customerMasterKeySpec", "multiRegion"),
        forms={
            "description": Form(most=8_192),
            "keyUsage": one_of("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"),
            "deletionWindowInDays": Form(least=7, most=30),
            "rotationPeriodInDays": Form(least=90, most=2_560),
        },
    ),
    Kind(
        token=ALIAS,
        make=_alias,
        check=_check_alias,
        replaces=replaces("name"),
        named="name",
        tagged=False,
        forms={"name": Form(pattern=r"alias/[a-zA-Z0-9:/_-]+", most=256)},
    ),
)
