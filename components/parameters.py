"""What projects need to find: SSM parameters under one path, in every account, each under SSM's limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import ssm

from components.documents import PARAMETER
from components.names import Names


@dataclass(frozen=True, kw_only=True)
class ParametersArgs:
    """What is written.

    Attributes:
        names: The environment's names.
        values: Path below `/P/` -> value. A list is joined with commas; one that could exceed SSM's 4,096 characters is split into
            `<path>/1`, `<path>/2` ..., which `GetParametersByPath` reads in one call. An empty list is not written: SSM refuses empty values.
    """

    names: Names
    values: Mapping[str, pulumi.Input[str] | Sequence[pulumi.Input[str]]]


class Parameters(pulumi.ComponentResource):
    """The parameters of one account; plain text, none of them a secret.

    Creates an SSM parameter a value, or several for a long list.

    Attributes:
        paths: Names of all parameters.
    """

    paths: list[str]

    def __init__(self, name: str, args: ParametersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:parameters:Parameters", name, None, opts)
        self.paths = []
        for path, value in args.values.items():
            for part, content in _parts(path, value).items():
                parameter = args.names.parameter(part)
                ssm.Parameter(
                    f"{name}-{part.replace('/', '-')}",
                    name=parameter,
                    type="String",
                    value=content,
                    opts=ResourceOptions(parent=self),
                )
                self.paths.append(parameter)
        self.register_outputs({"paths": self.paths})


LONGEST_ITEM = 64
"""Longest item of a list: an id, an account or a name (buckets and roles: 64)."""


def chunks(items: Sequence[pulumi.Input[str]], longest: int = LONGEST_ITEM) -> list[list[pulumi.Input[str]]]:
    """A list cut so that no part, joined with commas, can exceed SSM's limit.

    The items may be Outputs, whose lengths are not known when parameters are named; so the longest possible one counts.
    """
    size = PARAMETER.maximum // (longest + 1)
    return [list(items[start : start + size]) for start in range(0, len(items), size)]


def _parts(path: str, value: "pulumi.Input[str] | Sequence[pulumi.Input[str]]") -> dict[str, pulumi.Input[str]]:
    if isinstance(value, str | pulumi.Output):
        return {path: value}
    lists = chunks(value) if isinstance(value, Sequence) else []
    joined = [pulumi.Output.all(*part).apply(",".join) for part in lists]
    return (
        {path: joined[0]}
        if len(joined) == 1
        else {f"{path}/{index}": text for index, text in enumerate(joined, start=1)}
    )
