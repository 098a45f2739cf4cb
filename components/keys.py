"""One KMS key with its alias and policy, or a key that exists."""

from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import kms

from components.names import Key, Names

_DELETION_WINDOW_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs:
    """What a key needs.

    Attributes:
        names: The environment's names.
        key: What it encrypts.
        policy: Its policy, as JSON.
        existing: ARN of a key to use instead; its policy stays with its owner.
        protect: Whether it is protected from deletion.
    """

    names: Names
    key: Key
    policy: pulumi.Input[str]
    existing: str | None
    protect: bool


class EncryptionKey(pulumi.ComponentResource):
    """A customer managed key of one account: symmetric, rotated every year, deleted only after 30 days, with the alias `P-<what for>`.

    Attributes:
        arn: The key's ARN.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:EncryptionKey", name, None, opts)
        if args.existing:
            self.arn = pulumi.Output.from_input(args.existing)
        else:
            key = kms.Key(
                name,
                description=f"{args.names.prefix}: {args.key.value}",
                enable_key_rotation=True,
                deletion_window_in_days=_DELETION_WINDOW_DAYS,
                policy=args.policy,
                opts=ResourceOptions(parent=self, protect=args.protect),
            )
            kms.Alias(
                name, name=args.names.key_alias(args.key), target_key_id=key.id, opts=ResourceOptions(parent=self)
            )
            self.arn = key.arn
        self.register_outputs({"arn": self.arn})
