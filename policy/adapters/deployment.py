"""Resources of a Pulumi deployment (`pulumi stack export`), or of one that is being made, in the neutral model."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from policy.model import UNKNOWN, Provider, Resource, Stack, mapping

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
PROVIDER = "pulumi:providers:"
IDENTITIES = ("arn", "name", "bucket", "keyId", "id")
"""Properties by which other resources name a resource."""

RENAMED: Mapping[str, str] = {
    "aws:s3/bucketV2:BucketV2": "aws:s3/bucket:Bucket",
    "aws:s3/bucketAclV2:BucketAclV2": "aws:s3/bucketAcl:BucketAcl",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLoggingV2:BucketLoggingV2": "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioningV2:BucketVersioningV2": "aws:s3/bucketVersioning:BucketVersioning",
}
"""Deprecated type names that pulumi-aws 7 still takes -> the present ones."""


def renamed(token: str) -> str:
    """The present name of a type."""
    return RENAMED.get(token, token)


def stack(states: Iterable[Mapping[str, Any]]) -> Stack:
    """The resources of a deployment's `resources` list; pending deletes are left out."""
    rows = [state for state in states if not state.get("delete")]
    providers = {
        f"{state['urn']}::{state.get('id', '')}": _provider(state)
        for state in rows
        if str(state["type"]).startswith(PROVIDER)
    }
    return Stack(_resource(state, providers) for state in rows)


def _provider(state: Mapping[str, Any]) -> Provider:
    return Provider(name=_name(state), properties=settings(mapping(plain(state.get("inputs", {})))))


def settings(properties: Mapping[str, object]) -> Mapping[str, object]:
    """A provider's settings: its lists and objects come as JSON text."""
    return {key: _parsed(value) for key, value in properties.items()}


def _parsed(value: object) -> object:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return cast("object", json.loads(value))
        except ValueError:
            return value
    return value


def _resource(state: Mapping[str, Any], providers: Mapping[str, Provider]) -> Resource:
    inputs = mapping(plain(state.get("inputs", {})))
    outputs = mapping(plain(state.get("outputs", {})))
    token = str(state["type"])
    known = (state.get("id"), *(outputs.get(key) for key in IDENTITIES), *(inputs.get(key) for key in IDENTITIES))
    return Resource(
        token=renamed(token),
        name=_name(state),
        urn=str(state["urn"]),
        properties=settings(inputs) if token.startswith(PROVIDER) else inputs,
        provider=providers.get(str(state.get("provider", ""))),
        references=cast("Mapping[str, list[str]]", state.get("propertyDependencies", {})),
        identity=frozenset(value for value in known if isinstance(value, str) and value),
        protect=bool(state.get("protect")),
    )


def _name(state: Mapping[str, Any]) -> str:
    return str(state["urn"]).rpartition("::")[2]


def plain(value: object) -> object:
    """A value of the deployment format with its secrets opened, and what is not known as `UNKNOWN`; assets stay empty objects."""
    match value:
        case str():
            return UNKNOWN if value == _UNKNOWN_TEXT else value
        case list():
            return [plain(item) for item in cast("list[object]", value)]
        case dict():
            signed = cast("dict[str, object]", value)
            if _SIGNATURE not in signed:
                return {key: plain(item) for key, item in signed.items()}
            if "plaintext" in signed:
                return plain(cast("object", json.loads(str(signed["plaintext"]))))
            return plain(signed["value"]) if "value" in signed else {}
        case _:
            return value
