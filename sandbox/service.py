"""What a provider does in the simulated accounts, the same in both fronts: take a role, name, compare, make, change and delete."""

import hashlib
import re
from typing import Any

from sandbox.deployment import SECRET, SIGNATURE, UNKNOWN, has_unknown, is_secret, reveal
from sandbox.kinds.base import Call, Kind, check_tags
from sandbox.places import Place
from sandbox.policies import ROLE
from sandbox.refusal import Refusal
from sandbox.world import Properties, Thing, World

_ACCOUNT_ID = 12
_SUFFIX = 7


def take_role(world: World, place: Place) -> None:
    """What a provider does when it is configured: take the deploy role, refuse any other account.

    Raises:
        Refusal: There is no such role, it is not ours, or the account is not an allowed one.
    """
    if len(place.account) != _ACCOUNT_ID:
        raise Refusal("InvalidClientTokenId", "the provider has neither allowed_account_ids nor a role to assume")
    if place.allowed and place.account not in place.allowed:
        raise Refusal("AccountNotAllowed", f"AWS account ID not allowed: {place.account}")
    if not place.deployer:
        return
    role = world.find(place.account, "", ROLE, place.deployer.rpartition("/")[2])
    refused = f"not authorized to perform: sts:AssumeRole on resource: {place.deployer}"
    if role is None:
        raise Refusal("AccessDenied", f"{refused}. Apply bootstrap/ in account {place.account} first")
    wanted = role.inputs.get("externalId")
    if wanted and wanted != place.external_id:
        raise Refusal("AccessDenied", f"{refused}: the external id is wrong")


def auto_named(kind: Kind, name: str, inputs: Properties, old: Properties, seed: bytes) -> Properties:
    """Inputs with a name: the old one, or the logical name and seven digits from the engine's seed, which a replacement changes."""
    if kind.named is None or kind.named in inputs:
        return inputs
    return {kind.named: old.get(kind.named) or f"{name}-{hashlib.sha256(seed).hexdigest()[:_SUFFIX]}", **inputs}


def is_auto_named(name: str, value: object) -> bool:
    """Whether a name looks like one that `auto_named` gave."""
    return re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{{_SUFFIX}}}", str(value)) is not None


def differing(old: Properties, new: Properties) -> list[str]:
    """Properties whose value is another one, or not known yet."""
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key) or has_unknown(new.get(key)))


def changes(kind: Kind, place: Place, old_inputs: Properties, old_outputs: Properties, inputs: Properties) -> list[str]:
    """Inputs that differ or are not known yet; the provider's default tags count as `tagsAll`."""
    changed = differing(old_inputs, inputs)
    if kind.tagged and reveal(old_outputs.get("tagsAll") or {}) != reveal(tags_all(place, inputs)):
        changed.append("tagsAll")
    return changed


def tags_all(place: Place, inputs: Properties) -> Any:  # noqa: ANN401 - unknown, or a secret
    """A thing's tags with the provider's default tags, unless it overrides them; secret or unknown where the tags are."""
    tags: Any = inputs.get("tags") or {}
    override: Any = inputs.get("overrideProvider") or {}
    defaults: Any = override["defaultTags"].get("tags") or {} if "defaultTags" in override else place.tags
    if tags == UNKNOWN:
        return UNKNOWN
    if is_secret(tags):
        return {SIGNATURE: SECRET, "value": {**defaults, **reveal(tags)}}
    return {**defaults, **tags}


def make(
    world: World, place: Place, kind: Kind, name: str, inputs: Properties, old: Thing | None
) -> tuple[str, Properties]:
    """Create a thing, or change the old one; its id, and its outputs with secrets kept.

    Raises:
        Refusal: AWS would refuse it.
    """
    plain: Properties = reveal(inputs)
    call = Call(
        world=world,
        account=place.account,
        region=place.region,
        token=kind.token,
        name=name,
        inputs=plain,
        deployer=place.deployer,
        old=old,
    )
    check_tags(reveal(tags_all(place, inputs)) if kind.tagged else {}, kind.most_tags)
    kind.admit(call)
    made = kind.make(call)
    outputs: Properties = {**inputs, **made.outputs, "id": made.id}
    if kind.tagged:
        outputs["tagsAll"] = tags_all(place, inputs)
    world.put(
        Thing(
            account=place.account,
            region=kind.place(place.region),
            token=kind.token,
            id=made.id,
            inputs=plain,
            outputs=reveal(outputs),
        )
    )
    return made.id, outputs


def remove(world: World, kind: Kind, thing: Thing) -> None:
    """Delete a thing.

    Raises:
        Refusal: Something uses it.
    """
    reason = kind.in_use(world, thing)
    if reason:
        code, _, message = reason.partition(": ")
        raise Refusal(code, message)
    world.remove(thing)
