"""The text of a template, JSON or YAML, with its functions in their long form.

What a reader could take for another template than CloudFormation makes a stack of is refused: a key that stands twice, a value that JSON does not
have, a macro and a module, which may turn the template into any other.
"""

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
        TemplateError: It is neither, or CloudFormation may read another template in it.
    """
    try:
        template = mapping(_json(text))
    except json.JSONDecodeError:
        template = mapping(_json(_as_json(_yaml(text))))
    if "Resources" not in template:
        raise TemplateError("is no template: neither JSON nor YAML with Resources")
    if "Transform" in template or '"Fn::Transform":' in json.dumps(template):
        raise TemplateError("has a macro (Transform): give the template as CloudFormation processes it")
    if any(str(mapping(each).get("Type")).endswith("::MODULE") for each in mapping(template["Resources"]).values()):
        raise TemplateError("has a module, whose resources are elsewhere: give the resources")
    return template


def _json(text: str) -> object:
    return cast("object", json.loads(text, object_pairs_hook=_object))


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise TemplateError(f"has a key twice in one object, among {', '.join(found)}")
    return found


def _as_json(found: object) -> str:
    """YAML's values as JSON has them: a key that is a number becomes a text."""
    try:
        return json.dumps(found)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"has a value that no template has: {error}") from None


def _yaml(text: str) -> object:
    import yaml  # noqa: PLC0415 - JSON needs no library

    class Loader(yaml.SafeLoader):
        """Short forms become long ones; a date (`Version: 2012-10-17`) stays a text."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
            first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [str(cast("yaml.Node", key).value) for key, _ in node.value]
            if len({*keys}) < len(keys):
                raise TemplateError(f"has a key twice in one object, among {', '.join(dict.fromkeys(keys))}")
            return super().construct_mapping(node, deep)

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
