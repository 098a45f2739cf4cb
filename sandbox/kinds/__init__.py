"""The kinds of resources that the sandbox simulates, by Pulumi type token."""

from collections.abc import Mapping

from sandbox.kinds import cloudformation, cloudwatch, ec2, iam, kms, others, projects, route53, s3, sagemaker
from sandbox.kinds.base import Kind
from sandbox.refusal import UnknownTypeError

KINDS: Mapping[str, Kind] = {
    kind.token: kind
    for module in (cloudformation, cloudwatch, ec2, iam, kms, others, projects, route53, s3, sagemaker)
    for kind in module.KINDS
}


def kind_of(token: str) -> Kind:
    """The kind of a type token.

    Raises:
        UnknownTypeError: The sandbox does not simulate it.
    """
    if token not in KINDS:
        raise UnknownTypeError(
            f"the sandbox does not simulate {token}. Add a Kind for it under sandbox/kinds, with what AWS refuses, or remove the resource"
        )
    return KINDS[token]
