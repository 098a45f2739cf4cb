"""The program that `./mlops bench plan` compares with: the resources of an exported stack, registered one by one without components.

What is another resource's id or ARN is given as its output, as whoever writes such a program by hand would; all else is a plain value.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pulumi_aws_native as aws_native

from sandbox.deployment import reveal
from sandbox.places import PROVIDER, place_of

Made = dict[str, pulumi.Resource]

_BY_NAME = (
    "aws:codeartifact/domain:Domain",
    "aws:codeartifact/repository:Repository",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:servicecatalog/productPortfolioAssociation:ProductPortfolioAssociation",
)
"""What others refer to by a name or an address, neither its id nor its ARN: they have to wait for it explicitly."""


def register(stack: Path) -> None:
    """Register every custom resource of an exported stack, in its order."""
    made: Made = {}
    values: dict[str, pulumi.Output[Any]] = {}
    for state in json.loads(stack.read_text(encoding="utf-8"))["deployment"]["resources"]:
        if not state["custom"]:
            continue
        inputs = reveal(state.get("inputs", {}))
        resource = _provider(state) if state["type"].startswith(PROVIDER) else _resource(state, inputs, made, values)
        made[f"{state['urn']}::{state['id']}"] = made[state["urn"]] = resource


def _provider(state: Mapping[str, Any]) -> pulumi.ProviderResource:
    place = place_of(state["inputs"])
    allowed, role, external_id = list(place.allowed), place.deployer, place.external_id
    if state["type"] == f"{PROVIDER}aws-native":
        return aws_native.Provider(
            _name(state),
            region=place.region,
            allowed_account_ids=allowed,
            assume_role=aws_native.ProviderAssumeRoleArgs(role_arn=role, external_id=external_id),
        )
    made = aws.Provider(
        _name(state),
        region=place.region,
        allowed_account_ids=allowed,
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role, external_id=external_id)],
        default_tags=aws.ProviderDefaultTagsArgs(tags=dict(place.tags)),
    )
    # As every program with a network asks.
    aws.get_availability_zones(opts=pulumi.InvokeOptions(provider=made))
    return made


def _resource(
    state: Mapping[str, Any], inputs: Mapping[str, Any], made: Made, values: dict[str, pulumi.Output[Any]]
) -> pulumi.Resource:
    kind = _class(state["type"])
    options = pulumi.ResourceOptions(
        provider=made[state["provider"]],  # pyright: ignore[reportArgumentType] - a provider
        protect=state.get("protect"),
        depends_on=[made[urn] for urn in state.get("dependencies", ()) if _token(urn) in _BY_NAME],
    )
    resource = kind(_name(state), **_arguments(kind, _linked(inputs, values)), opts=options)
    outputs = reveal(state.get("outputs", {}))
    values[state["id"]] = resource.id
    if "arn" in outputs:
        values[outputs["arn"]] = resource.arn
    return resource


def _linked(value: Any, values: Mapping[str, pulumi.Output[Any]]) -> Any:  # noqa: ANN401 - any input
    """A value in which ids and ARNs of resources are their outputs."""
    match value:
        case dict():
            return {key: _linked(item, values) for key, item in cast("dict[str, Any]", value).items()}
        case list():
            return [_linked(item, values) for item in cast("list[Any]", value)]
        case str():
            return values.get(value, value)
        case _:
            return value


def _token(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(state: Mapping[str, Any]) -> str:
    return str(state["urn"]).rpartition("::")[2]


@cache
def _class(token: str) -> Any:  # noqa: ANN401 - a resource class
    """`aws:ec2/vpc:Vpc` -> `pulumi_aws.ec2.Vpc`."""
    package, path, name = token.split(":")
    module = path.partition("/")[0]
    return getattr(
        import_module(f"pulumi_{package.replace('-', '_')}.{module}{'_' if iskeyword(module) else ''}"), name
    )


def _arguments(kind: Any, inputs: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ANN401
    """Inputs under their Python names."""
    names = _python_names(kind)
    return {names[key]: value for key, value in inputs.items()}


@cache
def _python_names(kind: Any) -> Mapping[str, str]:  # noqa: ANN401
    members = cast("Mapping[str, Any]", vars(kind))
    return {
        str(getattr(member.fget, "_pulumi_name", name)): name
        for name, member in members.items()
        if isinstance(member, property)
    }
