"""Resolves a product's CloudFormation template: parameters, conditions and intrinsic functions, into the resources that it makes.

Only what the two products use; another function is an error that names it.
"""

import re
from collections.abc import Mapping
from typing import Any

import yaml

Json = dict[str, Any]
NOTHING = object()
"""`AWS::NoValue`."""


class Template:
    """A template with values for its parameters.

    Args:
        text: Of the template, tokens replaced.
        given: Parameter -> value.
        ssm: Name of an SSM parameter -> value.
        pseudo: `AWS::AccountId` and the like -> value.
    """

    def __init__(self, text: str, given: Mapping[str, str], ssm: Mapping[str, str], pseudo: Mapping[str, str]) -> None:
        self._body: Json = yaml.load(text, _Loader)  # noqa: S506 (a safe loader)
        self._values: dict[str, Any] = dict(pseudo)
        for name, parameter in self._body["Parameters"].items():
            value = given.get(name, parameter.get("Default"))
            if value is None:
                raise KeyError(f"The template's parameter {name} has no value")
            if not re.fullmatch(parameter.get("AllowedPattern", ".*"), value) or len(value) > int(
                parameter.get("MaxLength", 4096)
            ):
                raise ValueError(f"{name}: {parameter.get('ConstraintDescription', 'is not allowed')}")
            self._values[name] = ssm[value] if parameter["Type"].startswith("AWS::SSM::") else value
        self.conditions = {name: bool(self.value(each)) for name, each in self._body.get("Conditions", {}).items()}
        self.resources: dict[str, Json] = {}
        for name, resource in self._body["Resources"].items():
            if self.conditions.get(resource.get("Condition", ""), True):
                self.resources[name] = {"Type": resource["Type"], "Properties": None}
        for name in self.resources:
            self.resources[name]["Properties"] = self.value(self._body["Resources"][name].get("Properties", {}))

    def of_type(self, kind: str) -> dict[str, Json]:
        """Properties of the resources of a type, by logical id."""
        return {name: each["Properties"] for name, each in self.resources.items() if each["Type"] == kind}

    def value(self, value: Any) -> Any:
        """A value with its functions resolved."""
        if isinstance(value, list):
            return [found for found in map(self.value, value) if found is not NOTHING]
        if not isinstance(value, dict):
            return value
        [key, *others] = value or [""]
        if others or not (key in ("Ref", "Condition") or key.startswith("Fn::")):
            found = {name: self.value(item) for name, item in value.items()}
            return {name: item for name, item in found.items() if item is not NOTHING}
        return self._function(key, value[key])

    def _function(self, key: str, argument: Any) -> Any:
        if key == "Ref":
            return self._reference(argument)
        if key == "Condition":
            return bool(self.value(self._body["Conditions"][argument]))
        if key == "Fn::GetAtt":
            resource, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
            return self._attribute(resource, attribute)
        if key == "Fn::Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda found: str(self._reference(found[1])), argument)
        if key == "Fn::If":
            condition, yes, no = argument
            return self.value(yes if self._function("Condition", condition) else no)
        resolved = self.value(argument)
        plain = {
            "Fn::Equals": lambda: resolved[0] == resolved[1],
            "Fn::Not": lambda: not resolved[0],
            "Fn::And": lambda: all(resolved),
            "Fn::Or": lambda: any(resolved),
            "Fn::Split": lambda: resolved[1].split(resolved[0]),
            "Fn::Select": lambda: resolved[1][int(resolved[0])],
            "Fn::Join": lambda: resolved[0].join(resolved[1]),
        }
        if key not in plain:
            raise ValueError(f"The function {key} is not known on one machine")
        return plain[key]()

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        if name in self._values:
            return self._values[name]
        if "." in name:
            return self._attribute(*name.split(".", 1))
        properties = self._body["Resources"][name]["Properties"]
        named = [
            key
            for key in (
                "Name",
                "BucketName",
                "LogGroupName",
                "FeatureGroupName",
                "RepositoryName",
                "ModelPackageGroupName",
            )
            if key in properties
        ]
        return self.value(properties[named[0]])

    def _attribute(self, resource: str, attribute: str) -> str:
        region, account = self._values["AWS::Region"], self._values["AWS::AccountId"]
        name = self._reference(resource)
        known = {
            "Name": name,
            "Arn": f"arn:aws:codecommit:{region}:{account}:{name}",
            "CloneUrlHttp": f"https://git-codecommit.{region}.amazonaws.com/v1/repos/{name}",
        }
        return known[attribute]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _short(loader: yaml.Loader, suffix: str, node: yaml.Node) -> Json:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short)
