"""The policies that the project templates carry, as CloudFormation takes them.

They are the program's own documents; what only a project knows (its name, and ids that AWS invents) stands in `${...}` for CloudFormation to
fill in. The accounts are in the text: 200 ids and the rest do not fit a parameter, and a new account is a new version of the product.
"""

from collections.abc import Mapping
from typing import cast

from components.documents import BUCKET_POLICY, REGISTRY_POLICY, Document, SizeLimit, buckets, dumps, registry, render
from components.environment import Environment
from components.names import PROJECT_BUCKET_PREFIX

PROJECT = "${SageMakerProjectName}-${SageMakerProjectId}"
"""A project's name in its template, from the two parameters that SageMaker fills in."""

KEY, ENDPOINT = "${DataKeyArn}", "${S3EndpointId}"
"""Parameters of a template: ARN of the data key, and id of the development account's S3 endpoint."""


def tokens(environment: Environment) -> Mapping[str, str]:
    """What stands for the policies in a template -> JSON, which YAML takes as a value.

    Args:
        environment: The environment.

    Raises:
        DocumentTooLargeError: One of them exceeds its service's limit.
    """
    return {
        token: dumps(cast("Document", _substituted(_fitting(document, limit, token))))
        for token, document, limit in (
            ("PLATFORM_GROUP_POLICY", registry.model_package_group(environment, PROJECT), REGISTRY_POLICY),
            ("PLATFORM_PROJECT_BUCKET_POLICY", bucket(environment), BUCKET_POLICY),
        )
    }


def bucket(environment: Environment) -> Document:
    """The policy of a project's bucket, with `${...}` for what its template knows."""
    return buckets.project(environment, f"{PROJECT_BUCKET_PREFIX}{PROJECT}", [ENDPOINT], KEY)


def _fitting(document: Document, limit: SizeLimit, name: str) -> Document:
    render(document, limit, name)
    return document


def _substituted(value: object) -> object:
    """Every text with a `${...}` becomes a Fn::Sub."""
    if isinstance(value, str):
        return {"Fn::Sub": value} if "${" in value else value
    if isinstance(value, list):
        return [_substituted(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _substituted(item) for key, item in cast("dict[str, object]", value).items()}
    return value
