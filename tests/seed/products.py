"""The products' templates as a small stack publishes them, as they are and as CloudFormation would resolve them."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from cfnlint.decode import cfn_yaml

from components.documents import templates
from components.projects import PRODUCTS as TITLES
from seed.lifecycle.template import Template
from tests.components import registered
from tests.components.stacks import DEVELOPMENT, environment

Json = dict[str, Any]

PRODUCTS = tuple(TITLES)
PREFIX = environment().names.prefix
NAME, ID = "rings", "p-1a2b3c4d5e6f"
PROJECT = f"{NAME}-{ID}"
GROUP = "rings-p-0f0f0f0f0f0f"
"""The model package group of another project, which builds the model."""

CONNECTION: Mapping[str, str] = {
    "SourceProvider": "Connection",
    "ConnectionArn": f"arn:aws:codeconnections:eu-west-1:{DEVELOPMENT}:connection/11111111-2222-3333-4444-555555555555",
    "FullRepositoryId": "team/rings",
    "RepositoryUrl": "https://github.com/team/rings.git",
}
EVERYTHING: Mapping[str, Mapping[str, str]] = {"build_train": {"FeatureStore": "YES"}, "deploy": {}}
"""Choices with which a product makes all that it can, but for the source."""

_GIVEN: Mapping[str, Mapping[str, str]] = {"build_train": {}, "deploy": {"ModelPackageGroupName": GROUP}}
_PSEUDO = {"AWS::AccountId": DEVELOPMENT, "AWS::Region": "eu-west-1", "AWS::Partition": "aws"}


@cache
def text(product: str) -> str:
    """A product's template as it is published."""
    return templates.version(environment(), product, internet=False).template


def body(product: str) -> Json:
    """Its contents, functions in their long form; the caller may change them."""
    return json.loads(_body(product))


@cache
def _body(product: str) -> str:
    return json.dumps(cast("Any", cfn_yaml).loads(text(product)))


@cache
def parameters() -> Mapping[str, str]:
    """The SSM parameters of the development account: name -> value."""
    found = registered.stack().of("aws:ssm/parameter:Parameter", DEVELOPMENT)
    return {each.inputs["name"]: each.inputs["value"] for each in found}


def value(path: str) -> str:
    """An SSM parameter of the environment, by its path."""
    return parameters()[f"/{PREFIX}/{path}"]


def resolved(product: str, **given: str) -> Template:
    """Resolved with the stack's own SSM parameters, of which a missing one is a KeyError.

    Args:
        product: The product.
        given: Parameter -> value, beside what a user must give.
    """
    choices = {"SageMakerProjectName": NAME, "SageMakerProjectId": ID, **_GIVEN[product], **given}
    return Template(text(product), choices, parameters(), _PSEUDO)


@cache
def complete(product: str) -> Template:
    """With all that it can make from a repository of CodeCommit; not to be changed."""
    return resolved(product, **EVERYTHING[product])


@cache
def connected(product: str) -> Template:
    """The same from a connection's repository."""
    return resolved(product, **EVERYTHING[product], **CONNECTION)


def one(template: Template, kind: str) -> Json:
    """Properties of the only resource of a type."""
    [found] = template.of_type(kind).values()
    return found
