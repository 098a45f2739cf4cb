"""The text of a template, JSON or YAML, with its functions in their long form."""

import json
from collections.abc import Mapping
from typing import Any, cast

from policy.model import mapping


class TemplateError(ValueError):
    """A text that is no template; the text is the message for the user."""


def parse(text: str) -> Mapping[str, object]:
    """A template.

    Args:
        text: JSON, or YAML with CloudFormation's short forms (`!Ref`).

    Raises:
        TemplateError: It is neither.
    """
    try:
        found = cast("object", json.loads(text))
    except ValueError:
        found = _yaml(text)
    template = mapping(found)
    if "Resources" not in template:
        raise TemplateError("is no template: neither JSON nor YAML with Resources")
    return template


def _yaml(text: str) -> object:
    import yaml  # noqa: PLC0415 - JSON needs no library

    class Loader(yaml.SafeLoader):
        """Short forms become long ones; a date (`Version: 2012-10-17`) stays a text."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
            first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

    def function(loader: yaml.SafeLoader, name: str, node: yaml.Node) -> dict[str, object]:
        match node:
            case yaml.ScalarNode():
                value: object = loader.construct_scalar(node)
                if name == "GetAtt":
                    value = str(value).split(".", 1)
            case yaml.SequenceNode():
                value = loader.construct_sequence(node, deep=True)
            case _:
                value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
        return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}

    cast("Any", Loader).add_multi_constructor("!", function)
    try:
        return cast("object", yaml.load(text, Loader=Loader))  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise TemplateError(f"is no template: {' '.join(str(error).split())}") from None
